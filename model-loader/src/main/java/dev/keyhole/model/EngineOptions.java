package dev.keyhole.model;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** How an engine is to run a model; right for most as it comes. */
public final class EngineOptions {

    /** How many requests may wait for a model that is busy. */
    public static final int DEFAULT_QUEUE = 64;

    private static final EngineOptions DEFAULTS =
            new EngineOptions(0, 0, DEFAULT_QUEUE, GenerationParams.defaults(), null, null);

    private final int contextSize;
    private final int threads;
    private final int queue;
    private final GenerationParams params;
    private final @Nullable String systemPrompt;
    private final @Nullable String modelId;

    private EngineOptions(
            int contextSize,
            int threads,
            int queue,
            GenerationParams params,
            @Nullable String systemPrompt,
            @Nullable String modelId) {
        this.contextSize = contextSize;
        this.threads = threads;
        this.queue = queue;
        this.params = params;
        this.systemPrompt = systemPrompt;
        this.modelId = modelId;
    }

    public static EngineOptions defaults() {
        return DEFAULTS;
    }

    /** Fewer tokens than the model could look at; more are never granted. */
    public EngineOptions withContextSize(int tokens) {
        require(tokens > 0, "context size", tokens);
        return new EngineOptions(tokens, threads, queue, params, systemPrompt, modelId);
    }

    /** How many threads compute; as many as the machine has cores when not said. */
    public EngineOptions withThreads(int count) {
        require(count > 0, "threads", count);
        return new EngineOptions(contextSize, count, queue, params, systemPrompt, modelId);
    }

    /** How many requests may wait while another runs. */
    public EngineOptions withQueue(int requests) {
        require(requests >= 0, "queue", requests);
        return new EngineOptions(contextSize, threads, requests, params, systemPrompt, modelId);
    }

    /** What applies where a request says nothing. */
    public EngineOptions withParams(GenerationParams value) {
        return new EngineOptions(contextSize, threads, queue, value, systemPrompt, modelId);
    }

    /** Instructions for conversations that do not begin with their own. */
    public EngineOptions withSystemPrompt(String value) {
        return new EngineOptions(contextSize, threads, queue, params, value, modelId);
    }

    /** What requests call the model; the name of its source when not said. */
    public EngineOptions withModelId(String value) {
        return new EngineOptions(contextSize, threads, queue, params, systemPrompt, value);
    }

    public OptionalInt contextSize() {
        return contextSize == 0 ? OptionalInt.empty() : OptionalInt.of(contextSize);
    }

    public OptionalInt threads() {
        return threads == 0 ? OptionalInt.empty() : OptionalInt.of(threads);
    }

    public int queue() {
        return queue;
    }

    public GenerationParams params() {
        return params;
    }

    public Optional<String> systemPrompt() {
        return Optional.ofNullable(systemPrompt);
    }

    public Optional<String> modelId() {
        return Optional.ofNullable(modelId);
    }

    private static void require(boolean right, String what, int value) {
        if (!right) {
            throw new IllegalArgumentException(what + " cannot be " + value);
        }
    }
}
