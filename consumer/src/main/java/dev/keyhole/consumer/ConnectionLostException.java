package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;

/** The connection ended while an answer was on its way. */
public final class ConnectionLostException extends PeerException {

    private static final long serialVersionUID = 1;

    private final transient CloseReason reason;

    ConnectionLostException(PublicKey provider, CloseReason reason, Throwable cause) {
        super(provider, "the connection was lost: " + reason.text(), cause);
        this.reason = reason;
    }

    public CloseReason reason() {
        return reason;
    }

    @Override
    public boolean retryable() {
        return true;
    }
}
