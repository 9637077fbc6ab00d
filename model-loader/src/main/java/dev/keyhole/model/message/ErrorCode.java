package dev.keyhole.model.message;

import java.util.Optional;

/** The errors that have a number and a name on the wire. */
public enum ErrorCode {
    INVALID_RESPONSE_TYPE(50001),
    STREAM_ENDED_WITHOUT_RESPONSE(50003),
    MODEL_TYPE_REQUIRED(50008),
    REQUEST_VALIDATION_FAILED(50010),
    WORKER_CRASHED(50205),
    PROVIDER_START_FAILED(50400),
    PROVIDER_STOP_FAILED(50401),
    MODEL_NOT_FOUND(52002),
    MODEL_NOT_LOADED(52003),
    MODEL_IS_DELEGATED(52004),
    UNKNOWN_MODEL_TYPE(52005),
    MODEL_LOAD_FAILED(52200),
    MODEL_FILE_NOT_FOUND(52201),
    COMPLETION_FAILED(52406),
    MODEL_OPERATION_NOT_SUPPORTED(52416),
    REQUEST_ID_CONFLICT(52417),
    REQUEST_NOT_FOUND(52418),
    INFERENCE_CANCELLED(52419),
    REQUEST_REJECTED_BY_POLICY(52420),
    CONTEXT_OVERFLOW(52421),
    LIFECYCLE_OPERATION_BLOCKED(53602),
    DELEGATE_NO_FINAL_RESPONSE(53700),
    DELEGATE_CONNECTION_FAILED(53701),
    DELEGATE_PROVIDER_ERROR(53702),
    RPC_UNKNOWN_REQUEST_TYPE(53704),
    PLUGIN_NOT_FOUND(53850),
    PLUGIN_HANDLER_TYPE_MISMATCH(53855),
    PLUGIN_LOAD_CONFIG_VALIDATION_FAILED(53859),
    PATH_TRAVERSAL(53900);

    private final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    /** The code of that number; empty for one that only the peer knows. */
    public static Optional<ErrorCode> ofNumber(long number) {
        for (ErrorCode code : values()) {
            if (code.number == number) {
                return Optional.of(code);
            }
        }
        return Optional.empty();
    }
}
