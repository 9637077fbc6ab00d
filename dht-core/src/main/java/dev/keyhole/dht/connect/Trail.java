package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What one attempt to connect leaves behind as it goes; becomes its evidence. */
final class Trail {

    /** How many addresses of a kind are kept. */
    static final int MAX_ADDRESSES = 64;

    private final long begunNanos;
    final Set<Address> relaysAsked = new LinkedHashSet<>();
    final Set<Evidence.Way> ways = new LinkedHashSet<>();
    Evidence.Step step = Evidence.Step.LOOKUP;
    NatType ownNat = NatType.UNKNOWN;
    NatType remoteNat = NatType.UNKNOWN;
    int nodesAnswered;
    int nodesClosest;
    int nodesKnowing;
    int forgedAnswers;

    /** What our NAT did was not what the server was told, and nothing got through. */
    boolean natMoved;

    Trail(long begunNanos) {
        this.begunNanos = begunNanos;
    }

    void asked(Address relay) {
        step = Evidence.Step.HANDSHAKE;
        if (relaysAsked.size() < MAX_ADDRESSES) {
            relaysAsked.add(relay);
        }
    }

    void tried(Path path, Address address) {
        step = Evidence.Step.PROOF;
        if (ways.size() < MAX_ADDRESSES) {
            ways.add(new Evidence.Way(path, address));
        }
    }

    long elapsedMillis(long nowNanos) {
        return TimeUnit.NANOSECONDS.toMillis(nowNanos - begunNanos);
    }

    Evidence evidence(long nowNanos) {
        return new Evidence(
                step,
                Duration.ofNanos(nowNanos - begunNanos),
                nodesAnswered,
                nodesClosest,
                nodesKnowing,
                List.copyOf(relaysAsked),
                List.copyOf(ways),
                ownNat,
                remoteNat);
    }
}
