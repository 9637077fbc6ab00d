package dev.keyhole.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.keyhole.model.GenerationParams;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class SamplerTest {

    /** With temperature 1 these are the probabilities 0.4, 0.3, 0.2 and 0.1. */
    private static final float[] LOGITS = logs(0.1, 0.4, 0.2, 0.3);

    @Test
    void greedyTakesTheLikeliestAndTheFirstOfEquals() {
        Sampler sampler = new Sampler(SamplerSettings.greedy(), new Random(1));

        assertThat(sampler.next(LOGITS.clone())).isEqualTo(1);
        assertThat(sampler.next(new float[] {1, 5, 5, 2})).isEqualTo(1);
        assertThat(sampler.next(new float[] {-3, Float.NEGATIVE_INFINITY, -2})).isEqualTo(2);
    }

    @Test
    void drawsFollowTheProbabilities() {
        assertThat(shares(of(1, 0, 1), LOGITS))
                .containsExactly(new double[] {0.1, 0.4, 0.2, 0.3}, within(0.02));
    }

    @Test
    void topKKeepsTheLikeliestAndSharesOutTheRest() {
        assertThat(shares(of(1, 2, 1), LOGITS))
                .containsExactly(new double[] {0, 4.0 / 7, 0, 3.0 / 7}, within(0.02));
    }

    @Test
    void topPKeepsTheFewestThatReachIt() {
        assertThat(shares(of(1, 0, 0.69), LOGITS))
                .containsExactly(new double[] {0, 4.0 / 7, 0, 3.0 / 7}, within(0.02));
        assertThat(shares(of(1, 0, 0.71), LOGITS))
                .containsExactly(new double[] {0, 4.0 / 9, 2.0 / 9, 3.0 / 9}, within(0.02));
        assertThat(shares(of(1, 0, 0), LOGITS)).containsExactly(0, 1, 0, 0);
    }

    @Test
    void temperatureComesBeforeTopP() {
        // squared, the probabilities are 1, 16, 4 and 9 thirtieths
        assertThat(shares(of(0.5, 0, 1), LOGITS))
                .containsExactly(
                        new double[] {1 / 30.0, 16 / 30.0, 4 / 30.0, 9 / 30.0}, within(0.02));
        assertThat(shares(of(0.5, 0, 0.5), LOGITS)).containsExactly(0, 1, 0, 0);
    }

    @Test
    void aSeedDeterminesTheAnswer() {
        Sampler first = new Sampler(of(1.5, 0, 1), new Random(42));
        Sampler second = new Sampler(of(1.5, 0, 1), new Random(42));

        for (int i = 0; i < 200; i++) {
            assertThat(first.next(LOGITS.clone())).isEqualTo(second.next(LOGITS.clone()));
        }
    }

    @Test
    void theRepeatPenaltyDividesWhatIsPositiveAndMultipliesWhatIsNegative() {
        Sampler sampler = new Sampler(new SamplerSettings(0, 0, 1, 2, 0, 0), new Random(1));
        sampler.prompt(new int[] {0, 1});
        float[] logits = {4, -1, 1.5f};

        assertThat(sampler.next(logits)).isEqualTo(0);
        assertThat(logits).containsExactly(2, -2, 1.5f);

        // token 0 was answered, and is not penalized twice
        assertThat(sampler.next(new float[] {4, 9, 1.5f})).isEqualTo(1);
        assertThat(sampler.next(new float[] {2.5f, 2, 1.5f})).isEqualTo(2);
    }

    @Test
    void frequencyCountsTheAnswerAndPresenceOnlyWhetherItCame() {
        Sampler sampler = new Sampler(new SamplerSettings(0, 0, 1, 1, 0.5, 0.25), new Random(1));
        sampler.prompt(new int[] {1, 1, 1});
        sampler.next(new float[] {9, 0, 0});
        sampler.next(new float[] {9, 0, 0});
        float[] logits = {3, 1, 0};

        assertThat(sampler.next(logits)).isEqualTo(0);

        assertThat(logits).containsExactly(3 - 2 * 0.5f - 0.25f, 1, 0);
    }

    @Test
    void theHeapAndTheSortAgree() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            float[] logits = new float[50];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = random.nextInt(20) - 10;
            }
            int k = 1 + random.nextInt(49);
            Sampler few = new Sampler(of(1, k, 1), new Random(round));
            Set<Integer> drawn = new TreeSet<>();
            for (int i = 0; i < 30; i++) {
                drawn.add(few.next(logits.clone()));
            }
            for (int token : drawn) {
                int better = 0;
                for (int i = 0; i < logits.length; i++) {
                    better +=
                            logits[i] > logits[token] || logits[i] == logits[token] && i < token
                                    ? 1
                                    : 0;
                }
                assertThat(better).isLessThan(k);
            }
        }
    }

    @Test
    void whatIsNoNumberIsNeverDrawn() {
        Sampler sampler = new Sampler(of(1, 2, 1), new Random(1));
        for (int i = 0; i < 100; i++) {
            assertThat(sampler.next(new float[] {Float.NaN, 1, 2, Float.NEGATIVE_INFINITY}))
                    .isBetween(1, 2);
        }
    }

    @Test
    void settingsAreThoseOfTheRequest() {
        assertThat(SamplerSettings.of(GenerationParams.defaults()))
                .isEqualTo(SamplerSettings.greedy());
        assertThat(
                        SamplerSettings.of(
                                GenerationParams.defaults()
                                        .withTemp(-1)
                                        .withTopK(-5)
                                        .withTopP(7)
                                        .withRepeatPenalty(0)))
                .isEqualTo(SamplerSettings.greedy());
    }

    private static SamplerSettings of(double temperature, int topK, double topP) {
        return new SamplerSettings(temperature, topK, topP, 1, 0, 0);
    }

    private static double[] shares(SamplerSettings settings, float[] logits) {
        Sampler sampler = new Sampler(settings, new Random(9));
        int draws = 20_000;
        double[] shares = new double[logits.length];
        for (int i = 0; i < draws; i++) {
            shares[sampler.next(logits.clone())] += 1.0 / draws;
        }
        for (int i = 0; i < shares.length; i++) {
            shares[i] = Math.rint(shares[i] * 1e6) / 1e6;
        }
        return shares;
    }

    private static float[] logs(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(probabilities[i]);
        }
        return logits;
    }
}
