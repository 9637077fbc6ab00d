package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;

/** The provider is connected and did not answer in time. */
public final class PeerTimeoutException extends PeerException {

    private static final long serialVersionUID = 1;

    private final Duration limit;

    PeerTimeoutException(PublicKey provider, String what, Duration limit) {
        super(provider, what + " did not come within " + limit.toMillis() + " ms");
        this.limit = limit;
    }

    public Duration limit() {
        return limit;
    }

    @Override
    public boolean retryable() {
        return true;
    }
}
