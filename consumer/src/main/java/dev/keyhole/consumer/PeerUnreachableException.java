package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;

/** No connection to the provider came about. The cause says how far the attempt got. */
public final class PeerUnreachableException extends PeerException {

    private static final long serialVersionUID = 1;

    PeerUnreachableException(PublicKey provider, String message, Throwable cause) {
        super(provider, message, cause);
    }

    @Override
    public boolean retryable() {
        return true;
    }
}
