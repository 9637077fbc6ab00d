package dev.keyhole.model.generate;

import dev.keyhole.model.GenerationParams;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a {@link Sampler}, with nothing left open.
 *
 * @param temperature 0 always takes the likeliest token
 * @param topK 0 keeps all tokens
 * @param topP 1 keeps all tokens
 * @param repeatPenalty 1 changes nothing
 */
public record SamplerSettings(
        double temperature,
        int topK,
        double topP,
        double repeatPenalty,
        double frequencyPenalty,
        double presencePenalty) {

    private static final SamplerSettings GREEDY = new SamplerSettings(0, 0, 1, 1, 0, 0);

    /** Always the likeliest token. */
    public static SamplerSettings greedy() {
        return GREEDY;
    }

    /** What a request asks for, and nothing unusual where it does not. */
    public static SamplerSettings of(GenerationParams params) {
        return new SamplerSettings(
                Math.max(0, or(params.temp(), 0)),
                (int) Math.max(0, or(params.topK(), 0)),
                Math.max(0, Math.min(1, or(params.topP(), 1))),
                positive(or(params.repeatPenalty(), 1)),
                or(params.frequencyPenalty(), 0),
                or(params.presencePenalty(), 0));
    }

    private static double or(@Nullable Number value, double otherwise) {
        return value == null ? otherwise : value.doubleValue();
    }

    private static double positive(double penalty) {
        return penalty > 0 ? penalty : 1;
    }
}
