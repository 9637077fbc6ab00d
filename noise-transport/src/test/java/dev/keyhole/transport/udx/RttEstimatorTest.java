package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RttEstimatorTest {

    private final RttEstimator rtt = new RttEstimator();

    @Test
    void theTimeoutIsOneSecondUntilTheFirstSample() {
        assertThat(rtt.timeoutNanos()).isEqualTo(SECONDS.toNanos(1));
        assertThat(rtt.isSampled()).isFalse();
    }

    @Test
    void theTimeoutFollowsTheEstimateWithinBounds() {
        sample(1000);
        assertThat(rtt.timeoutNanos()).isEqualTo(SECONDS.toNanos(3));

        for (int i = 0; i < 100; i++) {
            sample(10);
        }
        assertThat(rtt.timeoutNanos()).isEqualTo(RttEstimator.MIN_TIMEOUT_NANOS);
        assertThat(rtt.smoothedNanos()).isBetween(millis(10), millis(11));

        for (int i = 0; i < 100; i++) {
            sample(29_000);
        }
        assertThat(rtt.timeoutNanos()).isLessThanOrEqualTo(RttEstimator.MAX_TIMEOUT_NANOS);
    }

    @Test
    void aNapIsNotTakenForLatency() {
        sample(100);

        sample(3_600_000);

        assertThat(rtt.smoothedNanos()).isLessThan(millis(200));
    }

    @Test
    void theFirstSampleIsCapped() {
        sample(3_600_000);

        assertThat(rtt.smoothedNanos()).isEqualTo(RttEstimator.MAX_TIMEOUT_NANOS);
    }

    @Test
    void noNumberOfNapsMakesTheRoundTripLongerThanTheTimeoutCanBe() {
        for (int i = 0; i < 100; i++) {
            sample(91_000);
        }

        assertThat(rtt.smoothedNanos()).isEqualTo(RttEstimator.MAX_TIMEOUT_NANOS);
    }

    @Test
    void theMinimumIsForgottenAfterFiveMinutes() {
        rtt.sample(millis(10), 0);
        rtt.sample(millis(20), SECONDS.toNanos(299));
        assertThat(rtt.minimumNanos()).isEqualTo(millis(10));

        rtt.sample(millis(20), SECONDS.toNanos(301));

        assertThat(rtt.minimumNanos()).isEqualTo(millis(20));
    }

    @Test
    void doubtDoublesTheTimeoutUntilTheNextSample() {
        rtt.doubt();
        rtt.doubt();
        assertThat(rtt.timeoutNanos()).isEqualTo(SECONDS.toNanos(4));

        for (int i = 0; i < 1000; i++) {
            rtt.doubt();
        }
        assertThat(rtt.timeoutNanos()).isEqualTo(RttEstimator.MAX_TIMEOUT_NANOS);
        sample(100);

        assertThat(rtt.timeoutNanos()).isEqualTo(SECONDS.toNanos(1));
    }

    private void sample(long millis) {
        rtt.sample(millis(millis), 0);
    }

    private static long millis(long millis) {
        return MILLISECONDS.toNanos(millis);
    }
}
