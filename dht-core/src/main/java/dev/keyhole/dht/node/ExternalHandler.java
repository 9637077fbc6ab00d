package dev.keyhole.dht.node;

/** Who handles the requests that set up connections: handshakes and hole punches. */
@FunctionalInterface
public interface ExternalHandler {

    /** Takes a request with a target; to say nothing is an answer too. */
    void handle(IncomingRequest request, long nowNanos);
}
