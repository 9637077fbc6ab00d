package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;

/**
 * So much a minute, spent at any pace: it fills evenly and holds one minute's worth.
 *
 * <p>What is spent may be more than there is, since the cost of an answer is known only afterwards;
 * the bucket is then below zero and opens again when time has made up for it.
 */
final class TokenBucket {

    /** What one unit costs; a microsecond earns as many as the bucket fills by in a minute. */
    private static final long UNIT = MINUTES.toMicros(1);

    private static final long NANOS_PER_MICRO = MICROSECONDS.toNanos(1);

    private final int perMinute;
    private final long capacity;

    private long level;
    private long filledAt;

    TokenBucket(int perMinute, long nowNanos) {
        this.perMinute = perMinute;
        this.capacity = Math.multiplyExact(UNIT, (long) perMinute);
        this.level = capacity;
        this.filledAt = nowNanos;
    }

    /** Whether something may be spent now. */
    boolean open(long nowNanos) {
        fill(nowNanos);
        return level >= UNIT;
    }

    void spend(long amount, long nowNanos) {
        fill(nowNanos);
        level -= UNIT * amount;
    }

    boolean full(long nowNanos) {
        fill(nowNanos);
        return level >= capacity;
    }

    /** How long from now until {@link #open} says yes. */
    long nanosUntilOpen(long nowNanos) {
        fill(nowNanos);
        long missing = Math.max(0, UNIT - level);
        return (missing + perMinute - 1) / perMinute * NANOS_PER_MICRO;
    }

    private void fill(long nowNanos) {
        long elapsed = (nowNanos - filledAt) / NANOS_PER_MICRO;
        long untilFull = (capacity - level) / perMinute;
        level = elapsed > untilFull ? capacity : level + elapsed * perMinute;
        filledAt += elapsed * NANOS_PER_MICRO;
    }
}
