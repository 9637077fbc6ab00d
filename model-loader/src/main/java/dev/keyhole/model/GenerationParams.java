package dev.keyhole.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an answer is to be sampled. What is left out is the engine's choice.
 *
 * @param temp temperature; 0 always takes the likeliest token
 * @param topP keeps the likeliest tokens that together have this probability
 * @param topK keeps this many of the likeliest tokens; 0 keeps all
 * @param predict how many tokens to generate; {@link #UNTIL_STOP} or {@link #UNTIL_CONTEXT_FULL}
 * @param seed makes the answer repeatable
 * @param frequencyPenalty is taken off a token's logit for each time it came already
 * @param presencePenalty is taken off the logit of a token that came already
 * @param repeatPenalty divides the logit of a token that came already; 1 changes nothing
 * @param reasoningBudget how many tokens to think; −1 is no limit
 * @param removeThinkingFromContext forget the reasoning of earlier turns
 * @param stopSequences texts that end the answer and are not part of it
 */
public record GenerationParams(
        @Nullable Double temp,
        @Nullable Double topP,
        @Nullable Integer topK,
        @Nullable Integer predict,
        @Nullable Long seed,
        @Nullable Double frequencyPenalty,
        @Nullable Double presencePenalty,
        @Nullable Double repeatPenalty,
        @Nullable Integer reasoningBudget,
        @Nullable Boolean removeThinkingFromContext,
        List<String> stopSequences) {

    /** {@link #predict}: until the model ends its answer. */
    public static final int UNTIL_STOP = -1;

    /** {@link #predict}: until the context is full. */
    public static final int UNTIL_CONTEXT_FULL = -2;

    private static final GenerationParams DEFAULTS =
            new GenerationParams(
                    null, null, null, null, null, null, null, null, null, null, List.of());

    public GenerationParams {
        stopSequences = List.copyOf(stopSequences);
    }

    /** Leaves everything to the engine. */
    public static GenerationParams defaults() {
        return DEFAULTS;
    }

    public GenerationParams withTemp(double value) {
        return new GenerationParams(
                value,
                topP,
                topK,
                predict,
                seed,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withTopP(double value) {
        return new GenerationParams(
                temp,
                value,
                topK,
                predict,
                seed,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withTopK(int value) {
        return new GenerationParams(
                temp,
                topP,
                value,
                predict,
                seed,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withPredict(int value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                value,
                seed,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withSeed(long value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                predict,
                value,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withFrequencyPenalty(double value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                predict,
                seed,
                value,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withPresencePenalty(double value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                predict,
                seed,
                frequencyPenalty,
                value,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withRepeatPenalty(double value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                predict,
                seed,
                frequencyPenalty,
                presencePenalty,
                value,
                reasoningBudget,
                removeThinkingFromContext,
                stopSequences);
    }

    public GenerationParams withStopSequences(List<String> value) {
        return new GenerationParams(
                temp,
                topP,
                topK,
                predict,
                seed,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                reasoningBudget,
                removeThinkingFromContext,
                value);
    }

    /** These values, and those of {@code fallback} where there are none. */
    public GenerationParams or(GenerationParams fallback) {
        return new GenerationParams(
                first(temp, fallback.temp),
                first(topP, fallback.topP),
                first(topK, fallback.topK),
                first(predict, fallback.predict),
                first(seed, fallback.seed),
                first(frequencyPenalty, fallback.frequencyPenalty),
                first(presencePenalty, fallback.presencePenalty),
                first(repeatPenalty, fallback.repeatPenalty),
                first(reasoningBudget, fallback.reasoningBudget),
                first(removeThinkingFromContext, fallback.removeThinkingFromContext),
                stopSequences.isEmpty() ? fallback.stopSequences : stopSequences);
    }

    private static <T> @Nullable T first(@Nullable T value, @Nullable T fallback) {
        return value == null ? fallback : value;
    }
}
