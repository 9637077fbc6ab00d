package dev.keyhole.model;

import org.jspecify.annotations.Nullable;

/**
 * Something that the caller must decide about: ask again, ask somebody else, or give up.
 *
 * <p>The type says what happened. The message is for people, and names the peer or the model, the
 * limit and the value.
 */
public abstract class DelegationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    protected DelegationException(String message) {
        super(message);
    }

    protected DelegationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Whether the same request may succeed later, or with another provider. */
    public abstract boolean retryable();
}
