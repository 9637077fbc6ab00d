package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * The smoothed round-trip time of one stream, and the retransmission timeout that follows from it.
 *
 * <p>RFC 6298 with changes of UDX ({@code docs/protocol.md}, "UDX timeouts"): the timeout is thirty
 * seconds at most, and a sample far outside the estimate is pulled to its edge, since a laptop that
 * slept reports the nap as latency. And one of ours: while packets come back so late that all of
 * them had been repeated, no sample is to be had, and the timeout doubles until one is.
 */
final class RttEstimator {

    static final long MIN_TIMEOUT_NANOS = SECONDS.toNanos(1);
    static final long MAX_TIMEOUT_NANOS = SECONDS.toNanos(30);

    private static final long PLAUSIBLE_NANOS = SECONDS.toNanos(5);
    private static final long MINIMUM_LASTS_NANOS = SECONDS.toNanos(300);

    private boolean sampled;
    private long smoothedNanos;
    private long variationNanos;
    private long minimumNanos;
    private long minimumSince;
    private int doublings;

    /** Takes in the round trip of a packet that was sent exactly once. */
    void sample(long rttNanos, long now) {
        assert rttNanos >= 0 : rttNanos;
        long rtt = Math.max(1, rttNanos);
        if (sampled) {
            long plausible = clampToEstimate(rtt);
            long error = Math.abs(smoothedNanos - plausible);
            variationNanos = (3 * variationNanos + error) / 4;
            smoothedNanos = (7 * smoothedNanos + plausible) / 8;
        } else {
            smoothedNanos = Math.min(rtt, MAX_TIMEOUT_NANOS);
            variationNanos = smoothedNanos / 2;
        }
        if (!sampled || rtt <= minimumNanos || now - minimumSince > MINIMUM_LASTS_NANOS) {
            minimumNanos = rtt;
            minimumSince = now;
        }
        sampled = true;
        doublings = 0;
    }

    /** Takes in that a timeout was too early, or may have been: an ack came after a repetition. */
    void doubt() {
        if (timeoutNanos() < MAX_TIMEOUT_NANOS) {
            doublings++;
        }
    }

    boolean isSampled() {
        return sampled;
    }

    /** The smoothed round trip; 0 before the first sample. */
    long smoothedNanos() {
        return smoothedNanos;
    }

    /** The smallest round trip of the last minutes; 0 before the first sample. */
    long minimumNanos() {
        return minimumNanos;
    }

    /** How long a packet that is not back yet may still be under way. */
    long lateNanos() {
        return smoothedNanos + 4 * variationNanos;
    }

    /** How long to wait for an ack before sending again; one second until the first sample. */
    long timeoutNanos() {
        long timeout = Math.max(MIN_TIMEOUT_NANOS, lateNanos());
        return Math.min(timeout << doublings, MAX_TIMEOUT_NANOS);
    }

    private long clampToEstimate(long rttNanos) {
        long edge = smoothedNanos + 5 * variationNanos;
        boolean plausible = rttNanos <= edge || rttNanos <= PLAUSIBLE_NANOS;
        return Math.min(plausible ? rttNanos : edge, MAX_TIMEOUT_NANOS);
    }
}
