package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.MINUTES;

/**
 * So much a minute, spent at any pace: it fills evenly and holds one minute's worth.
 *
 * <p>What is spent may be more than there is, since the cost of an answer is known only afterwards;
 * the bucket is then below zero and opens again when time has made up for it.
 */
final class TokenBucket {

    private final int perMinute;

    private double level;
    private long filledAt;

    TokenBucket(int perMinute, long nowNanos) {
        this.perMinute = perMinute;
        this.level = perMinute;
        this.filledAt = nowNanos;
    }

    /** Whether something may be spent now. */
    boolean open(long nowNanos) {
        fill(nowNanos);
        return level >= 1;
    }

    void spend(long amount, long nowNanos) {
        fill(nowNanos);
        level -= amount;
    }

    boolean full(long nowNanos) {
        fill(nowNanos);
        return level >= perMinute;
    }

    /** How long from now until {@link #open} says yes. */
    long nanosUntilOpen(long nowNanos) {
        fill(nowNanos);
        double missing = Math.max(0, 1 - level);
        return Math.round(missing / perMinute * MINUTES.toNanos(1));
    }

    private void fill(long nowNanos) {
        double earned = (double) (nowNanos - filledAt) / MINUTES.toNanos(1) * perMinute;
        level = Math.min(perMinute, level + earned);
        filledAt = nowNanos;
    }
}
