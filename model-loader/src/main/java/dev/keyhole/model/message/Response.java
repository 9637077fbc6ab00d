package dev.keyhole.model.message;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.InferenceCancelledException;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.OperationNotSupportedException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.TranscriptionEvent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a provider answers. */
public sealed interface Response {

    /** The name of the message. */
    String type();

    /** Yes, I am. */
    record Heartbeat(double number) implements Response {
        @Override
        public String type() {
            return "heartbeat";
        }
    }

    /**
     * The model is ready, or cannot be.
     *
     * @param modelId what requests call it; a consumer that gets none uses the source
     * @param digest SHA-256 over the model's files, so that the consumer knows what answers it
     * @param operations what the model can be asked, empty where the provider does not say
     */
    record LoadModel(
            boolean success,
            @Nullable String modelId,
            @Nullable String error,
            @Nullable String digest,
            @Nullable Integer contextSize,
            Set<Operation> operations)
            implements Response {

        public LoadModel {
            operations = Set.copyOf(operations);
        }

        public static LoadModel ready(String modelId) {
            return new LoadModel(true, modelId, null, null, null, Set.of());
        }

        public static LoadModel failed(String error) {
            return new LoadModel(false, null, error, null, null, Set.of());
        }

        @Override
        public String type() {
            return "loadModel";
        }
    }

    /** How far a load has come. */
    record ModelProgress(LoadProgress progress) implements Response {
        @Override
        public String type() {
            return "modelProgress";
        }
    }

    /** Some events of a completion; exactly the last message is done. */
    record CompletionStream(boolean done, List<CompletionEvent> events) implements Response {

        public CompletionStream {
            events = List.copyOf(events);
        }

        /** Says nothing but that the provider is still at work. */
        public static CompletionStream stillAtWork() {
            return new CompletionStream(false, List.of());
        }

        @Override
        public String type() {
            return "completionStream";
        }
    }

    /** Whether the consumer's claim on a model was dropped. */
    record UnloadModel(
            boolean success,
            @Nullable String error,
            @Nullable Boolean hasActiveModels,
            @Nullable Boolean hasActiveProviders)
            implements Response {

        public static UnloadModel succeeded() {
            return new UnloadModel(true, null, null, null);
        }

        public static UnloadModel failed(String error) {
            return new UnloadModel(false, error, null, null);
        }

        @Override
        public String type() {
            return "unloadModel";
        }
    }

    /** How many requests were ended. */
    record Cancel(boolean success, @Nullable Long cancelled, @Nullable String error)
            implements Response {

        public static Cancel succeeded(long cancelled) {
            return new Cancel(true, cancelled, null);
        }

        public static Cancel failed(String error) {
            return new Cancel(false, null, error);
        }

        @Override
        public String type() {
            return "cancel";
        }
    }

    /**
     * Vectors.
     *
     * @param list whether the vectors are written as a list, even a single one
     */
    record Embed(boolean success, Embeddings embeddings, boolean list, @Nullable String error)
            implements Response {

        public static Embed of(Embeddings embeddings, boolean list) {
            return new Embed(true, embeddings, list, null);
        }

        public static Embed failed(String error) {
            return new Embed(false, new Embeddings(List.of()), false, error);
        }

        @Override
        public String type() {
            return "embed";
        }
    }

    /** The next piece of a transcription; the last message is done and may have none. */
    record Transcribe(@Nullable TranscriptionEvent piece, boolean done, @Nullable String error)
            implements Response {

        public static Transcribe of(TranscriptionEvent piece) {
            return new Transcribe(piece, false, null);
        }

        public static Transcribe ended() {
            return new Transcribe(null, true, null);
        }

        @Override
        public String type() {
            return "transcribe";
        }
    }

    /** The next piece of a translation; the last message is done and empty. */
    record Translate(String token, boolean done, @Nullable String error) implements Response {

        public static Translate of(String token) {
            return new Translate(token, false, null);
        }

        public static Translate ended() {
            return new Translate("", true, null);
        }

        @Override
        public String type() {
            return "translate";
        }
    }

    /**
     * What a loaded model can do.
     *
     * @param handlers names of operations, also of those that we do not know
     */
    record LoadedModelInfo(
            String modelId,
            @Nullable String modelType,
            List<String> handlers,
            @Nullable String displayName,
            @Nullable String loadedAt,
            @Nullable String digest,
            @Nullable Integer contextSize)
            implements Response {

        public LoadedModelInfo {
            handlers = List.copyOf(handlers);
        }

        @Override
        public String type() {
            return "getLoadedModelInfo";
        }
    }

    /** What a model is that could be loaded. */
    record ModelInfo(String name, @Nullable String modelType, boolean loaded) implements Response {
        @Override
        public String type() {
            return "getModelInfo";
        }
    }

    /** Whether the provider is at work: "active", or another word. */
    record State(String state) implements Response {

        public static final String ACTIVE = "active";

        @Override
        public String type() {
            return "state";
        }
    }

    /** The end of a stream that carries nothing but timings. */
    record ProfilingTrailer() implements Response {
        @Override
        public String type() {
            return "__profilingTrailer";
        }
    }

    /**
     * Something went wrong. Never carries a stack trace.
     *
     * @param name with {@link #code}, for errors that have a number
     * @param details the named values that some errors have
     */
    record Failure(
            String message,
            @Nullable String name,
            @Nullable Integer code,
            Map<String, Object> details,
            @Nullable String timestamp)
            implements Response {

        public Failure {
            details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
        }

        public static Failure of(String message) {
            return new Failure(message, null, null, Map.of(), null);
        }

        public static Failure of(ErrorCode code, String message) {
            return new Failure(message, code.name(), code.number(), Map.of(), null);
        }

        public Failure withDetails(Map<String, Object> value) {
            return new Failure(message, name, code, value, timestamp);
        }

        /** Says when it happened, in ISO 8601. */
        public Failure withTimestamp(String value) {
            return new Failure(message, name, code, details, value);
        }

        /** The message that tells a consumer of an exception. */
        public static Failure of(Throwable error, String modelId) {
            String text = error.getMessage() == null ? "internal error" : error.getMessage();
            if (error instanceof ContextOverflowException overflow) {
                return of(ErrorCode.CONTEXT_OVERFLOW, text)
                        .withDetails(
                                Map.of(
                                        "promptTokens", overflow.promptTokens(),
                                        "ctxSize", overflow.contextSize(),
                                        "modelId", modelId));
            }
            if (error instanceof RequestRejectedException rejected) {
                Map<String, Object> details = new LinkedHashMap<>();
                details.put("modelId", modelId);
                details.put("retryable", rejected.retryable());
                details.put("reason", rejected.reason());
                return of(ErrorCode.REQUEST_REJECTED_BY_POLICY, text).withDetails(details);
            }
            if (error instanceof ModelNotFoundException) {
                return of(ErrorCode.MODEL_NOT_FOUND, text);
            }
            if (error instanceof ModelLoadException) {
                return of(ErrorCode.MODEL_LOAD_FAILED, text);
            }
            if (error instanceof InferenceCancelledException) {
                return of(ErrorCode.INFERENCE_CANCELLED, text);
            }
            if (error instanceof OperationNotSupportedException) {
                return of(ErrorCode.MODEL_OPERATION_NOT_SUPPORTED, text);
            }
            if (error instanceof DelegationException) {
                return of(ErrorCode.COMPLETION_FAILED, text);
            }
            return of(ErrorCode.COMPLETION_FAILED, "the provider failed");
        }

        /** The exception that tells an application of this message. */
        public DelegationException toException() {
            ErrorCode known = code == null ? null : ErrorCode.ofNumber(code).orElse(null);
            if (known == null) {
                return unknown();
            }
            return switch (known) {
                case MODEL_NOT_FOUND, MODEL_NOT_LOADED -> new ModelNotFoundException(message);
                case MODEL_LOAD_FAILED,
                        MODEL_FILE_NOT_FOUND,
                        UNKNOWN_MODEL_TYPE,
                        MODEL_TYPE_REQUIRED,
                        PLUGIN_NOT_FOUND,
                        PLUGIN_LOAD_CONFIG_VALIDATION_FAILED ->
                        new ModelLoadException(message);
                case INFERENCE_CANCELLED -> new InferenceCancelledException(message, "");
                case CONTEXT_OVERFLOW -> overflow();
                case REQUEST_REJECTED_BY_POLICY, REQUEST_ID_CONFLICT -> rejected();
                case LIFECYCLE_OPERATION_BLOCKED -> RequestRejectedException.busy(message);
                case MODEL_OPERATION_NOT_SUPPORTED, PLUGIN_HANDLER_TYPE_MISMATCH ->
                        new OperationNotSupportedException(message);
                case COMPLETION_FAILED,
                        INVALID_RESPONSE_TYPE,
                        STREAM_ENDED_WITHOUT_RESPONSE,
                        REQUEST_VALIDATION_FAILED,
                        WORKER_CRASHED,
                        PROVIDER_START_FAILED,
                        PROVIDER_STOP_FAILED,
                        MODEL_IS_DELEGATED,
                        REQUEST_NOT_FOUND,
                        DELEGATE_NO_FINAL_RESPONSE,
                        DELEGATE_CONNECTION_FAILED,
                        DELEGATE_PROVIDER_ERROR,
                        RPC_UNKNOWN_REQUEST_TYPE,
                        PATH_TRAVERSAL ->
                        unknown();
            };
        }

        private DelegationException overflow() {
            if (details.get("promptTokens") instanceof Number prompt
                    && details.get("ctxSize") instanceof Number size) {
                return new ContextOverflowException(prompt.longValue(), size.longValue());
            }
            return unknown();
        }

        private DelegationException rejected() {
            if (details.get("reason") instanceof String reason) {
                boolean retryable = details.get("retryable") == Boolean.TRUE;
                return RequestRejectedException.because(reason, message, retryable);
            }
            return RequestRejectedException.forbidden(message);
        }

        private DelegationException unknown() {
            if (code == null) {
                return new InferenceFailedException(message);
            }
            return new InferenceFailedException(message, code, name == null ? "" : name);
        }

        @Override
        public String type() {
            return "error";
        }
    }
}
