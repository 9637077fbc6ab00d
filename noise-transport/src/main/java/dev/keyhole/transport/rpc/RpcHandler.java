package dev.keyhole.transport.rpc;

/** Answers the requests of a peer. */
@FunctionalInterface
public interface RpcHandler {

    /** Serves nothing: for those who only ask. */
    RpcHandler NONE = request -> request.fail("nothing is served here", "", 0);

    /**
     * Takes in a request, on the loop's thread: must not block, and may answer later, from any
     * thread. Throwing ends the connection.
     */
    void request(IncomingRequest request);
}
