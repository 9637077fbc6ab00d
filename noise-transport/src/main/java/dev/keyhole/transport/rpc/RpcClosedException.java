package dev.keyhole.transport.rpc;

import dev.keyhole.transport.stream.CloseReason;

/** The connection ended before the answer did. */
public final class RpcClosedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient CloseReason reason;

    public RpcClosedException(CloseReason reason) {
        super("connection closed: " + reason.text(), null, false, false);
        this.reason = reason;
    }

    public CloseReason reason() {
        return reason;
    }
}
