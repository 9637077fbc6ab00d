package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.SeedsExtension;
import dev.keyhole.transport.udx.Ordeal.Outcome;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Streams on networks that do whatever a seed says. */
class OrdealSim {

    private static final String REPLAY =
            "mvn test -pl noise-transport -Dtest='OrdealSim#streamsSurviveWhateverTheNetworkDoes'"
                    + " -Dseed=";

    private static final int REPORT_EVERY = 10_000;

    @Seeds(300)
    void streamsSurviveWhateverTheNetworkDoes(long seed) {
        assertThat(run(seed)).isNotEqualTo(Outcome.BAD_LUCK);
    }

    /** {@code mvn test -Psoak -pl noise-transport -Dtest=OrdealSim -Dsoak.seeds=100000}. */
    @Test
    @Tag("soak")
    void streamsSurviveAHundredThousandNetworks() {
        int count = Integer.getInteger("soak.seeds", 100_000);
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        int[] done = new int[1];

        SeedsExtension.seeds(count)
                .forEach(
                        seed -> {
                            outcomes.merge(run(seed), 1, Integer::sum);
                            if (++done[0] % REPORT_EVERY == 0) {
                                System.out.println(done[0] + " seeds: " + outcomes);
                            }
                        });

        int unlucky = outcomes.getOrDefault(Outcome.BAD_LUCK, 0);
        assertThat(unlucky).isLessThanOrEqualTo(1 + done[0] / 2_000);
    }

    private static Outcome run(long seed) {
        try {
            return Ordeal.run(seed);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(REPLAY + seed + "\n" + e.getMessage(), e);
        }
    }
}
