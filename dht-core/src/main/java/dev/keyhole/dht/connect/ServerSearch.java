package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.store.ForwardEntry;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for nodes that know a server, and shakes hands with it through them ({@code
 * docs/protocol.md}, "Connecting to a key").
 *
 * <p>Nodes that knew it before are asked first. Only if none of them brings an answer soon does the
 * walk through the network begin. All are sent the same message, and the first answer that is
 * authentic decides.
 */
final class ServerSearch {

    static final int PARALLEL_RELAYS = 2;
    static final int PARALLEL_HINTS = 3;
    static final int QUERY_RETRIES = 3;
    static final long HINT_STAGGER_NANOS = MILLISECONDS.toNanos(150);

    /** How long those who are said to know the server are asked before the walk begins. */
    static final long MAX_HEAD_START_NANOS = MILLISECONDS.toNanos(300);

    static final long MIN_HEAD_START_NANOS = MILLISECONDS.toNanos(30);

    private final Surroundings around;
    private final ConnectSpec spec;
    private final ClientHandshake handshake;
    private final boolean saidOpen;
    private final Trail trail;
    private final Owner owner;
    private final Bytes target;

    private final Deque<Address> hints = new ArrayDeque<>();
    private final Deque<Address> found = new ArrayDeque<>();
    private final Set<Address> tried = new HashSet<>();
    private final Set<PendingRequest> requests = new HashSet<>();
    private final Set<Timers.Timer> timers = new HashSet<>();

    private @Nullable Query query;
    private boolean hinted;
    private boolean searching;
    private boolean searchedWithoutHints;
    private int hintsInFlight;
    private int foundInFlight;
    private boolean over;

    /** Who wants the server found. Hears exactly one of the two. */
    interface Owner {

        void reached(Reached reached, long nowNanos);

        void notReached(Cause cause, String why, long nowNanos);
    }

    /**
     * A search that has not begun.
     *
     * @param saidOpen whether the handshake says that the server can come to us
     */
    ServerSearch(
            Surroundings around,
            ConnectSpec spec,
            ClientHandshake handshake,
            boolean saidOpen,
            Trail trail,
            Owner owner) {
        this.around = around;
        this.spec = spec;
        this.handshake = handshake;
        this.saidOpen = saidOpen;
        this.trail = trail;
        this.owner = owner;
        this.target = spec.remote().target();
    }

    void start(long nowNanos) {
        RelayMemory.Route remembered = around.relayMemory().of(spec.remote());
        hints.addAll(knownRelays(remembered, nowNanos));
        SocketRoutes.SocketRoute direct = directRoute();
        hinted = !hints.isEmpty() || direct != null;
        if (hinted) {
            if (direct != null) {
                hintsInFlight++;
                ask(direct.server(), direct.socket(), true, nowNanos);
                at(nowNanos + HINT_STAGGER_NANOS, this::tryNextHint);
            } else {
                tryNextHint(nowNanos);
            }
            at(nowNanos + headStartNanos(remembered), this::search);
        } else {
            search(nowNanos);
        }
    }

    /** The way over a socket that both sides kept; forgotten once the socket is closed. */
    private SocketRoutes.@Nullable SocketRoute directRoute() {
        SocketRoutes.SocketRoute route =
                spec.reusableSocket() ? around.socketRoutes().of(spec.remote()) : null;
        if (route == null) {
            return null;
        }
        LocalSocket socket = route.socket();
        boolean open =
                around.punchSockets().isOneOf(socket)
                        || socket.equals(around.rpc().mainSocket())
                        || socket.equals(around.rpc().serverSocket());
        if (!open) {
            around.socketRoutes().forget(spec.remote(), route);
        }
        return open ? route : null;
    }

    private List<Address> knownRelays(RelayMemory.@Nullable Route remembered, long nowNanos) {
        if (!around.rpc().isEphemeral()) {
            Address own =
                    around.rpc().forward(target, nowNanos).map(ForwardEntry::relay).orElse(null);
            if (own != null) {
                return List.of(own);
            }
        }
        if (!spec.relays().isEmpty()) {
            return spec.relays();
        }
        return remembered == null ? List.of() : remembered.relays();
    }

    /** Twice the time that an answer took before, if that is known. */
    private static long headStartNanos(RelayMemory.@Nullable Route remembered) {
        if (remembered == null || remembered.roundTripNanos() <= 0) {
            return MAX_HEAD_START_NANOS;
        }
        long twice = 2 * remembered.roundTripNanos();
        return Math.max(MIN_HEAD_START_NANOS, Math.min(twice, MAX_HEAD_START_NANOS));
    }

    // looking for nodes that know the server

    private void tryNextHint(long nowNanos) {
        Address hint = hints.poll();
        if (hint == null || over || hintsInFlight >= PARALLEL_HINTS) {
            if (hint != null) {
                hints.addFirst(hint);
            }
            return;
        }
        if (tried.add(hint)) {
            hintsInFlight++;
            ask(hint, null, true, nowNanos);
        }
        if (!hints.isEmpty() && !over) {
            at(nowNanos + HINT_STAGGER_NANOS, this::tryNextHint);
        }
    }

    /** Walks towards the server's key; nodes that hold its record turn up on the way. */
    private void search(long nowNanos) {
        if (searching || over || searchedWithoutHints) {
            return;
        }
        searching = true;
        searchedWithoutHints = !hinted;
        QuerySpec walk =
                QuerySpec.of(target, Command.FIND_PEER)
                        .withRetries(QUERY_RETRIES)
                        .withStart(hinted ? List.copyOf(tried) : List.of());
        query = around.rpc().query(walk, new Search(), nowNanos);
    }

    private final class Search implements QueryListener {

        @Override
        public void answer(Answer answer, long nowNanos) {
            trail.nodesAnswered++;
            if (over || !isRecordOfServer(answer.value())) {
                return;
            }
            trail.nodesKnowing++;
            if (!tried.contains(answer.from())) {
                found.add(answer.from());
                tryNextFound(nowNanos);
            }
        }

        @Override
        public void finished(QueryResult result, long nowNanos) {
            searching = false;
            query = null;
            trail.nodesClosest = Math.max(trail.nodesClosest, result.closest().size());
            giveUpIfNothingIsLeft(nowNanos);
        }
    }

    private boolean isRecordOfServer(@Nullable Bytes value) {
        if (value == null) {
            return false;
        }
        try {
            return PeerRecord.decode(new WireReader(value)).publicKey().equals(spec.remote());
        } catch (MalformedException e) {
            return false;
        }
    }

    private void tryNextFound(long nowNanos) {
        while (foundInFlight < PARALLEL_RELAYS && !over) {
            Address relay = found.poll();
            if (relay == null) {
                return;
            }
            if (tried.add(relay)) {
                foundInFlight++;
                ask(relay, null, false, nowNanos);
            }
        }
    }

    private void giveUpIfNothingIsLeft(long nowNanos) {
        if (over || searching || hintsInFlight + foundInFlight > 0 || !found.isEmpty()) {
            return;
        }
        if (!hints.isEmpty()) {
            tryNextHint(nowNanos);
            return;
        }
        if (hinted) {
            hinted = false;
            around.relayMemory().forget(spec.remote());
            search(nowNanos);
            return;
        }
        if (trail.nodesKnowing > 0) {
            end(
                    Cause.PEER_CONNECTION_FAILED,
                    trail.nodesKnowing
                            + " nodes know "
                            + spec.remote()
                            + ", but in "
                            + trail.elapsedMillis(nowNanos)
                            + " ms it answered through none of "
                            + trail.relaysAsked
                            + ": it is gone, or its firewall does not admit "
                            + spec.keyPair().publicKey(),
                    nowNanos);
        } else if (trail.nodesAnswered > 0) {
            end(
                    Cause.PEER_NOT_FOUND,
                    "none of "
                            + trail.nodesAnswered
                            + " nodes, among them the "
                            + trail.nodesClosest
                            + " closest to the key, knows "
                            + spec.remote()
                            + ": the key is wrong, or its owner is not online",
                    nowNanos);
        } else {
            end(
                    Cause.NETWORK_UNREACHABLE,
                    "no DHT node answered while looking for "
                            + spec.remote()
                            + ": the network or the bootstrap nodes cannot be reached",
                    nowNanos);
        }
    }

    // the handshake

    private void ask(Address relay, @Nullable LocalSocket over, boolean isHint, long nowNanos) {
        trail.asked(relay);
        RequestSpec request =
                RequestSpec.of(relay, Command.PEER_HANDSHAKE)
                        .withTarget(target)
                        .withValue(HandshakeValue.fromClient(handshake.message()).encode());
        requests.add(
                around.rpc()
                        .request(
                                over == null ? request : request.withSocket(over),
                                new ReplyListener() {
                                    @Override
                                    public void answered(Answer answer, long now) {
                                        left(isHint);
                                        take(answer, relay, now - nowNanos, now);
                                        goOn(now);
                                    }

                                    @Override
                                    public void failed(RequestFailure failure, long now) {
                                        left(isHint);
                                        goOn(now);
                                    }
                                },
                                nowNanos));
    }

    private void left(boolean isHint) {
        if (isHint) {
            hintsInFlight--;
        } else {
            foundInFlight--;
        }
    }

    private void goOn(long nowNanos) {
        tryNextFound(nowNanos);
        giveUpIfNothingIsLeft(nowNanos);
    }

    /** Takes in an answer; the first that is authentic decides. */
    private void take(Answer answer, Address relay, long roundTripNanos, long nowNanos) {
        HandshakeValue value = HandshakeValue.replyIn(answer.value());
        if (over || value == null) {
            return;
        }
        Finished finished = handshake.read(value.noise());
        if (finished == null) {
            trail.forgedAnswers++;
            return;
        }
        NoisePayload payload;
        try {
            payload = NoisePayload.decode(finished.payload());
        } catch (MalformedException e) {
            end(Cause.SERVER_ERROR, spec.remote() + " answered with nonsense", nowNanos);
            return;
        }
        NoisePayload.Udx udx = payload.udx();
        if (payload.version() != NoisePayload.VERSION) {
            end(
                    Cause.SERVER_INCOMPATIBLE,
                    spec.remote() + " speaks version " + payload.version() + ", not 1",
                    nowNanos);
        } else if (payload.error() != PeerError.NONE || udx == null) {
            end(
                    Cause.SERVER_ERROR,
                    spec.remote() + " refused with error " + errorText(payload.error()),
                    nowNanos);
        } else {
            Address peer = value.peerAddress();
            over = true;
            stop(nowNanos);
            owner.reached(
                    new Reached(
                            handshake,
                            finished.session(),
                            payload,
                            udx,
                            value.noise(),
                            peer != null,
                            saidOpen,
                            relay,
                            peer == null ? relay : peer,
                            answer.to(),
                            answer.socket(),
                            roundTripNanos),
                    nowNanos);
        }
    }

    private static String errorText(long error) {
        if (error == PeerError.ABORTED) {
            return error + " (not admitted)";
        }
        if (error == PeerError.TRY_LATER) {
            return error + " (try later)";
        }
        if (error == PeerError.VERSION_MISMATCH) {
            return error + " (version mismatch)";
        }
        return Long.toString(error);
    }

    // the end

    /** Gives the search up; the owner hears nothing more. */
    void cancel(long nowNanos) {
        over = true;
        stop(nowNanos);
    }

    private void end(Cause cause, String why, long nowNanos) {
        if (!over) {
            cancel(nowNanos);
            owner.notReached(cause, why, nowNanos);
        }
    }

    private void stop(long nowNanos) {
        found.clear();
        hints.clear();
        timers.forEach(Timers.Timer::cancel);
        timers.clear();
        List<PendingRequest> open = new ArrayList<>(requests);
        requests.clear();
        open.forEach(request -> request.cancel(nowNanos));
        if (query != null) {
            query.cancel(nowNanos);
        }
    }

    private void at(long deadlineNanos, Timers.Task task) {
        timers.add(around.timers().at(deadlineNanos, task));
    }
}
