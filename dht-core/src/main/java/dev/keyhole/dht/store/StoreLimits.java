package dev.keyhole.dht.store;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MINUTES;

/**
 * How much a node stores for others, and for how long.
 *
 * @param records topic records per generation
 * @param forwards forwarding entries, refresh hashes and bumps per generation, each
 * @param values mutable and immutable values per generation, each
 */
public record StoreLimits(
        int records, int forwards, int values, long recordAgeNanos, long valueAgeNanos) {

    public static final StoreLimits DEFAULT =
            new StoreLimits(65536, 65536, 32768, MINUTES.toNanos(20), HOURS.toNanos(48));
}
