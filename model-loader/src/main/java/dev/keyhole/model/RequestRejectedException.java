package dev.keyhole.model;

/** The request was understood and refused: too many wait already, or a quota or rule forbids it. */
public final class RequestRejectedException extends DelegationException {

    private static final long serialVersionUID = 1L;

    private final boolean retryable;
    private final String reason;

    private RequestRejectedException(String message, boolean retryable, String reason) {
        super(message);
        this.retryable = retryable;
        this.reason = reason;
    }

    /** Refused because of what else is going on; later is worth a try. */
    public static RequestRejectedException busy(String message) {
        return new RequestRejectedException(message, true, "busy");
    }

    /** Refused by a rule that will not change by waiting. */
    public static RequestRejectedException forbidden(String message) {
        return new RequestRejectedException(message, false, "forbidden");
    }

    /** A refusal for a named reason, such as a quota. */
    public static RequestRejectedException because(
            String reason, String message, boolean retryable) {
        return new RequestRejectedException(message, retryable, reason);
    }

    /** The refusal in one word, for programs. */
    public String reason() {
        return reason;
    }

    @Override
    public boolean retryable() {
        return retryable;
    }
}
