package dev.keyhole.model;

/** The run was cancelled before its answer was whole. */
public final class InferenceCancelledException extends DelegationException {

    private static final long serialVersionUID = 1L;

    private final String partialText;

    public InferenceCancelledException(String message, String partialText) {
        super(message);
        this.partialText = partialText;
    }

    /** What had been answered until then. */
    public String partialText() {
        return partialText;
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
