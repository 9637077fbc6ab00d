package dev.keyhole.model.generate;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * Chooses the next token of one answer.
 *
 * <p>In this order: penalties, temperature, the {@code topK} likeliest, the likeliest that together
 * have {@code topP}, and a draw among the rest. The repeat penalty looks at prompt and answer, as
 * it does at Hugging Face; frequency and presence look at the answer only, as OpenAI defines them.
 * Of equally likely tokens the one with the smaller number comes first, so that a seed determines
 * the answer.
 */
public final class Sampler {

    private final SamplerSettings settings;
    private final Random random;
    private final Map<Integer, Integer> answered = new HashMap<>();
    private final Map<Integer, Boolean> seen = new HashMap<>();

    public Sampler(SamplerSettings settings, Random random) {
        this.settings = settings;
        this.random = random;
    }

    /** Takes in tokens that came before the answer. */
    public void prompt(int[] tokens) {
        if (settings.repeatPenalty() != 1) {
            for (int token : tokens) {
                seen.put(token, true);
            }
        }
    }

    /** The next token, which counts as answered. The logits are changed. */
    public int next(float[] logits) {
        penalize(logits);
        int token = settings.temperature() == 0 ? likeliest(logits) : draw(logits);
        answered.merge(token, 1, Integer::sum);
        seen.put(token, true);
        return token;
    }

    private void penalize(float[] logits) {
        if (settings.repeatPenalty() != 1) {
            float penalty = (float) settings.repeatPenalty();
            for (int token : seen.keySet()) {
                if (token < logits.length) {
                    float logit = logits[token];
                    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
                }
            }
        }
        if (settings.frequencyPenalty() != 0 || settings.presencePenalty() != 0) {
            answered.forEach(
                    (token, times) ->
                            logits[token] -=
                                    (float)
                                            (times * settings.frequencyPenalty()
                                                    + settings.presencePenalty()));
        }
    }

    private static int likeliest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    private int draw(float[] logits) {
        long[] candidates = candidates(logits);
        double[] weights = new double[candidates.length];
        double highest = logits[token(candidates[0])];
        double total = 0;
        for (int i = 0; i < candidates.length; i++) {
            double logit = logits[token(candidates[i])];
            weights[i] = Math.exp((logit - highest) / settings.temperature());
            total += weights[i];
        }
        int kept = kept(weights, total);
        double rest = 0;
        for (int i = 0; i < kept; i++) {
            rest += weights[i];
        }
        double point = random.nextDouble() * rest;
        for (int i = 0; i < kept; i++) {
            point -= weights[i];
            if (point < 0) {
                return token(candidates[i]);
            }
        }
        return token(candidates[kept - 1]);
    }

    /** How many of the likeliest have the probability that is wanted; at least one. */
    private int kept(double[] weights, double total) {
        if (settings.topP() >= 1) {
            return weights.length;
        }
        double wanted = settings.topP() * total;
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            if (sum >= wanted) {
                return i + 1;
            }
        }
        return weights.length;
    }

    /** The tokens to draw from, likeliest first, in the form of {@link #key}. */
    private long[] candidates(float[] logits) {
        int wanted = settings.topK();
        if (wanted == 0 || wanted >= logits.length) {
            long[] all = new long[logits.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = key(logits[i], i);
            }
            Arrays.sort(all);
            return all;
        }
        return smallest(logits, wanted);
    }

    /** A heap whose root is the worst of the best so far. */
    private static long[] smallest(float[] logits, int wanted) {
        long[] heap = new long[wanted];
        for (int i = 0; i < wanted; i++) {
            heap[i] = key(logits[i], i);
        }
        for (int i = wanted / 2 - 1; i >= 0; i--) {
            sift(heap, i);
        }
        for (int i = wanted; i < logits.length; i++) {
            long key = key(logits[i], i);
            if (key < heap[0]) {
                heap[0] = key;
                sift(heap, 0);
            }
        }
        Arrays.sort(heap);
        return heap;
    }

    private static void sift(long[] heap, int from) {
        int at = from;
        while (true) {
            int child = 2 * at + 1;
            if (child >= heap.length) {
                return;
            }
            if (child + 1 < heap.length && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[at] >= heap[child]) {
                return;
            }
            long swapped = heap[at];
            heap[at] = heap[child];
            heap[child] = swapped;
            at = child;
        }
    }

    /** A number that orders by falling logit, then by rising token; what is no number comes last. */
    private static long key(float logit, int token) {
        float clean = Float.isNaN(logit) ? Float.NEGATIVE_INFINITY : logit + 0.0f;
        int bits = Float.floatToIntBits(clean);
        int rising = bits >= 0 ? bits : bits ^ 0x7fffffff;
        return ((long) ~rising << 32) | token;
    }

    private static int token(long key) {
        return (int) key;
    }
}
