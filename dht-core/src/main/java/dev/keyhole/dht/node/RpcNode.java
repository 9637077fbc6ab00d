package dev.keyhole.dht.node;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryHost;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.PendingRequests;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.request.RoundTripTokens;
import dev.keyhole.dht.routing.Neighbour;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.dht.store.ForwardEntry;
import dev.keyhole.dht.store.Storage;
import dev.keyhole.dht.store.StoreAnswer;
import dev.keyhole.dht.store.StoreRequest;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A node of the network: asks, answers, and knows its neighbours.
 *
 * <p>It speaks from two sockets: the <i>server socket</i>, the address it is known by once others
 * can reach it, and the <i>client socket</i>, the main one until then. Datagrams of streams and
 * probes are not its own: its owner hands those elsewhere first. Requests may also leave through,
 * and come in on, sockets it knows nothing else of.
 */
public final class RpcNode implements Machine {

    /** The longest datagram another implementation takes in whole. */
    public static final int MAX_DATAGRAM = 2048;

    /** What one host may make us answer at once, and steadily; beyond, answers are short. */
    static final long ANSWER_BURST_BYTES = 1 << 20;

    static final long ANSWER_BYTES_PER_SECOND = 1 << 17;

    static final int MAX_DOWN_HINTS_PER_TICK = 50;

    private final NodeListener listener;
    private final LongSupplier wallClockMillis;
    private final Inside inside = new Inside();
    private final PendingRequests requests;
    private final RoundTripTokens tokens;
    private final Storage storage;
    private final Neighbourhood neighbourhood;
    private final NodeState state;
    private final DelayedPings delayedPings = new DelayedPings();
    private final SourceBudget answerBudget =
            new SourceBudget(ANSWER_BURST_BYTES, ANSWER_BYTES_PER_SECOND);
    private final Plugins plugins = new Plugins();
    private final Traffic traffic = new Traffic();
    private final Queue<Outgoing> outgoing = new ArrayDeque<>();
    private final Set<Query> queries = new LinkedHashSet<>();

    private LocalSocket clientSocket;
    private LocalSocket serverSocket;
    private ExternalHandler handler = (request, nowNanos) -> {};
    private List<Address> bootstrapNodes;
    private List<Address> rememberedNodes = List.of();
    private List<Address> localAddresses = List.of();
    private long downHintTick = -1;
    private int downHints;
    private long queriesBegun;
    private boolean suspended;
    private boolean closed;
    private long ignored;
    private long malformed;

    private record Outgoing(LocalSocket socket, Address to, Bytes datagram) {}

    /**
     * A node that is silent until it is started.
     *
     * @param wallClockMillis the time of day, to judge what others date and to notice sleep
     */
    public RpcNode(
            NodeConfig config,
            LocalSocket clientSocket,
            LocalSocket serverSocket,
            Random entropy,
            LongSupplier wallClockMillis,
            NodeListener listener) {
        this.clientSocket = clientSocket;
        this.serverSocket = serverSocket;
        this.listener = listener;
        this.wallClockMillis = wallClockMillis;
        this.bootstrapNodes = config.bootstrap();
        this.tokens = new RoundTripTokens(entropy);
        this.storage = new Storage(config.storeLimits(), entropy);
        this.requests = new PendingRequests(inside, entropy, config.adaptiveTimeouts());
        this.neighbourhood =
                new Neighbourhood(inside, NodeId.random(entropy), NodeState.firstTick(entropy));
        this.state =
                new NodeState(config, neighbourhood, inside, listener, wallClockMillis, entropy);
    }

    /** Begins to get to know the network. */
    public void start(long nowNanos) {
        state.start(nowNanos);
    }

    /** Ends every request and query, each with its notice, goes silent, and forgets. */
    public void close(long nowNanos) {
        closed = true;
        state.stop();
        delayedPings.clear();
        storage.clear();
        List.copyOf(queries).forEach(query -> query.cancel(nowNanos));
        requests.close(nowNanos);
    }

    /**
     * Leaves the network until {@link #resume}: fails every request and query, asks nothing more,
     * and hears nothing. What it stores for others and whom it knows stays.
     */
    public void suspend(long nowNanos) {
        suspended = true;
        state.stop();
        delayedPings.clear();
        List.copyOf(queries).forEach(query -> query.suspend(nowNanos));
        requests.suspend(nowNanos);
    }

    /**
     * Comes back as after sleep: whom it knows is old by now, and what it is reachable at may be.
     *
     * @param client the client socket, which may be another one than before
     * @param server the server socket, which may be too
     */
    public void resume(LocalSocket client, LocalSocket server, long nowNanos) {
        if (suspended && !closed) {
            suspended = false;
            boolean moved = !server.equals(serverSocket);
            clientSocket = client;
            serverSocket = server;
            requests.resume();
            state.resume(moved, nowNanos);
        }
    }

    public boolean isSuspended() {
        return suspended;
    }

    public PendingRequest request(RequestSpec spec, ReplyListener asker, long nowNanos) {
        traffic.sent(spec.command());
        return requests.send(spec, asker, nowNanos);
    }

    public Query query(QuerySpec spec, QueryListener asker, long nowNanos) {
        Query query = new Query(inside, spec, asker);
        if (suspended) {
            query.suspend(nowNanos);
            return query;
        }
        queries.add(query);
        queriesBegun++;
        state.walked();
        query.start(nowNanos);
        return query;
    }

    /** Names who handles handshakes and hole punches; nobody does until then. */
    public void handler(ExternalHandler newHandler) {
        handler = newHandler;
    }

    /**
     * Serves an extension of the network for as long as this node stores.
     *
     * @throws IllegalStateException if it is served in this version already
     */
    public void plugin(String name, long version, PluginHandler pluginHandler) {
        plugins.add(name, version, pluginHandler);
    }

    public void removePlugin(String name, long version) {
        plugins.remove(name, version);
    }

    /** The way to the server of a target, if we are it or it announced itself here. */
    public Optional<ForwardEntry> forward(Bytes target, long nowNanos) {
        return storage.forwards().find(target, nowNanos);
    }

    /** Lets a server of this node be found here; nobody else can replace or remove its entry. */
    public void serve(Bytes target, Bytes record) {
        storage.forwards().addLocal(target, record);
    }

    public void unserve(Bytes target) {
        storage.forwards().removeLocal(target);
    }

    /** Forgets what a key of ours announced here under a topic. */
    public void forget(Bytes topic, PublicKey publicKey) {
        storage.forget(topic, publicKey);
    }

    /** Whether strangers are believed not to reach the server socket. */
    public boolean isFirewalled() {
        return state.isFirewalled();
    }

    /** Whether it does not store for others. */
    public boolean isEphemeral() {
        return state.isEphemeral();
    }

    public boolean isBootstrapped() {
        return state.isBootstrapped();
    }

    /** Whether answers come in, as far as is known. */
    public boolean isOnline() {
        return state.health().isOnline();
    }

    /** Whether most requests have gone unanswered for a while. */
    public boolean isDegraded() {
        return state.health().isDegraded();
    }

    /** The id it is known by, once it is persistent. */
    public Optional<NodeId> id() {
        return isEphemeral() ? Optional.empty() : Optional.of(table().self());
    }

    /** What others say our address is; with port 0 if they agree on the host alone. */
    public Optional<Address> observedAddress() {
        return Optional.ofNullable(neighbourhood.observed());
    }

    /** The address strangers reach the server socket at, if there is one. */
    public Optional<Address> remoteAddress() {
        return observedAddress()
                .filter(seen -> !isFirewalled() && seen.port() == serverSocket.local().port());
    }

    /**
     * Where strangers reach the server socket though its port is another one: what the owner of the
     * node said, if others have confirmed it.
     */
    public Optional<Address> advertisedAddress() {
        return Optional.ofNullable(state.advertisedAddress());
    }

    /** The addresses of this machine on its own networks, at the server socket's port. */
    public List<Address> localAddresses() {
        return localAddresses;
    }

    public void localAddresses(List<Address> addresses) {
        localAddresses = List.copyOf(addresses);
    }

    /** Says that this machine is on other networks than before, with these addresses. */
    public void networkChanged(List<Address> addresses, long nowNanos) {
        localAddresses(addresses);
        state.networkChanged(nowNanos);
    }

    /** Replaces the nodes to begin with, when names have been resolved anew. */
    public void bootstrapNodes(List<Address> nodes) {
        bootstrapNodes = List.copyOf(nodes);
    }

    /** Names nodes that were good when this node last ran; asked besides the bootstrap nodes. */
    public void rememberedNodes(List<Address> nodes) {
        rememberedNodes = List.copyOf(nodes);
    }

    public List<Address> rememberedNodes() {
        return rememberedNodes;
    }

    public LocalSocket serverSocket() {
        return serverSocket;
    }

    public LocalSocket clientSocket() {
        return clientSocket;
    }

    /** Where requests leave unless another socket is named. */
    public LocalSocket mainSocket() {
        return isFirewalled() ? clientSocket : serverSocket;
    }

    /** The known nodes nearest to a target, nearest first. */
    public List<Address> closestNodes(Bytes target, int count) {
        return table().closest(target, count).stream()
                .map(Neighbour::address)
                .collect(toUnmodifiableList());
    }

    /** The nodes heard last, the last one first. */
    public List<Address> latestNodes(int count) {
        return table().latest(count).stream().map(Neighbour::address).collect(toUnmodifiableList());
    }

    /** How many nodes it knows. */
    public int tableSize() {
        return table().size();
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        if (suspended || closed) {
            return;
        }
        Bytes payload = datagram.payload();
        if (datagram.socket().equals(serverSocket)) {
            state.heardOnServerSocket(datagram.source());
        }
        if (payload.length() < 2
                || payload.length() > MAX_DATAGRAM
                || datagram.source().port() == 0) {
            ignored++;
            return;
        }
        try {
            switch (payload.unsignedAt(0)) {
                case Request.TYPE -> onRequest(datagram, nowNanos);
                case Reply.TYPE -> onReply(datagram, nowNanos);
                default -> ignored++;
            }
        } catch (MalformedException e) {
            malformed++;
        }
    }

    @Override
    public void opened(int request, LocalSocket socket, long nowNanos) {}

    @Override
    public void openFailed(int request, String why, long nowNanos) {}

    @Override
    public void expire(long nowNanos) {
        requests.expire(nowNanos);
        delayedPings.expire(nowNanos);
        state.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        Outgoing next;
        while ((next = outgoing.poll()) != null) {
            effects.send(next.socket(), next.to(), next.datagram());
        }
    }

    @Override
    public long deadlineNanos() {
        return Math.min(
                Math.min(requests.deadlineNanos(), delayedPings.deadlineNanos()),
                state.deadlineNanos());
    }

    /** Datagrams that were neither requests nor replies. */
    public long ignoredDatagrams() {
        return ignored;
    }

    /** Requests and replies that did not decode. */
    public long malformedDatagrams() {
        return malformed;
    }

    /** Answers cut short because their host had too many. */
    public long shortenedAnswers() {
        return answerBudget.refused();
    }

    public RpcStatistics statistics() {
        return new RpcStatistics(
                tableSize(),
                storedEntries(),
                queries.size(),
                queriesBegun,
                requestsInFlight(),
                requests.begun(),
                requests.answers(),
                requests.timeouts(),
                requests.retransmissions(),
                traffic.sent(),
                traffic.received(),
                new RpcStatistics.Refused(
                        ignored,
                        malformed,
                        requests.strayReplies(),
                        answerBudget.refused(),
                        neighbourhood.refusedNewcomers(),
                        neighbourhood.refusedHints(),
                        delayedPings.refused(),
                        storage.refused()));
    }

    /** Pings that are to be answered later. */
    int delayedPings() {
        return delayedPings.size();
    }

    /** Requests of this node that have not ended. */
    public int requestsInFlight() {
        return requests.size();
    }

    /** Entries stored for others. */
    public int storedEntries() {
        return storage.size();
    }

    void reply(
            IncomingRequest request,
            Address asker,
            LocalSocket through,
            boolean withToken,
            boolean withCloserNodes,
            long error,
            @Nullable Bytes value,
            long nowNanos) {
        Bytes target = request.target();
        List<Address> closerNodes =
                withCloserNodes && target != null
                        ? closestNodes(target, RoutingTable.K)
                        : List.of();
        Bytes token = withToken ? tokens.issue(asker, nowNanos) : null;
        NodeId id = idOn(through);
        Bytes datagram =
                new Reply(request.tid(), asker, id, token, closerNodes, error, value).toBytes();
        if (datagram.length() > MAX_DATAGRAM) {
            closerNodes = List.of();
            datagram =
                    new Reply(request.tid(), asker, id, token, closerNodes, error, value).toBytes();
        }
        if (!answerBudget.take(request.from(), datagram.length(), nowNanos)) {
            datagram = new Reply(request.tid(), asker, id, token, List.of(), error, null).toBytes();
        }
        outgoing.add(new Outgoing(through, asker, datagram));
    }

    void relay(Request request, @Nullable Bytes value, Address destination, LocalSocket through) {
        Request relayed =
                new Request(
                        request.tid(),
                        destination,
                        idOn(through),
                        null,
                        request.command(),
                        request.target(),
                        value);
        outgoing.add(new Outgoing(through, destination, relayed.toBytes()));
    }

    private RoutingTable table() {
        return neighbourhood.table();
    }

    private @Nullable NodeId idOn(LocalSocket socket) {
        return !isEphemeral() && socket.equals(serverSocket) ? table().self() : null;
    }

    private void onRequest(Datagram datagram, long nowNanos) throws MalformedException {
        Request request = Request.decode(new WireReader(datagram.payload()));
        Address from = datagram.source();
        NodeId id = checked(request.id(), from);
        if (id != null) {
            boolean onMain = datagram.socket().equals(mainSocket());
            neighbourhood.heardRequest(from, id, request.to(), onMain, nowNanos);
        }
        IncomingRequest incoming = new IncomingRequest(this, datagram.socket(), from, id, request);
        Bytes token = request.token();
        if (token != null && !tokens.accepts(token, from, nowNanos)) {
            incoming.replyError(ErrorCode.INVALID_TOKEN, nowNanos);
            return;
        }
        traffic.received(request.command());
        Command.Internal internal = request.command().asInternal();
        Command.External external = request.command().asExternal();
        if (internal != null) {
            answerInternal(internal, incoming, nowNanos);
        } else if (external != null) {
            answerExternal(external, incoming, nowNanos);
        } else {
            incoming.replyError(ErrorCode.UNKNOWN_COMMAND, nowNanos);
        }
    }

    private void answerInternal(Command.Internal command, IncomingRequest request, long nowNanos)
            throws MalformedException {
        Bytes value = request.value();
        switch (command) {
            case PING -> request.replyBare(null, nowNanos);
            case PING_NAT -> {
                int port = value == null ? 0 : new WireReader(value).u16();
                if (port != 0) {
                    Address there = request.from().withPort(port);
                    reply(request, there, request.socket(), false, false, 0, null, nowNanos);
                }
            }
            case FIND_NODE -> {
                if (request.target() != null) {
                    request.replyCloserNodes(nowNanos);
                }
            }
            case DOWN_HINT -> {
                if (value != null) {
                    neighbourhood.downHint(Address.decode(new WireReader(value)), nowNanos);
                    request.replyBare(null, nowNanos);
                }
            }
            case DELAYED_PING -> {
                if (value != null) {
                    delayedPings.add(request, new WireReader(value).u32(), nowNanos);
                }
            }
        }
    }

    private void answerExternal(Command.External command, IncomingRequest request, long nowNanos)
            throws MalformedException {
        switch (command) {
            case PEER_HANDSHAKE, PEER_HOLEPUNCH -> {
                if (request.target() != null) {
                    handler.handle(request, nowNanos);
                }
            }
            case FIND_PEER,
                    LOOKUP,
                    ANNOUNCE,
                    UNANNOUNCE,
                    MUTABLE_PUT,
                    MUTABLE_GET,
                    IMMUTABLE_PUT,
                    IMMUTABLE_GET -> {
                if (isEphemeral()) {
                    request.replyError(ErrorCode.UNKNOWN_COMMAND, nowNanos);
                } else {
                    store(command, request, nowNanos);
                }
            }
            case PLUGIN -> {
                if (isEphemeral()) {
                    request.replyError(ErrorCode.UNKNOWN_COMMAND, nowNanos);
                } else {
                    plugins.handle(request, nowNanos);
                }
            }
        }
    }

    private void store(Command.External command, IncomingRequest request, long nowNanos) {
        StoreRequest wish =
                new StoreRequest(
                        command,
                        request.from(),
                        request.target(),
                        request.token(),
                        request.value());
        StoreAnswer answer =
                storage.handle(wish, table().self(), nowNanos, wallClockMillis.getAsLong());
        switch (answer.shape()) {
            case SILENT -> {}
            case BARE -> request.replyBare(null, nowNanos);
            case FULL -> request.reply(answer.value(), nowNanos);
            case ERROR -> request.replyError(answer.error(), nowNanos);
        }
    }

    private void onReply(Datagram datagram, long nowNanos) throws MalformedException {
        Reply reply = Reply.decode(new WireReader(datagram.payload()));
        Address from = datagram.source();
        PendingRequest pending = requests.take(reply, from, nowNanos);
        if (pending == null) {
            return;
        }
        NodeId id = checked(reply.id(), from);
        boolean onMain = datagram.socket().equals(mainSocket());
        neighbourhood.heardAnswer(from, id, reply.to(), onMain, nowNanos);
        requests.answer(pending, datagram.socket(), from, id, reply, nowNanos);
    }

    private static @Nullable NodeId checked(@Nullable NodeId claimed, Address source) {
        NodeId id = claimed == null ? null : NodeId.of(source);
        return id != null && id.equals(claimed) ? id : null;
    }

    /** What the parts of this node may ask of it. */
    private final class Inside
            implements PendingRequests.Outlet, QueryHost, Neighbourhood.Host, NodeState.Host {

        @Override
        public LocalSocket mainSocket() {
            return RpcNode.this.mainSocket();
        }

        @Override
        public LocalSocket serverSocket() {
            return serverSocket;
        }

        @Override
        public @Nullable NodeId idOn(LocalSocket socket) {
            return RpcNode.this.idOn(socket);
        }

        @Override
        public void send(LocalSocket socket, Address to, Bytes datagram) {
            outgoing.add(new Outgoing(socket, to, datagram));
        }

        @Override
        public void timedOut(RequestSpec spec, long nowNanos) {
            NodeId id = spec.toId();
            if (id != null) {
                table().remove(id);
            }
        }

        @Override
        public PendingRequest request(RequestSpec spec, ReplyListener asker, long nowNanos) {
            return RpcNode.this.request(spec, asker, nowNanos);
        }

        @Override
        public void query(QuerySpec spec, QueryListener asker, long nowNanos) {
            RpcNode.this.query(spec, asker, nowNanos);
        }

        @Override
        public NodeId tableId() {
            return table().self();
        }

        @Override
        public List<Address> closest(Bytes target, int count) {
            return closestNodes(target, count);
        }

        @Override
        public List<Address> bootstrapNodes(long nowNanos) {
            listener.bootstrapNodesWanted(nowNanos);
            return bootstrapNodes();
        }

        @Override
        public List<Address> bootstrapNodes() {
            if (rememberedNodes.isEmpty()) {
                return bootstrapNodes;
            }
            List<Address> nodes = new ArrayList<>(bootstrapNodes);
            nodes.addAll(rememberedNodes);
            return nodes;
        }

        @Override
        public int bootstrapNodeCount() {
            return bootstrapNodes.size();
        }

        @Override
        public boolean admits(Address node, Address from) {
            return AddressFilter.admits(node, from);
        }

        @Override
        public boolean isBootstrapped() {
            return RpcNode.this.isBootstrapped();
        }

        @Override
        public int requestsInFlight() {
            return requests.size();
        }

        @Override
        public long answers() {
            return requests.answers();
        }

        @Override
        public long timeouts() {
            return requests.timeouts();
        }

        @Override
        public boolean takeDownHint() {
            if (downHintTick != neighbourhood.tick()) {
                downHintTick = neighbourhood.tick();
                downHints = 0;
            }
            return downHints++ < MAX_DOWN_HINTS_PER_TICK;
        }

        @Override
        public void ended(Query query) {
            queries.remove(query);
        }
    }
}
