package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much each host may still cause: a bucket that fills at a steady rate.
 *
 * <p>Hosts of private networks are not counted: there, one address may be a whole test network, and
 * nobody is reached who did not choose his neighbours.
 */
final class SourceBudget {

    /** Hosts remembered; the one that was quiet for longest is forgotten, and starts afresh. */
    static final int MAX_SOURCES = 4096;

    private final long capacity;
    private final long perSecond;
    private final Map<Integer, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);
    private long refused;

    private static final class Bucket {
        long level;
        long atNanos;
    }

    SourceBudget(long capacity, long perSecond) {
        this.capacity = capacity;
        this.perSecond = perSecond;
    }

    /** Takes from the source's bucket, if so much is left in it. */
    boolean take(Address source, long amount, long nowNanos) {
        if (source.isPrivate()) {
            return true;
        }
        Bucket bucket = buckets.get(source.host());
        if (bucket == null) {
            bucket = new Bucket();
            bucket.level = capacity;
            bucket.atNanos = nowNanos;
            buckets.put(source.host(), bucket);
            if (buckets.size() > MAX_SOURCES) {
                buckets.remove(buckets.keySet().iterator().next());
            }
        }
        long elapsed = Math.min(nowNanos - bucket.atNanos, SECONDS.toNanos(capacity / perSecond));
        long gained = elapsed * perSecond / SECONDS.toNanos(1);
        if (gained > 0) {
            bucket.level = Math.min(capacity, bucket.level + gained);
            bucket.atNanos = nowNanos;
        }
        if (bucket.level < amount) {
            refused++;
            return false;
        }
        bucket.level -= amount;
        return true;
    }

    long refused() {
        return refused;
    }
}
