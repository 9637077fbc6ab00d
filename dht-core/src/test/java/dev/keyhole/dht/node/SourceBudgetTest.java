package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import org.junit.jupiter.api.Test;

class SourceBudgetTest {

    private static final Address SOURCE = Address.parse("8.8.8.8:1");

    private final SourceBudget budget = new SourceBudget(100, 10);

    @Test
    void bucketEmptiesAndFillsAtItsRate() {
        assertThat(budget.take(SOURCE, 100, 0)).isTrue();
        assertThat(budget.take(SOURCE, 1, 0)).isFalse();
        assertThat(budget.take(SOURCE, 10, SECONDS.toNanos(1))).isTrue();
        assertThat(budget.take(SOURCE, 1, SECONDS.toNanos(1))).isFalse();
        assertThat(budget.refused()).isEqualTo(2);
    }

    @Test
    void frequentLooksDoNotKeepItFromFilling() {
        budget.take(SOURCE, 100, 0);
        int taken = 0;
        for (int ms = 1; ms <= 2000; ms++) {
            taken += budget.take(SOURCE, 1, MILLISECONDS.toNanos(ms)) ? 1 : 0;
        }

        assertThat(taken).isEqualTo(20);
    }

    @Test
    void bucketHoldsNoMoreThanItsCapacity() {
        budget.take(SOURCE, 1, 0);

        assertThat(budget.take(SOURCE, 101, SECONDS.toNanos(1_000_000))).isFalse();
        assertThat(budget.take(SOURCE, 100, SECONDS.toNanos(1_000_000))).isTrue();
    }

    @Test
    void sourcesRememberedAreBounded() {
        budget.take(SOURCE, 100, 0);
        for (int i = 0; i < SourceBudget.MAX_SOURCES; i++) {
            budget.take(new Address(0x09000000 + i, 1), 1, 0);
        }

        assertThat(budget.take(SOURCE, 100, 0)).as("forgotten, so full again").isTrue();
    }
}
