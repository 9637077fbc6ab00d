package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.udx.UdxStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a way without the relay, again and again, while a stream is relayed ({@code
 * docs/protocol.md}, "Connecting through a relay").
 *
 * <p>Each try is a fresh handshake for the stream that there is. A server that knows what is meant
 * answers for that stream, too, and both look for ways to it; any other answer leads nowhere.
 */
final class Upgrades implements ServerSearch.Owner {

    private static final long[] PAUSES_NANOS = {
        SECONDS.toNanos(10), MINUTES.toNanos(1), MINUTES.toNanos(5), MINUTES.toNanos(15)
    };

    private final Surroundings around;
    private final ConnectSpec spec;
    private final UdxStream raw;
    private final RawInlet inlet;
    private final PeerStream stream;
    private final int remoteId;
    private @Nullable ServerSearch servers;
    private @Nullable ClientHandshake handshake;
    private @Nullable PathSearch paths;
    private Timers.@Nullable Timer timer;
    private Trail trail;
    private int tries;

    Upgrades(
            Surroundings around,
            ConnectSpec spec,
            UdxStream raw,
            RawInlet inlet,
            PeerStream stream,
            int remoteId,
            long nowNanos) {
        this.around = around;
        this.spec = spec;
        this.raw = raw;
        this.inlet = inlet;
        this.stream = stream;
        this.remoteId = remoteId;
        this.trail = new Trail(nowNanos);
    }

    void start(long nowNanos) {
        around.relays().watch(this);
        schedule(nowNanos);
    }

    private void schedule(long nowNanos) {
        int pause = Math.min(tries, PAUSES_NANOS.length - 1);
        timer = around.timers().at(nowNanos + PAUSES_NANOS[pause], this::tryAgain);
    }

    /** What did not work may work now. */
    void networkChanged(long nowNanos) {
        if (timer != null) {
            timer.cancel();
        }
        tries = 0;
        tryAgain(nowNanos);
    }

    void stop(long nowNanos) {
        around.relays().unwatch(this);
        if (timer != null) {
            timer.cancel();
        }
        endTry(nowNanos);
    }

    private void tryAgain(long nowNanos) {
        endTry(nowNanos);
        tries++;
        schedule(nowNanos);
        trail = new Trail(nowNanos);
        Address reachable = around.rpc().remoteAddress().orElse(null);
        ClientHandshake made =
                ClientHandshake.make(
                        spec.keyPair(), spec.remote(), offer(reachable).encode(), around.entropy());
        if (made != null) {
            handshake = made;
            boolean saidOpen = reachable != null;
            servers = new ServerSearch(around, spec, made, saidOpen, trail, this);
            servers.start(nowNanos);
        }
    }

    private NoisePayload offer(@Nullable Address reachable) {
        List<Address> addresses = new ArrayList<>();
        if (reachable != null) {
            addresses.add(reachable);
        }
        if (spec.localConnection()) {
            addresses.addAll(around.rpc().localAddresses());
        }
        return NoisePayload.ofClient(
                reachable == null ? NatType.UNKNOWN : NatType.OPEN,
                addresses,
                NoisePayload.Udx.of(raw.localId()),
                null);
    }

    private void endTry(long nowNanos) {
        if (servers != null) {
            servers.cancel(nowNanos);
            servers = null;
        }
        if (paths != null) {
            paths.stop(nowNanos);
            paths = null;
        }
        if (handshake != null) {
            handshake.discard();
            handshake = null;
        }
    }

    @Override
    public void reached(Reached to, long nowNanos) {
        if (to.udx().id() != remoteId) {
            return;
        }
        PathSearch search = new PathSearch(around, spec, to, inlet, raw, stream, trail);
        paths = search;
        search.start(nowNanos);
    }

    @Override
    public void notReached(Cause cause, String why, long nowNanos) {
        servers = null;
    }
}
