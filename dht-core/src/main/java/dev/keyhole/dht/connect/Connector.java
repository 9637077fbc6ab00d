package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect to a public key ({@code docs/protocol.md}, "Connecting to a key").
 *
 * <p>First it looks for nodes that know the server and sends the same handshake through them; then,
 * with the server's answer in hand, it looks for a way there. It is over when the server has proved
 * its key over some way, or when there is nothing left to try.
 */
final class Connector {

    /** How long to wait, at least, when the server or we ourselves are busy punching for others. */
    static final long TRY_LATER_NANOS = SECONDS.toNanos(10);

    /** How much longer than that at most, so that not all who wait come back at once. */
    static final int TRY_LATER_SPREAD_MILLIS = 10_000;

    private final Surroundings around;
    private final ConnectSpec spec;
    private final ConnectListener listener;
    private final long deadlineNanos;
    private final Trail trail;
    private final Set<PublicKey> failedRelays = new HashSet<>();
    private @Nullable Round round;
    private boolean distrusted;
    private Timers.@Nullable Timer timeout;
    private Timers.@Nullable Timer pause;
    private boolean over;

    Connector(Surroundings around, ConnectSpec spec, ConnectListener listener, long nowNanos) {
        this.around = around;
        this.spec = spec;
        this.listener = listener;
        this.trail = new Trail(nowNanos);
        this.deadlineNanos = nowNanos + spec.timeout().map(Duration::toNanos).orElse(0L);
    }

    void start(long nowNanos) {
        if (spec.timeout().isPresent()) {
            timeout = around.timers().at(deadlineNanos, this::timedOut);
        }
        again(nowNanos);
    }

    /** Ends the attempt from outside; the listener hears of it. */
    void cancel(String why, long nowNanos) {
        fail(Cause.CANCELLED, why, nowNanos);
    }

    /** Begins from the handshake, with a stream of its own. */
    private void again(long nowNanos) {
        if (!over) {
            Round next = new Round();
            round = next;
            next.start(nowNanos);
        }
    }

    private void timedOut(long nowNanos) {
        fail(Cause.TIMED_OUT, "no connection to " + spec.remote() + progress(), nowNanos);
    }

    private String progress() {
        String limit = " within " + spec.timeout().map(d -> d.toMillis() + " ms").orElse("");
        return limit
                + switch (trail.step) {
                    case PROOF -> ": it answered, but nothing came back from " + trail.ways;
                    case PATH -> ": it answered, but no path to it was found yet";
                    case HANDSHAKE -> ": it has not answered through " + trail.relaysAsked;
                    case LOOKUP ->
                            trail.nodesAnswered > 0
                                    ? ": none of "
                                            + trail.nodesAnswered
                                            + " nodes that answered knows it"
                                    : ": no DHT node has answered";
                };
    }

    private void connected(PeerStream stream, Reached reached, long nowNanos) {
        over = true;
        cancelTimers();
        around.relayMemory().remember(spec.remote(), route(reached));
        listener.connected(stream, nowNanos);
    }

    /** The relays that the server names, led by the one through which it answered. */
    private RelayMemory.Route route(Reached reached) {
        List<Address> named = reached.payload().relayAddresses();
        List<Address> relays =
                new ArrayList<>(
                        named == null || named.isEmpty() ? trail.relaysAsked : List.copyOf(named));
        if (relays.remove(reached.relayAddress())) {
            relays.add(0, reached.relayAddress());
        }
        return new RelayMemory.Route(relays, reached.roundTripNanos());
    }

    private void failed(Cause cause, String why, long nowNanos) {
        if (trail.natMoved && !distrusted && !over) {
            // A new handshake, since the server has begun and will end what the old one agreed on.
            distrusted = true;
            again(nowNanos);
            return;
        }
        boolean isBusy = cause == Cause.TRY_LATER;
        long spread = MILLISECONDS.toNanos(around.entropy().nextInt(TRY_LATER_SPREAD_MILLIS));
        long at = nowNanos + TRY_LATER_NANOS + spread;
        if (cause == Cause.RELAY_ABORTED && !over && round != null && round.passOver()) {
            again(nowNanos);
        } else if (isBusy && spec.timeout().isPresent() && at < deadlineNanos && !over) {
            pause = around.timers().at(at, this::again);
        } else {
            fail(cause, why, nowNanos);
        }
    }

    private void fail(Cause cause, String text, long nowNanos) {
        if (over) {
            return;
        }
        over = true;
        cancelTimers();
        if (round != null) {
            round.cancel(text, nowNanos);
        }
        listener.failed(new ConnectFailure(cause, text, trail.evidence(nowNanos)), nowNanos);
    }

    private void cancelTimers() {
        if (timeout != null) {
            timeout.cancel();
        }
        if (pause != null) {
            pause.cancel();
        }
    }

    /** One handshake and what follows from it. */
    private final class Round implements RawInlet.Doorkeeper, ServerSearch.Owner, PathSearch.Owner {

        private final RawInlet inlet = new RawInlet(this);
        private final UdxStream raw = around.streams().open(inlet);
        private NoisePayload.@Nullable RelayThrough relay;
        private @Nullable ClientHandshake handshake;
        private @Nullable ServerSearch servers;
        private @Nullable Reached reached;
        private @Nullable PathSearch paths;
        private @Nullable LocalSocket knockedSocket;
        private @Nullable Address knockedSource;
        private SocketRoutes.@Nullable SocketRoute kept;
        private boolean ended;

        private void start(long nowNanos) {
            Address reachable = around.rpc().remoteAddress().orElse(null);
            relay = chooseRelay(nowNanos);
            ClientHandshake made =
                    ClientHandshake.make(
                            spec.keyPair(),
                            spec.remote(),
                            offer(reachable).encode(),
                            around.entropy());
            if (made == null) {
                fail(
                        Cause.HANDSHAKE_INVALID,
                        spec.remote() + " is not a point of the curve, so it is nobody's key",
                        nowNanos);
                return;
            }
            handshake = made;
            boolean saidOpen = reachable != null;
            servers = new ServerSearch(around, spec, made, saidOpen, trail, this);
            servers.start(nowNanos);
        }

        /** Names one of the blind relays that have not failed yet. */
        private NoisePayload.@Nullable RelayThrough chooseRelay(long nowNanos) {
            List<PublicKey> left = relaysLeft();
            return left.isEmpty()
                    ? null
                    : NoisePayload.RelayThrough.of(
                            around.relays().choose(left, nowNanos), around.entropy());
        }

        private List<PublicKey> relaysLeft() {
            List<PublicKey> left = new ArrayList<>(spec.relayThrough());
            left.removeAll(failedRelays);
            return left;
        }

        /** Takes no account of the relay named in this round any more; says if there are others. */
        private boolean passOver() {
            return relay != null && failedRelays.add(relay.publicKey()) && !relaysLeft().isEmpty();
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
                    NoisePayload.Udx.of(raw.localId(), spec.reusableSocket()),
                    relay);
        }

        @Override
        public void reached(Reached to, long nowNanos) {
            reached = to;
            RelayPlan.Choice choice =
                    RelayPlan.choose(relay, relaysLeft().size() > 1, to.payload().relayThrough());
            PathSearch search = new PathSearch(around, spec, to, choice, inlet, raw, trail, this);
            paths = search;
            if (knockedSocket != null && knockedSource != null) {
                search.knocked(knockedSocket, knockedSource, nowNanos);
            }
            search.start(nowNanos);
        }

        @Override
        public void notReached(Cause cause, String why, long nowNanos) {
            ended = true;
            raw.destroy(nowNanos);
            failed(cause, why, nowNanos);
        }

        @Override
        public void knocked(LocalSocket socket, Address source, long nowNanos) {
            if (paths != null) {
                paths.knocked(socket, source, nowNanos);
            } else if (knockedSocket == null) {
                knockedSocket = socket;
                knockedSource = source;
            }
        }

        @Override
        public void closedUnread(CloseReason reason, long nowNanos) {
            if (paths == null && !ended) {
                fail(
                        Cause.PEER_CONNECTION_FAILED,
                        spec.remote() + " let go before it answered: " + reason.text(),
                        nowNanos);
            }
        }

        @Override
        public void connected(PeerStream stream, long nowNanos) {
            Reached to = reached;
            if (to != null) {
                discard();
                // The stream keeps this round for as long as it lives, but not how it came about.
                handshake = null;
                servers = null;
                reached = null;
                keepSocketIfAgreed(stream, to);
                Connector.this.connected(stream, to, nowNanos);
            }
        }

        private void keepSocketIfAgreed(PeerStream stream, Reached to) {
            boolean agreed = spec.reusableSocket() && to.udx().reusableSocket();
            LocalSocket socket = stream.socket();
            if (agreed && socket != null && stream.path() != Path.RELAYED) {
                stream.keepSocket();
                kept = new SocketRoutes.SocketRoute(socket, stream.remoteAddress());
                around.socketRoutes().remember(spec.remote(), kept);
            }
        }

        @Override
        public void closed(PeerStream stream, CloseReason reason, long nowNanos) {
            boolean orderly =
                    reason instanceof CloseReason.Ended || reason instanceof CloseReason.ByUs;
            if (kept != null && !orderly) {
                around.socketRoutes().forget(spec.remote(), kept);
            }
            listener.closed(stream, nowNanos);
        }

        @Override
        public void noPath(Cause cause, String why, long nowNanos) {
            failed(cause, why, nowNanos);
        }

        private void cancel(String why, long nowNanos) {
            ended = true;
            if (servers != null) {
                servers.cancel(nowNanos);
            }
            if (paths != null) {
                paths.cancel(why, nowNanos);
            } else {
                raw.destroy(nowNanos);
            }
            discard();
        }

        private void discard() {
            if (handshake != null) {
                handshake.discard();
            }
        }
    }
}
