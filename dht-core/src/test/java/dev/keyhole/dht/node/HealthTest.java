package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When a node takes itself for cut off. */
class HealthTest {

    private final Health health = new Health();
    private long answers;
    private long timeouts;

    @Test
    void networkHealthNeedsTwoOfflineAndFourDegradedTicks() {
        ticks(4, 10, 0);
        assertThat(health.isOnline()).isTrue();

        ticks(1, 0, 10);
        assertThat(health.isOnline()).as("one silent tick").isTrue();
        ticks(1, 0, 10);
        assertThat(health.isOnline()).as("two silent ticks").isFalse();
        ticks(1, 1, 9);
        assertThat(health.isOnline()).as("the first answers").isTrue();

        assertThat(health.isDegraded()).isFalse();
        ticks(2, 4, 6);
        assertThat(health.isDegraded()).as("three bad ticks").isFalse();
        ticks(1, 4, 6);
        assertThat(health.isDegraded()).as("four bad ticks").isTrue();
        ticks(3, 10, 0);
        assertThat(health.isDegraded()).as("three good ticks").isTrue();
        ticks(1, 10, 0);
        assertThat(health.isDegraded()).as("four good ticks").isFalse();
    }

    @Test
    void idleTicksChangeNothing() {
        ticks(4, 10, 0);
        ticks(1, 0, 10);

        ticks(100, 0, 3);
        assertThat(health.isOnline()).isTrue();
        ticks(1, 0, 10);

        assertThat(health.isOnline()).isFalse();
        ticks(100, 1, 0);
        assertThat(health.isOnline()).isFalse();
    }

    @Test
    void theFirstTicksAreTooFewToJudgeBy() {
        ticks(3, 0, 10);

        assertThat(health.isOnline()).isTrue();
        ticks(2, 0, 10);
        assertThat(health.isOnline()).isFalse();
    }

    @Test
    void aDegradedNetworkThatGoesSilentIsOffline() {
        ticks(8, 4, 6);
        assertThat(health.isDegraded()).isTrue();

        ticks(2, 0, 10);

        assertThat(health.isOnline()).isFalse();
        assertThat(health.isDegraded()).isFalse();
    }

    private void ticks(int count, int newAnswers, int newTimeouts) {
        for (int i = 0; i < count; i++) {
            answers += newAnswers;
            timeouts += newTimeouts;
            health.tick(answers, timeouts);
        }
    }
}
