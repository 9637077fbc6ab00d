package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.NatType;
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
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
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
 * One attempt to connect to a public key ({@code docs/protocol.md}, "Connecting to a key").
 *
 * <p>First it looks for nodes that know the server and sends the same handshake through them; then,
 * with the server's answer in hand, it takes the best way there. It is over when the server has
 * proved its key over that way, or when there is nothing left to try.
 */
final class Connector implements RawInlet.Doorkeeper, PeerStream.Owner, ClientPunch.Owner {

    static final int PARALLEL_RELAYS = 2;
    static final int PARALLEL_HINTS = 3;
    static final int QUERY_RETRIES = 3;
    static final int MAX_LAN_CANDIDATES = 8;
    static final long HINT_STAGGER_NANOS = MILLISECONDS.toNanos(150);
    static final long HEAD_START_NANOS = MILLISECONDS.toNanos(300);
    static final long PASSIVE_WAIT_NANOS = SECONDS.toNanos(10);

    private final Surroundings around;
    private final ConnectSpec spec;
    private final ConnectListener listener;
    private final Bytes target;
    private final RawInlet inlet = new RawInlet(this);
    private final UdxStream raw;

    private final Deque<Address> hints = new ArrayDeque<>();
    private final Deque<Address> found = new ArrayDeque<>();
    private final Set<Address> tried = new HashSet<>();
    private final List<Address> askedRelays = new ArrayList<>();
    private final Set<PendingRequest> requests = new HashSet<>();
    private final Set<Timers.Timer> timers = new HashSet<>();

    private @Nullable ClientHandshake handshake;

    /** Whether our message said that the server can come to us; what we learn later it never hears. */
    private boolean saidOpen;

    private @Nullable Query query;
    private boolean hinted;
    private boolean searching;
    private boolean searchedWithoutHints;
    private boolean networkAnswered;
    private boolean recordFound;
    private int hintsInFlight;
    private int foundInFlight;

    private @Nullable LocalSocket knockedSocket;
    private @Nullable Address knockedSource;

    private @Nullable Reached reached;
    private @Nullable PeerStream stream;
    private int lanInFlight;
    private @Nullable ClientPunch punch;
    private Cause punchFailure = Cause.CANNOT_HOLEPUNCH;
    private String punchFailureText = "it has no relay to punch through";
    private Timers.@Nullable Timer timeout;
    private boolean over;

    /**
     * The server's answer.
     *
     * @param relayed whether somebody passed it on, rather than the server itself
     * @param serverAddress the server, as seen by the relay
     * @param clientAddress we, as seen by the relay
     */
    private record Reached(
            Finished finished,
            NoisePayload payload,
            NoisePayload.Udx udx,
            Bytes noise,
            boolean relayed,
            Address relayAddress,
            Address serverAddress,
            Address clientAddress,
            LocalSocket socket) {}

    Connector(Surroundings around, ConnectSpec spec, ConnectListener listener) {
        this.around = around;
        this.spec = spec;
        this.listener = listener;
        this.target = spec.remote().target();
        this.raw = around.streams().open(inlet);
    }

    void start(long nowNanos) {
        spec.timeout()
                .ifPresent(
                        limit ->
                                timeout =
                                        around.timers()
                                                .at(nowNanos + limit.toNanos(), this::timedOut));
        hints.addAll(knownRelays(nowNanos));
        hinted = !hints.isEmpty();
        if (hinted) {
            tryNextHint(nowNanos);
            at(nowNanos + HEAD_START_NANOS, this::search);
        } else {
            search(nowNanos);
        }
    }

    /** Ends the attempt from outside; the listener hears of it. */
    void cancel(String why, long nowNanos) {
        fail(Cause.CANCELLED, why, nowNanos);
    }

    private void timedOut(long nowNanos) {
        fail(Cause.TIMED_OUT, "no connection to " + spec.remote() + progress(), nowNanos);
    }

    private String progress() {
        String limit = " within " + spec.timeout().map(d -> d.toMillis() + " ms").orElse("");
        if (stream != null) {
            return limit + ": it answered, but nothing came back over the path to it";
        }
        if (reached != null) {
            return limit + ": it answered, but no path to it was found yet";
        }
        if (!askedRelays.isEmpty()) {
            return limit + ": it has not answered through " + askedRelays;
        }
        return limit + (networkAnswered ? ": no node that knows it was found yet" : "");
    }

    private List<Address> knownRelays(long nowNanos) {
        if (!around.rpc().isEphemeral()) {
            Address own =
                    around.rpc().forward(target, nowNanos).map(ForwardEntry::relay).orElse(null);
            if (own != null) {
                return List.of(own);
            }
        }
        return spec.relays().isEmpty() ? around.relayMemory().of(spec.remote()) : spec.relays();
    }

    // looking for nodes that know the server

    private void tryNextHint(long nowNanos) {
        Address hint = hints.poll();
        if (hint == null || isDecided() || hintsInFlight >= PARALLEL_HINTS) {
            return;
        }
        if (tried.add(hint)) {
            hintsInFlight++;
            ask(hint, true, nowNanos);
        }
        if (!hints.isEmpty() && !isDecided()) {
            at(nowNanos + HINT_STAGGER_NANOS, this::tryNextHint);
        }
    }

    /** Walks towards the server's key; nodes that hold its record turn up on the way. */
    private void search(long nowNanos) {
        if (searching || isDecided() || searchedWithoutHints) {
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
            networkAnswered = true;
            if (isDecided() || !isRecordOfServer(answer.value())) {
                return;
            }
            recordFound = true;
            if (!tried.contains(answer.from())) {
                found.add(answer.from());
                tryNextFound(nowNanos);
            }
        }

        @Override
        public void finished(QueryResult result, long nowNanos) {
            searching = false;
            query = null;
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
        while (foundInFlight < PARALLEL_RELAYS && !isDecided()) {
            Address relay = found.poll();
            if (relay == null) {
                return;
            }
            if (tried.add(relay)) {
                foundInFlight++;
                ask(relay, false, nowNanos);
            }
        }
    }

    private void giveUpIfNothingIsLeft(long nowNanos) {
        if (isDecided() || searching || hintsInFlight + foundInFlight > 0 || !found.isEmpty()) {
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
        if (recordFound) {
            fail(
                    Cause.PEER_CONNECTION_FAILED,
                    "nodes know "
                            + spec.remote()
                            + ", but it answers through none of "
                            + askedRelays
                            + ": it is gone, or its firewall does not admit "
                            + spec.keyPair().publicKey(),
                    nowNanos);
        } else if (networkAnswered) {
            fail(
                    Cause.PEER_NOT_FOUND,
                    "no node of the network knows "
                            + spec.remote()
                            + ": the key is wrong, or its owner is not online",
                    nowNanos);
        } else {
            fail(
                    Cause.NETWORK_UNREACHABLE,
                    "no DHT node answered while looking for "
                            + spec.remote()
                            + ": the network or the bootstrap nodes cannot be reached",
                    nowNanos);
        }
    }

    // the handshake

    private void ask(Address relay, boolean isHint, long nowNanos) {
        ClientHandshake made = handshake(nowNanos);
        if (made == null) {
            return;
        }
        askedRelays.add(relay);
        RequestSpec request =
                RequestSpec.of(relay, Command.PEER_HANDSHAKE)
                        .withTarget(target)
                        .withValue(HandshakeValue.fromClient(made.message()).encode());
        request(
                request,
                new ReplyListener() {
                    @Override
                    public void answered(Answer answer, long now) {
                        left(isHint);
                        take(answer, relay, now);
                        goOn(now);
                    }

                    @Override
                    public void failed(RequestFailure failure, long now) {
                        left(isHint);
                        goOn(now);
                    }
                },
                nowNanos);
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

    /** The handshake all nodes are sent, made when the first of them is asked. */
    private @Nullable ClientHandshake handshake(long nowNanos) {
        if (handshake == null) {
            handshake =
                    ClientHandshake.make(
                            spec.keyPair(), spec.remote(), offer().encode(), around.entropy());
            if (handshake == null) {
                fail(
                        Cause.HANDSHAKE_INVALID,
                        spec.remote() + " is not a point of the curve, so it is nobody's key",
                        nowNanos);
            }
        }
        return handshake;
    }

    private NoisePayload offer() {
        Address reachable = around.rpc().remoteAddress().orElse(null);
        List<Address> addresses = new ArrayList<>();
        if (reachable != null) {
            addresses.add(reachable);
        }
        if (spec.localConnection()) {
            addresses.addAll(around.rpc().localAddresses());
        }
        saidOpen = reachable != null;
        return NoisePayload.ofClient(
                saidOpen ? NatType.OPEN : NatType.UNKNOWN,
                addresses,
                NoisePayload.Udx.of(raw.localId()));
    }

    /** Takes in an answer; the first that is authentic decides. */
    private void take(Answer answer, Address relay, long nowNanos) {
        ClientHandshake made = handshake;
        HandshakeValue value = replyOf(answer);
        if (isDecided() || made == null || value == null) {
            return;
        }
        Finished finished = made.read(value.noise());
        if (finished == null) {
            return;
        }
        NoisePayload payload;
        try {
            payload = NoisePayload.decode(finished.payload());
        } catch (MalformedException e) {
            fail(Cause.SERVER_ERROR, spec.remote() + " answered with nonsense", nowNanos);
            return;
        }
        NoisePayload.Udx udx = payload.udx();
        if (payload.version() != NoisePayload.VERSION) {
            fail(
                    Cause.SERVER_INCOMPATIBLE,
                    spec.remote() + " speaks version " + payload.version() + ", not 1",
                    nowNanos);
        } else if (payload.error() != PeerError.NONE || udx == null) {
            fail(
                    Cause.SERVER_ERROR,
                    spec.remote() + " refused with error " + errorText(payload.error()),
                    nowNanos);
        } else {
            Address peer = value.peerAddress();
            Reached decided =
                    new Reached(
                            finished,
                            payload,
                            udx,
                            value.noise(),
                            peer != null,
                            relay,
                            peer == null ? relay : peer,
                            answer.to(),
                            answer.socket());
            reached = decided;
            stopLooking(nowNanos);
            takePath(decided, nowNanos);
        }
    }

    private static String errorText(long error) {
        if (error == PeerError.TRY_LATER) {
            return error + " (try later)";
        }
        if (error == PeerError.VERSION_MISMATCH) {
            return error + " (version mismatch)";
        }
        return Long.toString(error);
    }

    private static @Nullable HandshakeValue replyOf(Answer answer) {
        Bytes value = answer.value();
        if (value == null) {
            return null;
        }
        try {
            HandshakeValue reply = HandshakeValue.decode(value);
            return reply.mode() == Mode.REPLY && !reply.noise().isEmpty() ? reply : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    // the path

    private void takePath(Reached to, long nowNanos) {
        NoisePayload.Holepunch holepunch = to.payload.holepunch();
        boolean holepunchable = holepunch != null && !holepunch.relays().isEmpty();
        boolean elsewhere = !to.serverAddress.equals(to.relayAddress);
        if (knockedSocket != null && knockedSource != null) {
            connect(knockedSocket, knockedSource, Path.DIRECT, nowNanos);
        } else if (!to.relayed) {
            connect(to.socket, to.relayAddress, Path.DIRECT, nowNanos);
        } else if (to.payload.firewall() == NatType.OPEN || (elsewhere && !holepunchable)) {
            Address address = firstPublicAddress(to);
            connect(around.rpc().mainSocket(), address, Path.DIRECT, nowNanos);
        } else if (saidOpen) {
            at(
                    nowNanos + PASSIVE_WAIT_NANOS,
                    now ->
                            fail(
                                    Cause.HOLEPUNCH_ABORTED,
                                    spec.remote() + " did not come to our open address in 10 s",
                                    now));
        } else {
            boolean sameNetwork = to.clientAddress.host() == to.serverAddress.host();
            if (spec.localConnection() && elsewhere && sameNetwork) {
                tryLocalAddresses(to, nowNanos);
            }
            if (holepunch != null && holepunchable) {
                punch =
                        new ClientPunch(
                                around,
                                target,
                                to.finished.session(),
                                holepunch,
                                to.payload.firewall(),
                                to.relayAddress,
                                to.serverAddress,
                                this);
                punch.start(nowNanos);
            }
            giveUpIfNoPathIsLeft(nowNanos);
        }
    }

    private static Address firstPublicAddress(Reached to) {
        return to.payload.addresses4().stream()
                .filter(address -> !address.isBogon() && address.port() != 0)
                .findFirst()
                .orElse(to.serverAddress);
    }

    /**
     * Sends the same handshake straight to the server's local addresses: whoever answers with the
     * same bytes is the server, and the way there works.
     */
    private void tryLocalAddresses(Reached to, long nowNanos) {
        ClientHandshake made = handshake;
        if (made == null) {
            return;
        }
        Bytes value = HandshakeValue.fromClient(made.message()).encode();
        for (Address address : localCandidates(to.payload.addresses4())) {
            lanInFlight++;
            RequestSpec request =
                    RequestSpec.of(address, Command.PEER_HANDSHAKE)
                            .withSocket(around.rpc().serverSocket())
                            .withTarget(target)
                            .withValue(value);
            request(
                    request,
                    new ReplyListener() {
                        @Override
                        public void answered(Answer answer, long now) {
                            lanInFlight--;
                            HandshakeValue reply = replyOf(answer);
                            if (reply != null && reply.noise().equals(to.noise)) {
                                connect(answer.socket(), address, Path.LAN, now);
                            } else {
                                giveUpIfNoPathIsLeft(now);
                            }
                        }

                        @Override
                        public void failed(RequestFailure failure, long now) {
                            lanInFlight--;
                            giveUpIfNoPathIsLeft(now);
                        }
                    },
                    nowNanos);
        }
    }

    private List<Address> localCandidates(List<Address> theirs) {
        List<Address> ours = around.rpc().localAddresses();
        List<Address> candidates = new ArrayList<>(theirs);
        candidates.removeIf(a -> a.isReserved() || a.port() == 0 || ours.contains(a));
        Address best = LanMatch.best(ours, candidates);
        if (best != null) {
            candidates.remove(best);
            candidates.add(0, best);
        }
        return candidates.subList(0, Math.min(candidates.size(), MAX_LAN_CANDIDATES));
    }

    @Override
    public void punched(LocalSocket socket, Address server, long nowNanos) {
        connect(socket, server, Path.PUNCHED, nowNanos);
    }

    @Override
    public void punchFailed(Cause cause, String why, long nowNanos) {
        punch = null;
        punchFailure = cause;
        punchFailureText = why;
        giveUpIfNoPathIsLeft(nowNanos);
    }

    private void giveUpIfNoPathIsLeft(long nowNanos) {
        if (stream == null && lanInFlight == 0 && punch == null) {
            fail(
                    punchFailure,
                    spec.remote() + " answered, but no way to it was found: " + punchFailureText,
                    nowNanos);
        }
    }

    private void connect(LocalSocket socket, Address address, Path path, long nowNanos) {
        Reached to = reached;
        if (over || stream != null || to == null) {
            return;
        }
        PeerStream made =
                new PeerStream(around, to.finished.session(), raw, to.udx.id(), this, nowNanos);
        stream = made;
        cancelRequests(nowNanos);
        cancelTimers();
        made.candidate(socket, address, path, nowNanos);
        made.read(inlet, nowNanos);
        endPunch(nowNanos);
    }

    private void endPunch(long nowNanos) {
        if (punch != null) {
            punch.destroy(nowNanos);
            punch = null;
        }
    }

    @Override
    public void knocked(LocalSocket socket, Address source, long nowNanos) {
        if (reached != null) {
            boolean punched = around.punchSockets().isOneOf(socket);
            connect(socket, source, punched ? Path.PUNCHED : Path.DIRECT, nowNanos);
        } else if (knockedSocket == null) {
            knockedSocket = socket;
            knockedSource = source;
        }
    }

    @Override
    public void closedUnread(CloseReason reason, long nowNanos) {
        fail(
                Cause.PEER_CONNECTION_FAILED,
                spec.remote() + " let go before it answered: " + reason.text(),
                nowNanos);
    }

    @Override
    public void proved(PeerStream proved, long nowNanos) {
        Reached to = reached;
        if (over || to == null) {
            return;
        }
        over = true;
        cancelTimeout();
        List<Address> relays = to.payload.relayAddresses();
        around.relayMemory()
                .remember(spec.remote(), relays == null || relays.isEmpty() ? askedRelays : relays);
        listener.connected(proved, nowNanos);
    }

    @Override
    public void pathless(PeerStream pathless, long nowNanos) {
        fail(
                Cause.PATH_DEAD,
                spec.remote()
                        + " answered, but nothing came back over the "
                        + pathless.path()
                        + " path",
                nowNanos);
    }

    @Override
    public void closed(PeerStream closed, CloseReason reason, long nowNanos) {
        if (over) {
            listener.closed(closed, nowNanos);
            return;
        }
        fail(
                Cause.PATH_DEAD,
                spec.remote()
                        + " answered, but nothing came back over the "
                        + closed.path()
                        + " path: "
                        + reason.text(),
                nowNanos);
    }

    // the end

    /** Whether it is known how the handshake went. */
    private boolean isDecided() {
        return over || reached != null;
    }

    private void stopLooking(long nowNanos) {
        found.clear();
        hints.clear();
        cancelRequests(nowNanos);
        cancelTimers();
        if (query != null) {
            query.cancel(nowNanos);
        }
    }

    private void fail(Cause cause, String text, long nowNanos) {
        if (over) {
            return;
        }
        over = true;
        cancelTimeout();
        stopLooking(nowNanos);
        endPunch(nowNanos);
        if (stream != null) {
            stream.destroy(new CloseReason.ByUs(text), nowNanos);
        } else {
            raw.destroy(nowNanos);
        }
        if (handshake != null) {
            handshake.discard();
        }
        listener.failed(new ConnectFailure(cause, text), nowNanos);
    }

    private void request(RequestSpec request, ReplyListener asker, long nowNanos) {
        requests.add(around.rpc().request(request, asker, nowNanos));
    }

    private void cancelRequests(long nowNanos) {
        List<PendingRequest> open = List.copyOf(requests);
        requests.clear();
        open.forEach(request -> request.cancel(nowNanos));
    }

    private void at(long deadlineNanos, Timers.Task task) {
        timers.add(around.timers().at(deadlineNanos, task));
    }

    private void cancelTimeout() {
        if (timeout != null) {
            timeout.cancel();
        }
    }

    private void cancelTimers() {
        timers.forEach(Timers.Timer::cancel);
        timers.clear();
    }
}
