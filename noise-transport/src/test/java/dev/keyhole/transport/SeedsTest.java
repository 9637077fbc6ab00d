package dev.keyhole.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SeedsTest {

    private static final Set<Long> seen = new HashSet<>();

    @Seeds(50)
    void everySeedIsAnother(long seed) {
        assertThat(seen.add(seed)).isTrue();
    }

    @AfterAll
    static void asManySeedsRanAsWereAskedFor() {
        int expected = System.getProperty("seed", "").isBlank() ? 50 : 1;
        assertThat(seen).hasSize(expected);
    }

    @Test
    void theSeedsAreTheSameOnEveryRun() {
        assertThat(SeedsExtension.seeds("", 100))
                .containsExactly(SeedsExtension.seeds("", 100).boxed().toArray(Long[]::new));
        assertThat(SeedsExtension.seeds("", 3))
                .startsWith(SeedsExtension.seeds("", 2).boxed().toArray(Long[]::new));
    }

    @Test
    void aNamedSeedRunsAlone() {
        assertThat(SeedsExtension.seeds("17", 100)).containsExactly(17L);
    }
}
