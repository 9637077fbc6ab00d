package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One distinct first message and what became of it. */
final class ServerSlot
        implements RawInlet.Doorkeeper, PeerStream.Owner, ServerPunch.Owner, RelayPlan.Owner {

    static final long PUNCH_DEADLINE_NANOS = SECONDS.toNanos(60);
    static final long CLIENT_DEADLINE_NANOS = SECONDS.toNanos(10);
    static final long SLOT_LINGER_NANOS = SECONDS.toNanos(10);

    private static final int MAX_WAITING_COPIES = 8;
    private static final int MAX_LAN_ADDRESSES = 8;

    private static final Bytes PROLOGUE = Namespace.PEER_HANDSHAKE;

    private final Acceptor server;
    private final Surroundings around;
    private final ServerConfig config;
    private final ServerCounters counters;
    private final ServerStreams streams;
    private final ServerSlots slots;
    final Bytes noise;
    final int id;
    final Address client;
    final Address relay;
    private final RawInlet inlet = new RawInlet(this);

    private @Nullable Bytes reply;
    private @Nullable Finished finished;
    private @Nullable UdxStream raw;
    private int remoteStreamId;
    private boolean keepsSocket;
    private boolean isPending;
    private boolean isDenied;
    private boolean punchBegan;
    private @Nullable ServerPunch punch;
    private @Nullable PunchRefusal refusal;
    private boolean onCommonNetwork;
    private boolean answersFromPunchSocket;
    private @Nullable LocalSocket punchSocket;
    private @Nullable PeerStream stream;
    private @Nullable RelayPlan relayPlan;
    private boolean relayIsTheirChoice;
    private final List<Copy> waiting = new ArrayList<>(1);
    private Timers.@Nullable Timer timer;

    /** A copy of a first message whose answer waits for the socket it is to leave from. */
    private record Copy(Serve serve, IncomingRequest request) {}

    ServerSlot(Acceptor server, Bytes noise, int id, Address client, Address relay) {
        this.server = server;
        this.around = server.around;
        this.config = server.config;
        this.counters = server.counters;
        this.streams = server.streams;
        this.slots = server.slots;
        this.noise = noise;
        this.id = id;
        this.client = client;
        this.relay = relay;
    }

    /** Finds out what to answer, once. */
    void decide(Serve serve, IncomingRequest request, long nowNanos) {
        IkResponder responder;
        NoisePayload payload;
        try {
            responder = IkResponder.read(server.keyPair, PROLOGUE, noise);
            payload = NoisePayload.decode(responder.payload());
        } catch (HandshakeException | MalformedException e) {
            counters.undecryptable++;
            clearLater(nowNanos);
            return;
        }
        PublicKey remote = responder.remotePublicKey();
        if (server.isDenied(remote, new Origin(client, serve.direct()))) {
            counters.denied++;
            isDenied = true;
            if (config.tellDenied()) {
                Bytes denial = NoisePayload.ofError(PeerError.ABORTED).encode();
                reply = responder.reply(denial, around.entropy()).message();
            } else {
                responder.discard();
            }
            clearLater(nowNanos);
            return;
        }
        long error = errorOf(payload);
        PeerStream relayed = error == PeerError.NONE ? relayed(payload, remote) : null;
        if (error == PeerError.NONE && relayed == null && server.isFull(remote)) {
            error = PeerError.TRY_LATER;
        }
        boolean isNew = error == PeerError.NONE && relayed == null;
        UdxStream unread = isNew ? around.streams().open(inlet) : null;
        NoisePayload.RelayThrough ownRelay = relayed == null ? ownRelay(nowNanos) : null;
        int streamId = unread == null ? 0 : unread.localId();
        NoisePayload.Udx udx = payload.udx();
        keepsSocket = isNew && udx != null && udx.reusableSocket();
        Bytes answer =
                server.answerPayload(
                                error,
                                id,
                                relayed == null ? streamId : relayed.localId(),
                                keepsSocket,
                                ownRelay)
                        .encode();
        Finished done = responder.reply(answer, around.entropy());
        reply = done.message();
        if (udx == null || (unread == null && relayed == null)) {
            counters.answeredWithError++;
            clearLater(nowNanos);
            return;
        }
        raw = unread;
        stream = relayed;
        finished = done;
        remoteStreamId = udx.id();
        begin();
        if (serve.direct()) {
            connect(request.socket(), client, Path.DIRECT, nowNanos);
        } else if (payload.firewall() == NatType.OPEN && !client.isReserved()) {
            connect(around.rpc().mainSocket(), client, Path.DIRECT, nowNanos);
        } else {
            expect(done, payload, request.to(), nowNanos);
            relayPlan =
                    relayed == null ? planRelay(ownRelay, payload.relayThrough(), streamId) : null;
            if (relayPlan != null) {
                relayPlan.askLater(nowNanos);
            }
        }
        if (relayed != null && timer == null) {
            settle(nowNanos);
        }
    }

    /** Gets ready for a client that has to find its way here. */
    private void expect(Finished done, NoisePayload payload, Address seenAt, long nowNanos) {
        onCommonNetwork = isOnCommonNetwork(payload, seenAt);
        if (onCommonNetwork) {
            expectNeighbour(payload);
        }
        timer = around.timers().at(nowNanos + CLIENT_DEADLINE_NANOS, this::abandon);
        if (server.reachableAddress() == null) {
            preparePunch(done, payload, nowNanos);
        }
    }

    /** The stream that the client has, through a relay, and wants another way for. */
    private @Nullable PeerStream relayed(NoisePayload payload, PublicKey remote) {
        NoisePayload.Udx udx = payload.udx();
        if (udx == null || !udx.resumable()) {
            return null;
        }
        return streams.of(remote).stream()
                .filter(known -> known.isRelayed(udx.id()))
                .findFirst()
                .orElse(null);
    }

    private NoisePayload.@Nullable RelayThrough ownRelay(long nowNanos) {
        return config.relayThrough().isEmpty()
                ? null
                : NoisePayload.RelayThrough.of(
                        around.relays().choose(config.relayThrough(), nowNanos), around.entropy());
    }

    /** The blind relay to fall back on: ours, or else the one that the client has named. */
    private @Nullable RelayPlan planRelay(
            NoisePayload.@Nullable RelayThrough own,
            NoisePayload.@Nullable RelayThrough theirs,
            int streamId) {
        NoisePayload.RelayThrough agreed = own == null ? theirs : own;
        if (agreed == null) {
            return null;
        }
        if (own == null) {
            if (!slots.takeRelay()) {
                counters.overLimit++;
                return null;
            }
            relayIsTheirChoice = true;
        }
        RelayPlan.Choice choice =
                new RelayPlan.Choice(
                        agreed.publicKey(), own != null, agreed.token(), Relays.PAIRING_NANOS);
        return new RelayPlan(around, choice, streamId, this);
    }

    @Override
    public void relayPaired(LocalSocket socket, Address relay, int relayStreamId, long nowNanos) {
        relayDecided();
        PeerStream made = streamTo(nowNanos);
        if (made == null) {
            endRelay(nowNanos);
            return;
        }
        made.candidate(socket, relay, relayStreamId, Path.RELAYED, nowNanos);
        begin(made, nowNanos);
    }

    @Override
    public void relayLost(String why, long nowNanos) {
        relayDecided();
        relayPlan = null;
        PeerStream lost = stream;
        if (lost == null) {
            if (timer == null) {
                abandon(nowNanos);
            }
        } else if (lost.isProved() && lost.path() == Path.RELAYED) {
            lost.destroy(new CloseReason.Unreachable(why), nowNanos);
        }
    }

    private void relayDecided() {
        if (relayIsTheirChoice) {
            relayIsTheirChoice = false;
            slots.giveRelay();
        }
    }

    void endRelay(long nowNanos) {
        relayDecided();
        if (relayPlan != null) {
            relayPlan.end(nowNanos);
            relayPlan = null;
        }
    }

    /**
     * Opens a socket to punch from. The client is to learn that socket's address, so the answer
     * leaves from there, unless the two are likely to meet on a common network.
     */
    private void preparePunch(Finished done, NoisePayload payload, long nowNanos) {
        if (!config.punching() || !slots.takePunch()) {
            long why = config.punching() ? PeerError.TRY_LATER : PeerError.ABORTED;
            refusal = new PunchRefusal(around, done.session(), why);
            return;
        }
        ServerPunch prepared =
                new ServerPunch(around, server.announcer, done.session(), payload.firewall(), this);
        punch = prepared;
        answersFromPunchSocket = !onCommonNetwork;
        prepared.open(nowNanos);
    }

    private boolean isOnCommonNetwork(NoisePayload payload, Address seenAt) {
        List<Address> theirs = new ArrayList<>(payload.addresses4());
        theirs.removeIf(address -> !address.isPrivate());
        return config.shareLocalAddress()
                && client.host() == seenAt.host()
                && LanMatch.best(around.rpc().localAddresses(), theirs) != null;
    }

    /** Its message will come from its server socket to ours, if no firewall of ours drops it. */
    private void expectNeighbour(NoisePayload payload) {
        payload.addresses4().stream()
                .filter(Address::isPrivate)
                .limit(MAX_LAN_ADDRESSES)
                .forEach(a -> around.punchSockets().expect(around.rpc().serverSocket(), a));
    }

    void holepunch(Serve serve, IncomingRequest request, long nowNanos) {
        if (punch != null) {
            punch.take(serve, request, nowNanos);
        } else if (refusal != null) {
            refusal.answer(serve, request, nowNanos);
        }
    }

    private void endPunch(long nowNanos) {
        ServerPunch ended = punch;
        if (ended != null) {
            punch = null;
            slots.givePunch();
            ended.destroy(nowNanos);
            if (!isPending) {
                clearLater(nowNanos);
            }
        }
    }

    @Override
    public void punchSocket(@Nullable LocalSocket socket, long nowNanos) {
        punchSocket = socket;
        answersFromPunchSocket &= socket != null;
        List<Copy> copies = List.copyOf(waiting);
        waiting.clear();
        copies.forEach(copy -> answer(copy.serve, copy.request, nowNanos));
    }

    @Override
    public void punching(long nowNanos) {
        punchBegan = true;
        if (timer != null) {
            timer.cancel();
        }
        timer = around.timers().at(nowNanos + PUNCH_DEADLINE_NANOS, this::abandon);
    }

    @Override
    public void toldToTryLater() {
        counters.toldToTryLater++;
    }

    @Override
    public void punchFailed(long nowNanos) {
        endPunch(nowNanos);
        if (punchBegan) {
            abandon(nowNanos);
        }
        // Else the client may still come by another way, until its time is up.
    }

    private static long errorOf(NoisePayload payload) {
        if (payload.version() != NoisePayload.VERSION) {
            return PeerError.VERSION_MISMATCH;
        }
        if (payload.udx() == null) {
            return PeerError.ABORTED;
        }
        return PeerError.NONE;
    }

    /** Sends the answer on its way, if there is one. */
    void answer(Serve serve, IncomingRequest request, long nowNanos) {
        if (reply == null) {
            return;
        }
        LocalSocket socket = request.socket();
        if (answersFromPunchSocket && !serve.direct()) {
            if (punchSocket == null) {
                if (waiting.size() < MAX_WAITING_COPIES) {
                    waiting.add(new Copy(serve, request));
                }
                return;
            }
            socket = punchSocket;
        }
        serve.answerHandshake(reply).carryOut(new Carrier(request, socket, nowNanos));
    }

    private void connect(LocalSocket socket, Address remote, Path path, long nowNanos) {
        PeerStream made = streamTo(nowNanos);
        if (made != null) {
            made.candidate(socket, remote, path, nowNanos);
            begin(made, nowNanos);
            endPunch(nowNanos);
        }
    }

    /** The stream with the client, made when it is needed; null if it is too late for one. */
    private @Nullable PeerStream streamTo(long nowNanos) {
        UdxStream unread = raw;
        Finished done = finished;
        if (unread != null && done != null) {
            stream = new PeerStream(around, done.session(), unread, remoteStreamId, this, nowNanos);
        }
        return stream;
    }

    /** Reads the stream, now that there is a way to answer. */
    private void begin(PeerStream made, long nowNanos) {
        if (raw == null) {
            return;
        }
        raw = null;
        finished = null;
        settle(nowNanos);
        streams.add(made);
        made.read(inlet, nowNanos);
    }

    @Override
    public void knocked(LocalSocket socket, Address source, long nowNanos) {
        if (isRelay(source)) {
            return;
        }
        Path path = onCommonNetwork ? Path.LAN : Path.DIRECT;
        connect(socket, source, socket.equals(punchSocket) ? Path.PUNCHED : path, nowNanos);
    }

    @Override
    public boolean isRelay(Address source) {
        return relayPlan != null && relayPlan.isFrom(source);
    }

    @Override
    public void closedUnread(CloseReason reason, long nowNanos) {
        settle(nowNanos);
    }

    @Override
    public void proved(PeerStream proved, long nowNanos) {
        counters.connections++;
        streams.proved(proved);
        goneDirect(proved, nowNanos);
        server.listener.connection(proved, nowNanos);
    }

    @Override
    public void moved(PeerStream moved, long nowNanos) {
        goneDirect(moved, nowNanos);
    }

    /** Does without the relay, if the stream does. */
    private void goneDirect(PeerStream running, long nowNanos) {
        if (running.path() == Path.RELAYED) {
            return;
        }
        endPunch(nowNanos);
        relayDecided();
        if (relayPlan != null) {
            relayPlan.outgrown(running, nowNanos);
        }
    }

    @Override
    public void pathless(PeerStream pathless, long nowNanos) {
        if (relayPlan != null && relayPlan.isPending()) {
            relayPlan.ask(nowNanos);
            return;
        }
        pathless.destroy(new CloseReason.Unreachable("nothing came back from " + client), nowNanos);
    }

    @Override
    public void closed(PeerStream over, CloseReason reason, long nowNanos) {
        streams.remove(over);
        endPunch(nowNanos);
        relayDecided();
        if (relayPlan != null) {
            relayPlan.endLater(nowNanos);
        }
    }

    /** Who was denied may come again, and who has begun to come may be denied now. */
    void firewallChanged(long nowNanos) {
        if (isDenied) {
            clear(nowNanos);
        } else if (finished != null
                && server.isDenied(
                        finished.session().remotePublicKey(), new Origin(client, false))) {
            counters.denied++;
            isDenied = true;
            reply = null;
            endRelay(nowNanos);
            abandon(nowNanos);
        }
    }

    /** The client did not come. */
    void abandon(long nowNanos) {
        timer = null;
        endPunch(nowNanos);
        if (relayPlan != null && relayPlan.isPending()) {
            relayPlan.ask(nowNanos); // which has a deadline of its own
            return;
        }
        UdxStream unread = raw;
        if (unread != null) {
            counters.abandoned++;
            raw = null;
            finished = null;
            unread.destroy(nowNanos);
        }
        settle(nowNanos);
    }

    private void begin() {
        isPending = true;
        slots.begun(this);
    }

    /** Nothing more is expected of the client; only copies of its message. */
    private void settle(long nowNanos) {
        if (isPending) {
            isPending = false;
            slots.settled(this);
            if (punch == null) {
                clearLater(nowNanos);
            }
        }
    }

    private void clearLater(long nowNanos) {
        if (timer != null) {
            timer.cancel();
        }
        timer = around.timers().at(nowNanos + SLOT_LINGER_NANOS, this::retire);
        slots.linger(this);
    }

    void retire(long nowNanos) {
        server.replays.remember(noise, nowNanos);
        clear(nowNanos);
    }

    void clear(long nowNanos) {
        endPunch(nowNanos);
        if (timer != null) {
            timer.cancel();
        }
        slots.remove(this);
    }
}
