package dev.keyhole.dht.relay;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * What a relay does for one key, over all its connections.
 *
 * @param waiting pairings that may wait for their other half
 * @param waitNanos how long each of them waits
 * @param pairs streams that are forwarded at a time
 * @param bytesPerSecond what is forwarded for it; what comes faster is lost
 * @param idleNanos after how long without a packet a pair is forgotten, and a connection without
 *     any is ended
 */
public record RelayLimits(
        int waiting, long waitNanos, int pairs, long bytesPerSecond, long idleNanos) {

    private static final RelayLimits DEFAULTS =
            new RelayLimits(64, SECONDS.toNanos(30), 256, 128 << 20, MINUTES.toNanos(2));

    public RelayLimits {
        if (waiting < 1 || waitNanos < 1 || pairs < 1 || bytesPerSecond < 1 || idleNanos < 1) {
            throw new IllegalArgumentException("a relay that forwards nothing");
        }
    }

    public static RelayLimits defaults() {
        return DEFAULTS;
    }

    public RelayLimits withBytesPerSecond(long bytes) {
        return new RelayLimits(waiting, waitNanos, pairs, bytes, idleNanos);
    }

    public RelayLimits withPairs(int most) {
        return new RelayLimits(waiting, waitNanos, most, bytesPerSecond, idleNanos);
    }
}
