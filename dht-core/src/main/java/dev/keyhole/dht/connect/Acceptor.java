package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.identity.KeyPair;
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

/**
 * The server side of connecting: answers handshakes for one key ({@code docs/protocol.md},
 * "Answering a handshake").
 *
 * <p>Each distinct first message gets a slot, and every copy of it, by whatever relay, the same
 * answer or the same silence. A slot goes ten seconds after its end, whatever that was. The
 * application hears of a connection when the peer has proved its key, never before.
 */
public final class Acceptor {

    /** How many streams may be open to peers that have not proved their keys. */
    static final int MAX_UNPROVED = 256;

    /** How many of them may have sockets opened for them to punch from. */
    static final int MAX_PUNCHES = 64;

    /** How many streams may wait to be relayed because a client wants it so. */
    static final int MAX_CLIENT_RELAYS = 32;

    private static final int MAX_WAITING_COPIES = 8;
    private static final int MAX_LAN_ADDRESSES = 8;

    static final long PUNCH_DEADLINE_NANOS = SECONDS.toNanos(60);
    static final long CLIENT_DEADLINE_NANOS = SECONDS.toNanos(10);
    static final long SLOT_LINGER_NANOS = SECONDS.toNanos(10);

    /** Stands for all who are none of our relays. */
    private static final Address NO_RELAY_OF_OURS = new Address(0, 0);

    private static final Bytes PROLOGUE = Namespace.PEER_HANDSHAKE;

    private final Surroundings around;
    private final KeyPair keyPair;
    private final ServerConfig config;
    private final ServerListener listener;
    private final Announcer announcer;
    private final ServerCounters counters = new ServerCounters();
    private final ServerSlots slots = new ServerSlots();
    private final HandshakeLimit limit = new HandshakeLimit();
    private final ReplayMemory replays = new ReplayMemory();
    private final ServerStreams streams = new ServerStreams();

    private int punches;
    private int clientRelays;
    private boolean closed;

    /** A copy of a first message whose answer waits for the socket it is to leave from. */
    private record Copy(Serve serve, IncomingRequest request) {}

    /**
     * A server that has yet to be announced.
     *
     * @param moved is run when its relays see this node at another host than before
     */
    Acceptor(
            Surroundings around,
            KeyPair keyPair,
            ServerConfig config,
            ServerListener listener,
            Timers.Task moved) {
        this.around = around;
        this.keyPair = keyPair;
        this.config = config;
        this.listener = listener;
        this.announcer =
                new Announcer(
                        around.rpc(),
                        around.timers(),
                        keyPair,
                        new Announcer.Listener() {
                            @Override
                            public void announced(int relays, long nowNanos) {
                                listener.announced(relays, nowNanos);
                            }

                            @Override
                            public void moved(long nowNanos) {
                                moved.run(nowNanos);
                            }
                        });
    }

    public PublicKey publicKey() {
        return keyPair.publicKey();
    }

    public ServerCounters counters() {
        return counters;
    }

    /** First messages that are remembered, with what became of them. */
    int slots() {
        return slots.size();
    }

    /** Connections that are open or being proved. */
    public int connections() {
        return streams.size();
    }

    Announcer announcer() {
        return announcer;
    }

    /**
     * Takes in that the firewall judges differently from now on: whoever may connect no longer is
     * disconnected at once, and whoever was denied is judged anew when the message comes again.
     */
    public void firewallChanged(long nowNanos) {
        for (Slot slot : slots.all()) {
            slot.firewallChanged(nowNanos);
        }
        for (PeerStream stream : streams.all()) {
            if (isDenied(stream.remotePublicKey(), new Origin(stream.remoteAddress(), true))) {
                stream.destroy(
                        new CloseReason.Refused("the firewall no longer admits this key"),
                        nowNanos);
            }
        }
    }

    /** Takes no more clients, and lets those go that are not connected yet. */
    void close(long nowNanos) {
        closed = true;
        clear(nowNanos);
    }

    /** Lets those go that are not connected yet, and forgets what was answered. */
    void clear(long nowNanos) {
        for (Slot slot : slots.all()) {
            slot.endRelay(nowNanos);
            slot.abandon(nowNanos);
            slot.clear(nowNanos);
        }
    }

    /** This machine is on other networks than before. */
    void networkChanged(long nowNanos) {
        streams.all().forEach(stream -> stream.networkChanged(nowNanos));
    }

    /** Disconnects everybody. */
    void disconnect(CloseReason reason, long nowNanos) {
        for (PeerStream stream : streams.all()) {
            stream.destroy(reason, nowNanos);
        }
    }

    /** Answers a handshake, or does not. */
    void handshake(Serve serve, IncomingRequest request, long nowNanos) {
        if (closed) {
            return;
        }
        Slot slot = slots.find(serve.message());
        if (slot == null) {
            slot = newSlot(serve, nowNanos);
            if (slot == null) {
                return;
            }
            slot.decide(serve, request, nowNanos);
        } else {
            counters.repeated++;
        }
        slot.answer(serve, request, nowNanos);
    }

    /** Takes in a client's word on punching; what is not for a slot of ours does not exist. */
    void holepunch(Serve serve, IncomingRequest request, long nowNanos) {
        Slot slot = slots.find(serve.id());
        if (slot != null && !closed) {
            slot.holepunch(serve, request, nowNanos);
        }
    }

    private @Nullable Slot newSlot(Serve serve, long nowNanos) {
        if (serve.message().length() < IkResponder.MIN_MESSAGE_BYTES) {
            counters.tooShort++;
            return null;
        }
        if (replays.contains(serve.message(), nowNanos)) {
            counters.replayed++;
            return null;
        }
        boolean ownRelay = !serve.direct() && announcer.isRelay(serve.relay());
        Address relay = ownRelay ? serve.relay() : NO_RELAY_OF_OURS;
        if (!slots.hasRoomFor(serve.client(), relay)
                || !limit.admits(serve.relay(), ownRelay, nowNanos)) {
            counters.overLimit++;
            return null;
        }
        counters.handshakes++;
        Slot oldest = slots.inTheWay();
        if (oldest != null) {
            oldest.retire(nowNanos);
        }
        Slot slot = new Slot(serve.message(), slots.nextId(), serve.client(), relay);
        slots.add(slot);
        return slot;
    }

    private boolean isDenied(PublicKey remote, Origin origin) {
        try {
            return config.denies().denies(remote, origin);
        } catch (RuntimeException e) {
            return true;
        }
    }

    /** Whether it has its share of connections; who has yet to prove its key takes no place. */
    private boolean isFull(PublicKey remote) {
        return streams.proved() >= config.maxConnections()
                || streams.unproved() >= MAX_UNPROVED
                || streams.of(remote).size() >= config.maxConnectionsPerKey();
    }

    private @Nullable Address reachableAddress() {
        return around.rpc().remoteAddress().or(around.rpc()::advertisedAddress).orElse(null);
    }

    private NoisePayload answerPayload(
            long error,
            int slotId,
            int streamId,
            boolean reusableSocket,
            NoisePayload.@Nullable RelayThrough relayThrough) {
        Address reachable = reachableAddress();
        List<Address> addresses = new ArrayList<>();
        if (reachable != null) {
            addresses.add(reachable);
        }
        if (config.shareLocalAddress()) {
            addresses.addAll(around.rpc().localAddresses());
        }
        List<Address> relayAddresses = announcer.relayAddresses();
        return new NoisePayload(
                NoisePayload.VERSION,
                error,
                reachable == null ? NatType.UNKNOWN : NatType.OPEN,
                reachable == null ? new NoisePayload.Holepunch(slotId, announcer.relays()) : null,
                addresses,
                List.of(),
                NoisePayload.Udx.of(streamId, reusableSocket),
                1,
                relayThrough,
                relayAddresses.isEmpty() ? null : relayAddresses);
    }

    /** One distinct first message and what became of it. */
    final class Slot
            implements RawInlet.Doorkeeper, PeerStream.Owner, ServerPunch.Owner, RelayPlan.Owner {

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

        private Slot(Bytes noise, int id, Address client, Address relay) {
            this.noise = noise;
            this.id = id;
            this.client = client;
            this.relay = relay;
        }

        /** Finds out what to answer, once. */
        private void decide(Serve serve, IncomingRequest request, long nowNanos) {
            IkResponder responder;
            NoisePayload payload;
            try {
                responder = IkResponder.read(keyPair, PROLOGUE, noise);
                payload = NoisePayload.decode(responder.payload());
            } catch (HandshakeException | MalformedException e) {
                counters.undecryptable++;
                clearLater(nowNanos);
                return;
            }
            PublicKey remote = responder.remotePublicKey();
            if (Acceptor.this.isDenied(remote, new Origin(client, serve.direct()))) {
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
            if (error == PeerError.NONE && relayed == null && isFull(remote)) {
                error = PeerError.TRY_LATER;
            }
            boolean isNew = error == PeerError.NONE && relayed == null;
            UdxStream unread = isNew ? around.streams().open(inlet) : null;
            NoisePayload.RelayThrough ownRelay = relayed == null ? ownRelay(nowNanos) : null;
            int streamId = unread == null ? 0 : unread.localId();
            NoisePayload.Udx udx = payload.udx();
            keepsSocket = isNew && udx != null && udx.reusableSocket();
            Bytes answer =
                    answerPayload(
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
                        relayed == null
                                ? planRelay(ownRelay, payload.relayThrough(), streamId)
                                : null;
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
            if (reachableAddress() == null) {
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
                            around.relays().choose(config.relayThrough(), nowNanos),
                            around.entropy());
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
                if (clientRelays >= MAX_CLIENT_RELAYS) {
                    counters.overLimit++;
                    return null;
                }
                relayIsTheirChoice = true;
                clientRelays++;
            }
            RelayPlan.Choice choice =
                    new RelayPlan.Choice(
                            agreed.publicKey(), own != null, agreed.token(), Relays.PAIRING_NANOS);
            return new RelayPlan(around, choice, streamId, this);
        }

        @Override
        public void relayPaired(
                LocalSocket socket, Address relay, int relayStreamId, long nowNanos) {
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
                clientRelays--;
            }
        }

        private void endRelay(long nowNanos) {
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
            if (!config.punching() || punches >= MAX_PUNCHES) {
                long why = config.punching() ? PeerError.TRY_LATER : PeerError.ABORTED;
                refusal = new PunchRefusal(around, done.session(), why);
                return;
            }
            ServerPunch prepared =
                    new ServerPunch(around, announcer, done.session(), payload.firewall(), this);
            punches++;
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

        private void holepunch(Serve serve, IncomingRequest request, long nowNanos) {
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
                punches--;
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
        private void answer(Serve serve, IncomingRequest request, long nowNanos) {
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
                stream =
                        new PeerStream(
                                around, done.session(), unread, remoteStreamId, this, nowNanos);
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
            listener.connection(proved, nowNanos);
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
            pathless.destroy(
                    new CloseReason.Unreachable("nothing came back from " + client), nowNanos);
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
        private void firewallChanged(long nowNanos) {
            if (isDenied) {
                clear(nowNanos);
            } else if (finished != null
                    && Acceptor.this.isDenied(
                            finished.session().remotePublicKey(), new Origin(client, false))) {
                counters.denied++;
                isDenied = true;
                reply = null;
                endRelay(nowNanos);
                abandon(nowNanos);
            }
        }

        /** The client did not come. */
        private void abandon(long nowNanos) {
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

        private void retire(long nowNanos) {
            replays.remember(noise, nowNanos);
            clear(nowNanos);
        }

        private void clear(long nowNanos) {
            endPunch(nowNanos);
            if (timer != null) {
                timer.cancel();
            }
            slots.remove(this);
        }
    }
}
