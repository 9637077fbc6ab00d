package dev.keyhole.model.message;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an error before anything is done for it. */
public final class RefusedRequestException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final boolean streamed;
    private final @Nullable String type;

    RefusedRequestException(Kind kind, @Nullable String type, boolean streamed, String message) {
        super(message, null, false, false);
        this.kind = kind;
        this.type = type;
        this.streamed = streamed;
    }

    public Kind kind() {
        return kind;
    }

    /** The type that the request named. */
    public Optional<String> type() {
        return Optional.ofNullable(type);
    }

    /** Whether the peer waits for a stream, so that the error has to come in one. */
    public boolean streamed() {
        return streamed;
    }

    /** The error to answer with. */
    public Response.Failure failure() {
        String text = getMessage() == null ? "invalid request" : getMessage();
        return switch (kind) {
            case MALFORMED, UNKNOWN_TYPE -> Response.Failure.of(text);
            case INVALID -> Response.Failure.of(ErrorCode.REQUEST_VALIDATION_FAILED, text);
            case FORBIDDEN -> Response.Failure.of(ErrorCode.REQUEST_REJECTED_BY_POLICY, text);
        };
    }

    /** Why a request is refused. */
    public enum Kind {
        /** It is not a JSON object with a type. */
        MALFORMED,
        /** Its type means nothing to us. */
        UNKNOWN_TYPE,
        /** A member is missing or has a wrong value. */
        INVALID,
        /** It asks for something that no remote peer may ask for. */
        FORBIDDEN
    }
}
