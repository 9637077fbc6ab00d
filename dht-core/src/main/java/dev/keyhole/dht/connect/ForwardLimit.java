package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much a node forwards for strangers, and where to.
 *
 * <p>Whoever forwards sends a datagram to an address that somebody else named, and hides who that
 * was. So each source gets a share, and nobody outside gets a datagram sent into a private network
 * or to an address that is no peer's ({@code docs/protocol.md}, "Carrying handshakes").
 */
final class ForwardLimit {

    /** What one public host may have forwarded at once, and then per second. */
    static final int BURST = 256;

    static final int PER_SECOND = 64;

    /** How many hosts are told apart. */
    static final int MAX_HOSTS = 4096;

    private final Map<Integer, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, Bucket> eldest) {
                    return size() > MAX_HOSTS;
                }
            };

    private long refusedDestinations;
    private long refusedSources;

    private static final class Bucket {
        private double tokens = BURST;
        private long filledNanos;
    }

    /** Whether a message of somebody may go to a server that announced itself to this node. */
    boolean admitsAnnounced(Address from, long nowNanos) {
        return takeShare(from, nowNanos);
    }

    /** Whether a message of somebody may go to an address that only messages name. */
    boolean admits(Address from, Address to, long nowNanos) {
        if (!isPlausible(from, to)) {
            refusedDestinations++;
            return false;
        }
        return takeShare(from, nowNanos);
    }

    private boolean takeShare(Address from, long nowNanos) {
        if (from.isPrivate() || take(from, nowNanos)) {
            return true;
        }
        refusedSources++;
        return false;
    }

    /** Messages not passed on because of where they were to go. */
    long refusedDestinations() {
        return refusedDestinations;
    }

    /** Messages not passed on because their source had sent too many. */
    long refusedSources() {
        return refusedSources;
    }

    private static boolean isPlausible(Address from, Address to) {
        if (to.port() == 0 || to.isReserved()) {
            return false;
        }
        return to.isLoopback() ? from.isLoopback() : !to.isPrivate() || from.isPrivate();
    }

    private boolean take(Address from, long nowNanos) {
        Bucket bucket = buckets.computeIfAbsent(from.host(), host -> new Bucket());
        double seconds = (nowNanos - bucket.filledNanos) / (double) SECONDS.toNanos(1);
        bucket.tokens = Math.min(BURST, bucket.tokens + seconds * PER_SECOND);
        bucket.filledNanos = nowNanos;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }
}
