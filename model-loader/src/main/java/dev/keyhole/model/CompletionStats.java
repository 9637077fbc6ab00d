package dev.keyhole.model;

import org.jspecify.annotations.Nullable;

/**
 * What a completion cost. Every figure is optional, since an engine or a peer may not count it.
 *
 * @param cacheTokens how many tokens the engine kept of this conversation
 * @param averageConcurrency how many sequences were computed together, on average
 */
public record CompletionStats(
        @Nullable Integer promptTokens,
        @Nullable Integer generatedTokens,
        @Nullable Double timeToFirstTokenMillis,
        @Nullable Double tokensPerSecond,
        @Nullable Integer cacheTokens,
        @Nullable Double averageConcurrency,
        @Nullable BackendDevice backendDevice) {

    private static final CompletionStats UNKNOWN =
            new CompletionStats(null, null, null, null, null, null, null);

    /** The figures of a run that nobody counted. */
    public static CompletionStats unknown() {
        return UNKNOWN;
    }

    public static CompletionStats of(
            int promptTokens,
            int generatedTokens,
            double timeToFirstTokenMillis,
            double tokensPerSecond) {
        return new CompletionStats(
                promptTokens,
                generatedTokens,
                timeToFirstTokenMillis,
                tokensPerSecond,
                null,
                null,
                null);
    }

    public CompletionStats withCacheTokens(int tokens) {
        return new CompletionStats(
                promptTokens,
                generatedTokens,
                timeToFirstTokenMillis,
                tokensPerSecond,
                tokens,
                averageConcurrency,
                backendDevice);
    }

    public CompletionStats withBackendDevice(BackendDevice device) {
        return new CompletionStats(
                promptTokens,
                generatedTokens,
                timeToFirstTokenMillis,
                tokensPerSecond,
                cacheTokens,
                averageConcurrency,
                device);
    }
}
