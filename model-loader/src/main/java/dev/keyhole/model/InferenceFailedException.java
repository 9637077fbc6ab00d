package dev.keyhole.model;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The engine failed before or in the middle of an answer. */
public final class InferenceFailedException extends DelegationException {

    private static final long serialVersionUID = 1L;

    private final int code;
    private final @Nullable String name;

    public InferenceFailedException(String message) {
        this(message, (Throwable) null);
    }

    public InferenceFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = 0;
        this.name = null;
    }

    /** A failure that a peer reported with a code and name of its own. */
    public InferenceFailedException(String message, int code, String name) {
        super(message);
        this.code = code;
        this.name = name;
    }

    /** The peer's code for this failure. */
    public OptionalInt code() {
        return name == null ? OptionalInt.empty() : OptionalInt.of(code);
    }

    /** The peer's name for this failure. */
    public Optional<String> name() {
        return Optional.ofNullable(name);
    }

    @Override
    public boolean retryable() {
        return true;
    }
}
