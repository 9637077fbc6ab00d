package dev.keyhole.consumer;

import dev.keyhole.model.DelegationException;
import dev.keyhole.transport.identity.PublicKey;

/** Something between us and a provider did not work; says with whom. */
public abstract sealed class PeerException extends DelegationException
        permits PeerUnreachableException,
                PeerTimeoutException,
                ConnectionLostException,
                PeerProtocolException {

    private static final long serialVersionUID = 1;

    private final transient PublicKey provider;

    PeerException(PublicKey provider, String message, Throwable cause) {
        super("provider " + provider + ": " + message, cause);
        this.provider = provider;
    }

    PeerException(PublicKey provider, String message) {
        super("provider " + provider + ": " + message);
        this.provider = provider;
    }

    public PublicKey provider() {
        return provider;
    }
}
