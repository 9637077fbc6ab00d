package dev.keyhole.dht.relay;

import static java.util.concurrent.TimeUnit.SECONDS;

/** What one key may still use of a relay, over all its connections. */
final class Allowance {

    private final RelayLimits limits;
    private int connections;
    private int waiting;
    private int pairs;
    private long bytesLeft;
    private long filledNanos;
    private long bytes;
    private long dropped;

    Allowance(RelayLimits limits, long nowNanos) {
        this.limits = limits;
        this.bytesLeft = limits.bytesPerSecond();
        this.filledNanos = nowNanos;
    }

    void connected() {
        connections++;
    }

    void disconnected() {
        connections--;
    }

    /** Whether nobody with this key is connected, and nothing forwarded for it. */
    boolean isUnused() {
        return connections == 0 && pairs == 0;
    }

    boolean mayWait() {
        return waiting < limits.waiting();
    }

    void waiting(int change) {
        waiting += change;
    }

    boolean mayPair() {
        return pairs < limits.pairs();
    }

    void paired(int change) {
        pairs += change;
    }

    /** Takes so many bytes from what has come together since the last time; a second's worth at most. */
    boolean take(int count, long nowNanos) {
        long rate = limits.bytesPerSecond();
        long passed = Math.min(nowNanos - filledNanos, SECONDS.toNanos(1));
        long fresh = (long) (passed * (double) rate / SECONDS.toNanos(1));
        if (fresh > 0) {
            bytesLeft = Math.min(rate, bytesLeft + fresh);
            filledNanos = nowNanos;
        }
        if (bytesLeft < count) {
            dropped++;
            return false;
        }
        bytesLeft -= count;
        bytes += count;
        return true;
    }

    long bytes() {
        return bytes;
    }

    long dropped() {
        return dropped;
    }
}
