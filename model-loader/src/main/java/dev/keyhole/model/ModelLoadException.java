package dev.keyhole.model;

import org.jspecify.annotations.Nullable;

/** A model could not be loaded: a file is missing or broken, or no engine reads it. */
public final class ModelLoadException extends DelegationException {

    private static final long serialVersionUID = 1L;

    public ModelLoadException(String message) {
        super(message);
    }

    public ModelLoadException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
