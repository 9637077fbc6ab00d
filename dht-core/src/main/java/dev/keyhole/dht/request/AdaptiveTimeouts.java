package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;

import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * How long to wait for each node, from how long its answers took: the average and twice the
 * deviation, more for each further sending, and somewhat at random ({@code docs/protocol.md},
 * "Requests").
 */
final class AdaptiveTimeouts {

    /** Nodes remembered; the one that was silent for longest is forgotten first. */
    static final int MAX_NODES = 65_536;

    static final long MAX_AGE_NANOS = MINUTES.toNanos(10);
    static final long MIN_NANOS = MILLISECONDS.toNanos(300);
    static final long MAX_NANOS = MILLISECONDS.toNanos(4000);

    private static final int JITTER_MILLIS = 256;

    /** For a node that never answered: a quarter of a second, then twice as long each time. */
    private static final long FIRST_NANOS = MILLISECONDS.toNanos(250);

    /** Answers to later sendings may belong to earlier ones. */
    private static final int SENDINGS_THAT_COUNT = 2;

    private final Random entropy;
    private final Map<Address, RoundTrip> roundTrips = new LinkedHashMap<>(16, 0.75f, true);

    private static final class RoundTrip {
        private long averageNanos;
        private long deviationNanos;
        private long sampledAtNanos;
    }

    AdaptiveTimeouts(Random entropy) {
        this.entropy = entropy;
    }

    /**
     * How long to wait for an answer.
     *
     * @param sending the number of the sending, 1 for the first
     */
    long timeoutNanos(Address node, int sending, long nowNanos) {
        long jitter = MILLISECONDS.toNanos(entropy.nextInt(JITTER_MILLIS));
        RoundTrip known = roundTrips.get(node);
        if (known == null || nowNanos - known.sampledAtNanos > MAX_AGE_NANOS) {
            return Math.min(MAX_NANOS, FIRST_NANOS << Math.min(sending - 1, 4)) + jitter;
        }
        long expected = (known.averageNanos + 2 * known.deviationNanos) * sending;
        return Math.max(MIN_NANOS, Math.min(MAX_NANOS, expected + jitter));
    }

    /** Takes in how long an answer took since the last sending. */
    void answered(Address node, long roundTripNanos, int sendings, long nowNanos) {
        if (sendings > SENDINGS_THAT_COUNT) {
            return;
        }
        RoundTrip known = roundTrips.get(node);
        if (known == null || nowNanos - known.sampledAtNanos > MAX_AGE_NANOS) {
            known = new RoundTrip();
            known.averageNanos = roundTripNanos;
            known.deviationNanos = roundTripNanos / 2;
            roundTrips.put(node, known);
            if (roundTrips.size() > MAX_NODES) {
                roundTrips.remove(roundTrips.keySet().iterator().next());
            }
        } else {
            long error = roundTripNanos - known.averageNanos;
            known.averageNanos += error >> 3;
            known.deviationNanos += (Math.abs(error) - known.deviationNanos) >> 2;
        }
        known.sampledAtNanos = nowNanos;
    }

    int size() {
        return roundTrips.size();
    }
}
