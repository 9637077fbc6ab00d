package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How long a node is waited for, from how long its answers took. */
class AdaptiveTimeoutsTest {

    private static final Address NODE = Address.parse("10.1.2.3:40001");

    /** Draws no jitter. */
    private final AdaptiveTimeouts timeouts =
            new AdaptiveTimeouts(
                    new Random() {
                        private static final long serialVersionUID = 1;

                        @Override
                        public int nextInt(int bound) {
                            return 0;
                        }
                    });

    @Test
    void aStrangerIsWaitedForLongerEachTime() {
        assertThat(millis(1)).isEqualTo(250);
        assertThat(millis(2)).isEqualTo(500);
        assertThat(millis(3)).isEqualTo(1000);
        assertThat(millis(4)).isEqualTo(2000);
        assertThat(millis(5)).isEqualTo(4000);
        assertThat(millis(6)).isEqualTo(4000);
    }

    @Test
    void anAcquaintanceIsWaitedForAsLongAsItUsuallyTakes() {
        answered(400, 1);
        assertThat(millis(1)).as("400 + 2 * 200").isEqualTo(800);
        assertThat(millis(2)).isEqualTo(1600);

        answered(400, 1);
        assertThat(millis(1)).as("the deviation shrinks: 400 + 2 * 150").isEqualTo(700);

        answered(800, 2);
        assertThat(millis(1)).as("450 + 2 * 212.5").isEqualTo(875);
    }

    @Test
    void anAnswerToALateSendingSaysNothing() {
        answered(400, 3);

        assertThat(timeouts.size()).isZero();
    }

    @Test
    void theWaitHasItsLimits() {
        answered(1, 1);
        assertThat(millis(1)).isEqualTo(300);

        AdaptiveTimeouts slow = timeouts;
        slow.answered(NODE.withPort(2), MILLISECONDS.toNanos(3000), 1, 0);
        assertThat(slow.timeoutNanos(NODE.withPort(2), 2, 0)).isEqualTo(4_000_000_000L);
    }

    @Test
    void whatWasLearntIsForgottenAfterTenMinutes() {
        answered(400, 1);

        assertThat(timeouts.timeoutNanos(NODE, 1, MINUTES.toNanos(11)))
                .isEqualTo(MILLISECONDS.toNanos(250));
    }

    @Test
    void nodesRememberedAreBounded() {
        answered(400, 1);
        for (int i = 0; i < AdaptiveTimeouts.MAX_NODES; i++) {
            timeouts.answered(new Address(i, 1), 1, 1, 0);
        }

        assertThat(timeouts.size()).isEqualTo(AdaptiveTimeouts.MAX_NODES);
        assertThat(millis(1)).as("the oldest is forgotten").isEqualTo(250);
    }

    private void answered(long roundTripMillis, int sendings) {
        timeouts.answered(NODE, MILLISECONDS.toNanos(roundTripMillis), sendings, 0);
    }

    private long millis(int sending) {
        return timeouts.timeoutNanos(NODE, sending, 0) / 1_000_000;
    }
}
