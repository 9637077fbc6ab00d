package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many handshakes a server looks into, since each costs it curve operations before it knows who
 * sent it.
 *
 * <p>Each of its own relays has a share for itself. All others, who come directly or through nodes
 * it does not know, have one each and one together, so that they cannot use up what the relays
 * bring. Private networks are not limited.
 */
final class HandshakeLimit {

    static final Share RELAY = new Share(128, 64);
    static final Share STRANGER = new Share(64, 16);
    static final Share ALL_STRANGERS = new Share(256, 128);

    /** How many hosts are told apart. */
    static final int MAX_HOSTS = 4096;

    private final Map<Integer, Bucket> hosts =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, Bucket> eldest) {
                    return size() > MAX_HOSTS;
                }
            };

    private final Bucket strangers = new Bucket(ALL_STRANGERS);

    /** What may come at once, and then per second. */
    record Share(int burst, int perSecond) {}

    private static final class Bucket {

        private final Share share;
        private double tokens;
        private long filledNanos;

        private Bucket(Share share) {
            this.share = share;
            this.tokens = share.burst;
        }

        private boolean take(long nowNanos) {
            double seconds = (nowNanos - filledNanos) / (double) SECONDS.toNanos(1);
            tokens = Math.min(share.burst, tokens + seconds * share.perSecond);
            filledNanos = nowNanos;
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }
    }

    /**
     * Whether one more may be looked into.
     *
     * @param from who sent it to us: a relay, or the client itself
     * @param ownRelay whether it is a relay of this server
     */
    boolean admits(Address from, boolean ownRelay, long nowNanos) {
        if (from.isPrivate()) {
            return true;
        }
        Share share = ownRelay ? RELAY : STRANGER;
        Bucket bucket = hosts.get(from.host());
        if (bucket == null || !bucket.share.equals(share)) {
            bucket = new Bucket(share);
            hosts.put(from.host(), bucket);
        }
        return bucket.take(nowNanos) && (ownRelay || strangers.take(nowNanos));
    }

    /** Hosts that are told apart at the moment. */
    int hosts() {
        return hosts.size();
    }
}
