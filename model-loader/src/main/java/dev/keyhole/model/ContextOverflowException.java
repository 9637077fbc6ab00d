package dev.keyhole.model;

/** The conversation has more tokens than the model can look at. */
public final class ContextOverflowException extends DelegationException {

    private static final long serialVersionUID = 1L;

    private final long promptTokens;
    private final long contextSize;

    public ContextOverflowException(long promptTokens, long contextSize) {
        super(
                "the prompt has "
                        + promptTokens
                        + " tokens, and the model's context of "
                        + contextSize
                        + " has to hold the answer too");
        this.promptTokens = promptTokens;
        this.contextSize = contextSize;
    }

    public long promptTokens() {
        return promptTokens;
    }

    public long contextSize() {
        return contextSize;
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
