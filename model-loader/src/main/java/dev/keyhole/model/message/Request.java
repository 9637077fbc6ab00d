package dev.keyhole.model.message;

import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranslateRequest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a consumer asks of a provider. */
public sealed interface Request {

    /** The name of the message. */
    String type();

    /** Whether the answer is a stream of lines. */
    default boolean streamed() {
        return false;
    }

    /** Are you there? */
    record Heartbeat() implements Request {
        @Override
        public String type() {
            return "heartbeat";
        }
    }

    /**
     * Make a model ready.
     *
     * @param modelSrc what the consumer calls the model
     * @param modelName name of a catalogue entry
     * @param modelType canonical for the built-in kinds
     * @param modelConfig checked where {@link ModelType} has rules for it
     * @param seed whether the consumer would have the model shared on
     */
    record LoadModel(
            String modelSrc,
            @Nullable String modelName,
            String modelType,
            Map<String, Object> modelConfig,
            boolean withProgress,
            boolean seed,
            @Nullable String requestId)
            implements Request {

        public LoadModel {
            modelConfig = Collections.unmodifiableMap(new LinkedHashMap<>(modelConfig));
        }

        public static LoadModel of(String modelSrc, String modelType) {
            return new LoadModel(modelSrc, null, modelType, Map.of(), false, false, null);
        }

        public LoadModel withModelConfig(Map<String, Object> value) {
            return new LoadModel(
                    modelSrc, modelName, modelType, value, withProgress, seed, requestId);
        }

        public LoadModel withProgress(boolean value) {
            return new LoadModel(
                    modelSrc, modelName, modelType, modelConfig, value, seed, requestId);
        }

        public LoadModel withRequestId(String value) {
            return new LoadModel(
                    modelSrc, modelName, modelType, modelConfig, withProgress, seed, value);
        }

        @Override
        public String type() {
            return "loadModel";
        }

        @Override
        public boolean streamed() {
            return withProgress;
        }
    }

    /**
     * Go on with a conversation.
     *
     * @param stream false wants all events in the last message
     * @param toolDialect how the consumer thinks that the model writes tool calls
     */
    record CompletionStream(
            String modelId,
            CompletionRequest completion,
            boolean stream,
            @Nullable KvCache kvCache,
            @Nullable String toolDialect)
            implements Request {

        public static CompletionStream of(String modelId, CompletionRequest completion) {
            return new CompletionStream(modelId, completion, true, null, null);
        }

        @Override
        public String type() {
            return "completionStream";
        }

        @Override
        public boolean streamed() {
            return true;
        }
    }

    /**
     * The wish to keep the state of a conversation.
     *
     * @param key under what name; null derives it from the history
     */
    record KvCache(boolean keep, @Nullable String key) {}

    /** The consumer is done with a model. */
    record UnloadModel(String modelId, boolean clearStorage) implements Request {
        @Override
        public String type() {
            return "unloadModel";
        }
    }

    /**
     * End everything that this consumer runs on a model.
     *
     * @param kind only this kind of work
     */
    record CancelModel(String modelId, @Nullable WorkKind kind) implements Request {
        @Override
        public String type() {
            return "cancel";
        }
    }

    /** End one request of this consumer. */
    record CancelRequest(String requestId, boolean clearCache) implements Request {

        public static CancelRequest of(String requestId) {
            return new CancelRequest(requestId, false);
        }

        @Override
        public String type() {
            return "cancel";
        }
    }

    /** What a broad cancel can be about. */
    enum WorkKind {
        COMPLETION,
        BATCH_COMPLETION,
        EMBEDDINGS,
        TRANSCRIBE,
        TRANSLATE,
        DIFFUSION,
        TTS,
        OCR,
        VLA,
        FINETUNE,
        LOAD_MODEL,
        DOWNLOAD_ASSET,
        RAG;

        public String wireName() {
            String[] words = name().toLowerCase(Locale.ROOT).split("_", -1);
            StringBuilder camel = new StringBuilder(words[0]);
            for (int i = 1; i < words.length; i++) {
                camel.append(Character.toUpperCase(words[i].charAt(0)));
                camel.append(words[i], 1, words[i].length());
            }
            return camel.toString();
        }

        static Optional<WorkKind> ofWireName(String name) {
            for (WorkKind kind : values()) {
                if (kind.wireName().equals(name)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Texts as vectors.
     *
     * @param list whether the answer is to be a list of vectors; a single text gets a single one
     */
    record Embed(String modelId, EmbedRequest embed, boolean list) implements Request {

        public static Embed of(String modelId, EmbedRequest embed) {
            return new Embed(modelId, embed, embed.texts().size() != 1);
        }

        @Override
        public String type() {
            return "embed";
        }
    }

    /** A recording as text. */
    record Transcribe(String modelId, TranscribeRequest transcribe) implements Request {
        @Override
        public String type() {
            return "transcribe";
        }

        @Override
        public boolean streamed() {
            return true;
        }
    }

    /** Texts in another language. */
    record Translate(
            String modelId,
            TranslateRequest translate,
            boolean stream,
            String modelType,
            boolean list)
            implements Request {

        public static Translate of(String modelId, TranslateRequest translate, String modelType) {
            return new Translate(
                    modelId, translate, true, modelType, translate.texts().size() != 1);
        }

        @Override
        public String type() {
            return "translate";
        }

        @Override
        public boolean streamed() {
            return true;
        }
    }

    /** What can this loaded model do? */
    record GetLoadedModelInfo(String modelId) implements Request {
        @Override
        public String type() {
            return "getLoadedModelInfo";
        }
    }

    /** What is this model that could be loaded? */
    record GetModelInfo(String name) implements Request {
        @Override
        public String type() {
            return "getModelInfo";
        }
    }

    /** Is the provider at work? */
    record State() implements Request {
        @Override
        public String type() {
            return "state";
        }
    }
}
