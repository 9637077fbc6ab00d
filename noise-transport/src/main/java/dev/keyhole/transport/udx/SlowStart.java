package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

/**
 * Watches round trips for the moment at which the path is full, before packets are lost over it.
 *
 * <p>RFC 9406 (HyStart++): when the smallest round trip of a round is well above that of the round
 * before, a queue is building up. Growth goes on at a quarter of its pace for a few rounds, in case
 * it was something else, and then slow start is over.
 */
final class SlowStart {

    private static final int ENOUGH_SAMPLES = 8;
    private static final long MIN_RISE_NANOS = MILLISECONDS.toNanos(4);
    private static final long MAX_RISE_NANOS = MILLISECONDS.toNanos(16);
    private static final int CAREFUL_ROUNDS = 5;
    private static final long NONE = Long.MAX_VALUE;

    private long roundStart = Long.MIN_VALUE;
    private long roundMinimum = NONE;
    private long roundMinimumBefore = NONE;
    private int samples;
    private boolean careful;
    private long carefulAbove;
    private int roundsLeft;

    /** Whether to grow with care. */
    boolean isCareful() {
        return careful;
    }

    /**
     * Takes in a round trip.
     *
     * @return whether slow start is over
     */
    boolean isOver(long sentNanos, long rttNanos, long now) {
        if (sentNanos >= roundStart) {
            beginRound(now);
            if (careful && --roundsLeft == 0) {
                return true;
            }
        }
        roundMinimum = Math.min(roundMinimum, rttNanos);
        samples++;
        if (samples >= ENOUGH_SAMPLES) {
            judge();
        }
        return false;
    }

    /** Forgets everything, for another slow start. */
    void reset() {
        roundStart = Long.MIN_VALUE;
        roundMinimum = NONE;
        roundMinimumBefore = NONE;
        careful = false;
    }

    private void beginRound(long now) {
        roundStart = now;
        roundMinimumBefore = roundMinimum;
        roundMinimum = NONE;
        samples = 0;
    }

    private void judge() {
        if (careful) {
            careful = roundMinimum >= carefulAbove;
            return;
        }
        long rise = Math.max(MIN_RISE_NANOS, Math.min(roundMinimumBefore / 8, MAX_RISE_NANOS));
        if (roundMinimumBefore != NONE && roundMinimum >= roundMinimumBefore + rise) {
            careful = true;
            carefulAbove = roundMinimum;
            roundsLeft = CAREFUL_ROUNDS;
        }
    }
}
