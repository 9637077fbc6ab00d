package dev.keyhole.transport.noise;

import dev.keyhole.transport.wire.Bytes;

/**
 * The end of a handshake. Prints no keys and no payload.
 *
 * @param message what this side still has to send; empty for the side that read last
 * @param payload what this side read last; empty for the side that wrote last
 */
public record Finished(Bytes message, Bytes payload, Session session) {

    @Override
    public String toString() {
        return "Finished(" + session + ")";
    }
}
