package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;

/** The provider answered with something that is no answer. */
public final class PeerProtocolException extends PeerException {

    private static final long serialVersionUID = 1;

    PeerProtocolException(PublicKey provider, String message) {
        super(provider, message);
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
