package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.HolepunchTokens;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.Puncher;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of punching, for one handshake ({@code docs/protocol.md}, "Punching, the
 * client").
 *
 * <p>A probe round finds out what the two NATs are like and often opens the way on the side; a punch
 * round has both sides probe at the same time. A probe that comes back at any time ends it well.
 */
final class ClientPunch implements Puncher.Owner {

    static final long UNKNOWN_REMOTE_WAIT_NANOS = SECONDS.toNanos(1);

    /** How long to wait beside a relay while ports are guessed for others. */
    static final long TRY_LATER_NANOS = SECONDS.toNanos(10);

    static final int TRY_LATER_SPREAD_MILLIS = 10_000;

    private final Surroundings around;
    private final Bytes target;
    private final PunchPolicy policy;
    private final Trail trail;
    private final long slot;
    private final Address clientRelay;
    private final Deque<NoisePayload.Relay> serverRelays;
    private final Owner owner;
    private final SecurePayload secure;
    private final HolepunchTokens tokens;
    private final Puncher puncher;

    private Address serverAddress;
    private NoisePayload.Relay serverRelay;
    private int round;
    private boolean repeated;
    private boolean toldToWait;
    private Timers.Task busy = now -> {};
    private @Nullable PendingRequest request;
    private Timers.@Nullable Timer timer;
    private boolean over;

    /** The attempt to connect it belongs to. */
    interface Owner {

        /** There is a way. */
        void punched(LocalSocket socket, Address server, long nowNanos);

        /** There is none. */
        void punchFailed(Cause cause, String why, long nowNanos);

        /** Whether a relay carries the stream meanwhile, so that there is time to wait. */
        boolean isRelayed();
    }

    /**
     * Prepares to punch.
     *
     * @param to the server's answer, and the relay it came through
     * @param holepunch what the server offered; at least one relay
     */
    ClientPunch(
            Surroundings around,
            ConnectSpec spec,
            Reached to,
            NoisePayload.Holepunch holepunch,
            Trail trail,
            Owner owner) {
        this.around = around;
        this.target = spec.remote().target();
        this.policy = spec.punchPolicy();
        this.trail = trail;
        this.slot = holepunch.id();
        this.clientRelay = to.relayAddress();
        this.serverAddress = to.serverAddress();
        this.serverRelays = inOrder(holepunch.relays(), clientRelay);
        this.serverRelay = serverRelays.remove();
        this.owner = owner;
        this.secure = SecurePayload.of(to.session());
        this.tokens =
                new HolepunchTokens(Bytes.random(around.entropy(), HolepunchTokens.SECRET_BYTES));
        this.puncher =
                new Puncher(
                        around.rpc(),
                        around.timers(),
                        around.punchSockets(),
                        around.randomPunches(),
                        around.entropy(),
                        true,
                        trail.natMoved,
                        to.payload().firewall(),
                        this);
    }

    /** The relay that has proved to work, if the server knows it too, and then the others. */
    private static Deque<NoisePayload.Relay> inOrder(
            List<NoisePayload.Relay> relays, Address preferred) {
        Deque<NoisePayload.Relay> ordered = new ArrayDeque<>(relays);
        for (NoisePayload.Relay relay : relays) {
            if (relay.relayAddress().equals(preferred)) {
                ordered.remove(relay);
                ordered.addFirst(relay);
            }
        }
        return ordered;
    }

    void start(long nowNanos) {
        puncher.open(nowNanos);
    }

    void destroy(long nowNanos) {
        over = true;
        puncher.destroy(nowNanos);
        if (request != null) {
            request.cancel(nowNanos);
        }
        if (timer != null) {
            timer.cancel();
        }
    }

    @Override
    public void opened(LocalSocket socket, long nowNanos) {
        probeRound(nowNanos);
    }

    @Override
    public void punched(LocalSocket socket, Address peer, long nowNanos) {
        if (!over) {
            owner.punched(socket, peer, nowNanos);
        }
    }

    @Override
    public void exhausted(long nowNanos) {
        trail.natMoved |= puncher.nat().moved();
        fail(
                Cause.HOLEPUNCH_ABORTED,
                "probes from "
                        + puncher.nat().type()
                        + " to "
                        + puncher.remoteType()
                        + " brought nothing back",
                nowNanos);
    }

    private void probeRound(long nowNanos) {
        puncher.openFor(serverAddress);
        HolepunchPayload probe = payload(false, serverAddress, null, null);
        ask(serverRelay, probe, this::probed, nowNanos);
    }

    private void probed(HolepunchValue reply, HolepunchPayload payload, Answer answer, long now) {
        puncher.remote(
                payload.punching(), payload.firewall(), payload.addresses(), serverAddress, false);
        puncher.sample(answer.to(), answer.from(), now);
        Address peer = reply.peerAddress();
        List<Address> addresses = payload.addresses();
        Probe probe =
                new Probe(
                        payload.token(),
                        peer == null ? answer.from() : peer,
                        addresses == null ? List.of() : List.copyOf(addresses));
        if (puncher.remoteType() == NatType.UNKNOWN) {
            // The server may be finding out, and hope that our probe gets through meanwhile.
            timer =
                    around.timers()
                            .at(now + UNKNOWN_REMOTE_WAIT_NANOS, later -> look(probe, later));
        } else {
            look(probe, now);
        }
    }

    /** What the probe round brought: the server's token, where it is now and says that it is. */
    private record Probe(@Nullable Bytes token, Address server, List<Address> addresses) {}

    private void look(Probe probe, long nowNanos) {
        puncher.analyze(
                false,
                (stable, now) -> {
                    if (stable) {
                        judge(probe, now);
                    } else {
                        puncher.analyze(true, (helped, later) -> again(probe, helped, later), now);
                    }
                },
                nowNanos);
    }

    private void again(Probe probe, boolean helped, long nowNanos) {
        if (helped) {
            repeated = true;
            probeRound(nowNanos);
        } else {
            judge(probe, nowNanos);
        }
    }

    private void judge(Probe probe, long nowNanos) {
        NatType own = puncher.nat().type();
        NatType remote = puncher.remoteType();
        trail.ownNat = own;
        trail.remoteNat = remote;
        if ((remote == NatType.UNKNOWN || probe.token == null) && !repeated) {
            repeated = true;
            probeRound(nowNanos);
        } else if (remote == NatType.UNKNOWN || own == NatType.UNKNOWN) {
            abort(
                    Cause.HOLEPUNCH_PROBE_TIMEOUT,
                    "what the NATs are like was not found out: ours is "
                            + own
                            + ", theirs "
                            + remote,
                    nowNanos);
        } else if (remote == NatType.RANDOM && own == NatType.RANDOM) {
            abort(
                    Cause.HOLEPUNCH_DOUBLE_RANDOMIZED_NATS,
                    "both sides' NATs are RANDOM: they use another port for each remote",
                    nowNanos);
        } else if (!isAdmitted(own, remote, probe)) {
            abort(Cause.HOLEPUNCH_ABORTED, "our own policy does not admit it", nowNanos);
        } else {
            followServer(probe);
            punchRound(probe, nowNanos);
        }
    }

    private boolean isAdmitted(NatType own, NatType remote, Probe probe) {
        List<Address> ownAddresses = puncher.nat().addresses();
        List<Address> ours = ownAddresses == null ? List.of() : List.copyOf(ownAddresses);
        try {
            return policy.admits(own, ours, remote, probe.addresses);
        } catch (RuntimeException e) {
            return false;
        }
    }

    private void followServer(Probe probe) {
        boolean sameRelay = serverRelay.relayAddress().equals(clientRelay);
        if (sameRelay && !probe.server.equals(serverAddress)) {
            serverAddress = probe.server;
            puncher.openFor(serverAddress);
        }
    }

    private void punchRound(Probe probe, long nowNanos) {
        puncher.nat().freeze();
        boolean mustWait = puncher.needsGuessing() && around.randomPunches().mustWait(nowNanos);
        if (mustWait && owner.isRelayed()) {
            if (!toldToWait) {
                toldToWait = true;
                HolepunchPayload wait = payload(false, null, null, probe.token);
                ask(serverRelay, wait, (reply, payload, answer, now) -> {}, nowNanos);
            }
            tryLater(probe, nowNanos);
            return;
        }
        if (mustWait) {
            abort(
                    Cause.TRY_LATER,
                    "too many punches that guess ports are under way or were lately",
                    nowNanos);
            return;
        }
        Bytes token = tokens.tokenFor(serverAddress);
        HolepunchPayload punch = payload(true, null, token, probe.token);
        NoisePayload.Relay through = new NoisePayload.Relay(clientRelay, serverAddress);
        busy = now -> tryLater(probe, now);
        ask(through, punch, (reply, payload, answer, now) -> agreed(payload, token, now), nowNanos);
    }

    private void agreed(HolepunchPayload payload, Bytes token, long nowNanos) {
        Bytes echo = payload.remoteToken();
        boolean echoed = echo != null && echo.equalsInConstantTime(token);
        puncher.remote(
                payload.punching(), payload.firewall(), payload.addresses(), serverAddress, echoed);
        if (!puncher.isRemotePunching()) {
            fail(Cause.REMOTE_NOT_HOLEPUNCHING, "it does not want to punch", nowNanos);
        } else if (!puncher.punch(nowNanos)) {
            fail(
                    Cause.REMOTE_NOT_HOLEPUNCHABLE,
                    "there is no way from "
                            + puncher.nat().type()
                            + " to "
                            + puncher.remoteType()
                            + " at "
                            + payload.addresses(),
                    nowNanos);
        }
    }

    private void tryLater(Probe probe, long nowNanos) {
        long spread = MILLISECONDS.toNanos(around.entropy().nextInt(TRY_LATER_SPREAD_MILLIS));
        long at = nowNanos + TRY_LATER_NANOS + spread;
        timer = around.timers().at(at, later -> punchRound(probe, later));
    }

    private HolepunchPayload payload(
            boolean punching,
            @Nullable Address remoteAddress,
            @Nullable Bytes token,
            @Nullable Bytes remoteToken) {
        return new HolepunchPayload(
                PeerError.NONE,
                puncher.nat().type(),
                round++,
                false,
                punching,
                puncher.nat().addresses(),
                remoteAddress,
                token,
                remoteToken);
    }

    /** What to do with the server's answer. */
    @FunctionalInterface
    private interface Taker {
        void take(HolepunchValue reply, HolepunchPayload payload, Answer answer, long nowNanos);
    }

    private void ask(
            NoisePayload.Relay through, HolepunchPayload payload, Taker taker, long nowNanos) {
        request = around.rpc().request(spec(through, payload), new Reply(taker), nowNanos);
    }

    private RequestSpec spec(NoisePayload.Relay through, HolepunchPayload payload) {
        HolepunchValue value =
                new HolepunchValue(
                        Mode.FROM_CLIENT,
                        slot,
                        secure.seal(payload, around.entropy()),
                        through.peerAddress());
        return RequestSpec.of(through.relayAddress(), Command.PEER_HOLEPUNCH)
                .withSocket(puncher.socket())
                .withTarget(target)
                .withValue(value.encode());
    }

    private final class Reply implements ReplyListener {

        private final Taker taker;

        private Reply(Taker taker) {
            this.taker = taker;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            if (over) {
                return;
            }
            HolepunchValue value = valueOf(answer);
            HolepunchPayload payload = value == null ? null : secure.open(value.payload());
            if (value == null || payload == null) {
                tryNextRelay(Cause.HOLEPUNCH_INVALID, "its answer does not decrypt", nowNanos);
            } else if (payload.error() == PeerError.TRY_LATER && owner.isRelayed()) {
                busy.run(nowNanos);
            } else if (payload.error() == PeerError.TRY_LATER) {
                fail(Cause.TRY_LATER, "it is busy punching for others", nowNanos);
            } else if (payload.error() != PeerError.NONE) {
                fail(Cause.REMOTE_ABORTED, "it aborted with error " + payload.error(), nowNanos);
            } else {
                taker.take(value, payload, answer, nowNanos);
            }
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            if (!over) {
                tryNextRelay(
                        Cause.HOLEPUNCH_ABORTED,
                        "it does not answer about punching through its relays",
                        nowNanos);
            }
        }
    }

    private static @Nullable HolepunchValue valueOf(Answer answer) {
        Bytes value = answer.value();
        if (value == null) {
            return null;
        }
        try {
            HolepunchValue reply = HolepunchValue.decode(value);
            return reply.mode() == Mode.REPLY ? reply : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    private void tryNextRelay(Cause cause, String why, long nowNanos) {
        NoisePayload.Relay next = serverRelays.poll();
        if (next == null || puncher.isOver()) {
            fail(cause, why, nowNanos);
            return;
        }
        serverRelay = next;
        probeRound(nowNanos);
    }

    /** Tells the server that it need not wait, and gives up. */
    private void abort(Cause cause, String why, long nowNanos) {
        HolepunchPayload error = HolepunchPayload.ofError(PeerError.ABORTED, round++);
        around.rpc()
                .request(
                        spec(serverRelay, error).withSocket(around.rpc().mainSocket()),
                        new ReplyListener() {
                            @Override
                            public void answered(Answer answer, long now) {}

                            @Override
                            public void failed(RequestFailure failure, long now) {}
                        },
                        nowNanos);
        fail(cause, why, nowNanos);
    }

    private void fail(Cause cause, String why, long nowNanos) {
        if (!over) {
            destroy(nowNanos);
            owner.punchFailed(cause, why, nowNanos);
        }
    }
}
