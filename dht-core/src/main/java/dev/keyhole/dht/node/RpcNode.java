package dev.keyhole.dht.node;

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
import dev.keyhole.dht.store.ForwardTable;
import dev.keyhole.dht.store.StoreLimits;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
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
 * <p>It speaks from two sockets: the <i>server socket</i>, the address it is known by once others can
 * reach it, and the <i>client socket</i>, the main one until then. Datagrams of streams and probes
 * are not its own: its owner hands those elsewhere first. Requests may also leave through, and come
 * in on, sockets it knows nothing else of.
 */
public final class RpcNode implements Machine {

    /** The longest datagram another implementation takes in whole. */
    public static final int MAX_DATAGRAM = 2048;

    private final LocalSocket clientSocket;
    private final LocalSocket serverSocket;
    private final NodeListener listener;
    private final PendingRequests requests;
    private final RoundTripTokens tokens;
    private final ForwardTable forwards;
    private final Queue<Outgoing> outgoing = new ArrayDeque<>();
    private final Set<Query> queries = new LinkedHashSet<>();

    private RoutingTable table;
    private NatSampler sampler = new NatSampler();
    private ExternalHandler handler = (request, nowNanos) -> {};
    private List<Address> bootstrapNodes;
    private List<Address> localAddresses = List.of();
    private boolean ephemeral = true;
    private boolean firewalled;
    private boolean bootstrapped;
    private boolean online = true;
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
        this.bootstrapNodes = config.bootstrap();
        this.firewalled = config.firewalled();
        this.table = new RoutingTable(NodeId.random(entropy));
        this.tokens = new RoundTripTokens(entropy);
        this.forwards = new ForwardTable(StoreLimits.DEFAULT);
        this.requests = new PendingRequests(new Outlet(), entropy);
    }

    /** Begins to get to know the network. */
    public void start(long nowNanos) {
        query(
                QuerySpec.of(table.self().bytes(), Command.FIND_NODE).asBackground(),
                (result, now) -> {
                    bootstrapped = true;
                    listener.bootstrapped(now);
                },
                nowNanos);
    }

    /** Ends every request and query, each with its notice, and asks nothing more. */
    public void close(long nowNanos) {
        List.copyOf(queries).forEach(query -> query.cancel(nowNanos));
        requests.close(nowNanos);
    }

    public PendingRequest request(RequestSpec spec, ReplyListener asker, long nowNanos) {
        return requests.send(spec, asker, nowNanos);
    }

    public Query query(QuerySpec spec, QueryListener asker, long nowNanos) {
        Query query = new Query(new Walks(), spec, asker);
        queries.add(query);
        query.start(nowNanos);
        return query;
    }

    /** Names who handles handshakes and hole punches; nobody does until then. */
    public void handler(ExternalHandler newHandler) {
        handler = newHandler;
    }

    /** The way to the server of a target, if we are it or it announced itself here. */
    public Optional<ForwardEntry> forward(Bytes target, long nowNanos) {
        return forwards.find(target, nowNanos);
    }

    /** Lets a server of this node be found here; nobody else can replace or remove its entry. */
    public void serve(Bytes target, Bytes record) {
        forwards.addLocal(target, record);
    }

    public void unserve(Bytes target) {
        forwards.removeLocal(target);
    }

    /** Whether strangers are believed not to reach the server socket. */
    public boolean isFirewalled() {
        return firewalled;
    }

    /** Whether it does not store for others. */
    public boolean isEphemeral() {
        return ephemeral;
    }

    public boolean isBootstrapped() {
        return bootstrapped;
    }

    /** Whether answers come in, as far as is known. */
    public boolean isOnline() {
        return online;
    }

    /** The id it is known by, once it is persistent. */
    public Optional<NodeId> id() {
        return ephemeral ? Optional.empty() : Optional.of(table.self());
    }

    /** What others say our address is; with port 0 if they agree on the host alone. */
    public Optional<Address> observedAddress() {
        return Optional.ofNullable(sampler.verdict());
    }

    /** The address strangers reach the server socket at, if there is one. */
    public Optional<Address> remoteAddress() {
        return observedAddress()
                .filter(seen -> !firewalled && seen.port() == serverSocket.local().port());
    }

    /** The addresses of this machine on its own networks, at the server socket's port. */
    public List<Address> localAddresses() {
        return localAddresses;
    }

    public void localAddresses(List<Address> addresses) {
        localAddresses = List.copyOf(addresses);
    }

    /** Replaces the nodes to begin with, when names have been resolved anew. */
    public void bootstrapNodes(List<Address> nodes) {
        bootstrapNodes = List.copyOf(nodes);
    }

    public LocalSocket serverSocket() {
        return serverSocket;
    }

    public LocalSocket clientSocket() {
        return clientSocket;
    }

    /** Where requests leave unless another socket is named. */
    public LocalSocket mainSocket() {
        return firewalled ? clientSocket : serverSocket;
    }

    /** The known nodes nearest to a target, nearest first. */
    public List<Address> closestNodes(Bytes target, int count) {
        return table.closest(target, count).stream().map(Neighbour::address).toList();
    }

    /** The nodes heard last, the last one first. */
    public List<Address> latestNodes(int count) {
        return table.latest(count).stream().map(Neighbour::address).toList();
    }

    /** How many nodes it knows. */
    public int tableSize() {
        return table.size();
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        Bytes payload = datagram.payload();
        if (payload.length() < 2 || datagram.source().port() == 0) {
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
        return requests.deadlineNanos();
    }

    /** Datagrams that were neither requests nor replies. */
    public long ignoredDatagrams() {
        return ignored;
    }

    /** Requests and replies that did not decode. */
    public long malformedDatagrams() {
        return malformed;
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
        Reply reply =
                new Reply(request.tid(), asker, idOn(through), token, closerNodes, error, value);
        outgoing.add(new Outgoing(through, asker, reply.toBytes()));
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

    private @Nullable NodeId idOn(LocalSocket socket) {
        return !ephemeral && socket.equals(serverSocket) ? table.self() : null;
    }

    private void onRequest(Datagram datagram, long nowNanos) throws MalformedException {
        Request request = Request.decode(new WireReader(datagram.payload()));
        NodeId id = checked(request.id(), datagram.source());
        IncomingRequest incoming =
                new IncomingRequest(this, datagram.socket(), datagram.source(), id, request);
        Bytes token = request.token();
        if (token != null && !tokens.accepts(token, datagram.source(), nowNanos)) {
            incoming.replyError(ErrorCode.INVALID_TOKEN, nowNanos);
            return;
        }
        Command.External external = request.command().asExternal();
        if (external == Command.External.PEER_HANDSHAKE
                || external == Command.External.PEER_HOLEPUNCH) {
            handler.handle(incoming, nowNanos);
            return;
        }
        incoming.replyError(ErrorCode.UNKNOWN_COMMAND, nowNanos);
    }

    private void onReply(Datagram datagram, long nowNanos) throws MalformedException {
        Reply reply = Reply.decode(new WireReader(datagram.payload()));
        PendingRequest pending = requests.take(reply, datagram.source(), nowNanos);
        if (pending == null) {
            return;
        }
        NodeId id = checked(reply.id(), datagram.source());
        requests.answer(pending, datagram.socket(), datagram.source(), id, reply, nowNanos);
    }

    private static @Nullable NodeId checked(@Nullable NodeId claimed, Address source) {
        return claimed != null && claimed.equals(NodeId.of(source)) ? claimed : null;
    }

    private final class Outlet implements PendingRequests.Outlet {

        @Override
        public LocalSocket mainSocket() {
            return RpcNode.this.mainSocket();
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
                table.remove(id);
            }
        }
    }

    private final class Walks implements QueryHost {

        @Override
        public PendingRequest request(RequestSpec spec, ReplyListener asker, long nowNanos) {
            return requests.send(spec, asker, nowNanos);
        }

        @Override
        public NodeId tableId() {
            return table.self();
        }

        @Override
        public List<Address> closest(Bytes target, int count) {
            return closestNodes(target, count);
        }

        @Override
        public List<Address> bootstrapNodes() {
            return bootstrapNodes;
        }

        @Override
        public boolean admits(Address node, Address from) {
            return true;
        }

        @Override
        public int requestsInFlight() {
            return requests.size();
        }

        @Override
        public boolean takeDownHint() {
            return true;
        }

        @Override
        public void ended(Query query) {
            queries.remove(query);
        }
    }
}
