package dev.keyhole.provider;

import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.message.ErrorCode;
import dev.keyhole.model.message.Request.WorkKind;
import dev.keyhole.model.message.Response.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What consumers are told of errors. Nothing that an exception says of the owner's machine travels:
 * no paths, no stack traces, no text of an exception that is not the model's own.
 */
final class Failures {

    private Failures() {}

    /**
     * @param modelId what the consumer calls the model
     * @param requestId null where the consumer gave none
     */
    static Failure of(Throwable error, String modelId, WorkKind kind, @Nullable String requestId) {
        if (error instanceof ModelLoadException) {
            return Failure.of(
                    ErrorCode.MODEL_LOAD_FAILED,
                    "the provider could not load model \"" + modelId + "\"");
        }
        if (error instanceof InferenceFailedException && error.getCause() != null) {
            return Failure.of(
                    ErrorCode.COMPLETION_FAILED, "the engine of model \"" + modelId + "\" failed");
        }
        Failure failure = Failure.of(error, modelId);
        if (!(error instanceof RequestRejectedException)) {
            return failure;
        }
        Map<String, Object> details = new LinkedHashMap<>();
        if (requestId != null) {
            details.put("requestId", requestId);
        }
        details.put("kind", kind.wireName());
        details.putAll(failure.details());
        return failure.withDetails(details);
    }

    static ModelNotFoundException notClaimed(String modelId) {
        return new ModelNotFoundException("Model with ID \"" + modelId + "\" not found");
    }

    static Failure internal() {
        return Failure.of("the provider failed");
    }

    static Failure cancelled() {
        return Failure.of(ErrorCode.INFERENCE_CANCELLED, "the request was cancelled");
    }
}
