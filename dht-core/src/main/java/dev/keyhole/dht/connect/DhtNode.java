package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.PunchSockets;
import dev.keyhole.dht.holepunch.RandomPunches;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.relay.RelayLimits;
import dev.keyhole.dht.relay.RelayServer;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.dht.store.ForwardEntry;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A whole node as one machine: the DHT, the servers and clients on it, and their streams.
 *
 * <p>A datagram is for a stream if it names one, for an attempt to punch if it is a single byte, and
 * for the DHT otherwise.
 */
public final class DhtNode implements Machine {

    /** How long closing waits for the servers to be withdrawn. */
    static final long CLOSE_DEADLINE_NANOS = SECONDS.toNanos(3);

    private static final ConnectFailure SUSPENDED =
            new ConnectFailure(ConnectFailure.Cause.SUSPENDED, "the node is suspended");

    /** How often relays are believed that this node is elsewhere. */
    static final long MOVE_PAUSE_NANOS = SECONDS.toNanos(10);

    private final RpcNode rpc;
    private final StreamMultiplexer streams;
    private final Timers timers = new Timers();
    private final PunchSockets punchSockets = new PunchSockets();
    private final Queue<Runnable> notices = new ArrayDeque<>();
    private final Surroundings around;
    private final Relays relays;
    private final Map<Bytes, Acceptor> servers = new HashMap<>();
    private final Set<Acceptor> retired = new LinkedHashSet<>();
    private final Set<Connector> connectors = new LinkedHashSet<>();
    private final Set<PeerStream> clients = new LinkedHashSet<>();
    private final ForwardLimit forwardLimit = new ForwardLimit();
    private final ClientCounters counters = new ClientCounters();
    private long malformed;
    private boolean suspended;
    private long movableNanos = Long.MIN_VALUE;
    private KeyPair relayIdentity;
    private long nowNanos;
    private boolean closed;

    /**
     * A node that is silent until it is started.
     *
     * @param entropy makes keys, ids and tokens: predictable entropy is for tests alone
     * @param wallClockMillis the time of day
     */
    public DhtNode(
            NodeConfig config,
            LocalSocket clientSocket,
            LocalSocket serverSocket,
            SecureRandom entropy,
            LongSupplier wallClockMillis,
            NodeListener listener) {
        rpc =
                new RpcNode(
                        config,
                        clientSocket,
                        serverSocket,
                        entropy,
                        wallClockMillis,
                        new Watcher(listener));
        streams = new StreamMultiplexer(entropy);
        relayIdentity = KeyPair.random(entropy);
        relays = new Relays(timers, this::dialRelay, () -> nowNanos, notices::add, entropy);
        around =
                new Surroundings(
                        rpc,
                        streams,
                        timers,
                        punchSockets,
                        new RandomPunches(),
                        new RelayMemory(),
                        relays,
                        new SocketRoutes(),
                        entropy,
                        notices::add);
        rpc.handler(this::handle);
    }

    /** Names who this node is to blind relays; otherwise it is nobody in particular. */
    public void relayIdentity(KeyPair keyPair) {
        relayIdentity = keyPair;
    }

    private Connecting dialRelay(PublicKey relay, ConnectListener listener, long nowNanos) {
        ConnectSpec spec = new ConnectSpec(relayIdentity, relay, List.of(), true, Optional.empty());
        return connect(spec, listener, nowNanos);
    }

    public void start(long nowNanos) {
        rpc.start(nowNanos);
    }

    /** What is worth knowing after a restart. */
    public Bytes saveState() {
        List<Address> nodes = new ArrayList<>(rpc.latestNodes(SavedState.MAX_NODES));
        if (nodes.size() < RoutingTable.K) {
            // Perhaps the network could not be reached this time.
            rpc.rememberedNodes().stream().filter(n -> !nodes.contains(n)).forEach(nodes::add);
        }
        return new SavedState(nodes, around.relayMemory().all()).encode();
    }

    /**
     * Takes in what was saved before, to begin from; to be called before it starts.
     *
     * @throws MalformedException if that is damaged
     */
    public void restoreState(Bytes saved) throws MalformedException {
        SavedState state = SavedState.decode(saved);
        rpc.rememberedNodes(state.nodes());
        state.routes().forEach(around.relayMemory()::remember);
    }

    /** The DHT beneath: queries, single requests, and what the node knows of itself. */
    public RpcNode rpc() {
        return rpc;
    }

    /** Runs a task of the owner's at a time. */
    public Timers.Timer at(long deadlineNanos, Timers.Task task) {
        return timers.at(deadlineNanos, task);
    }

    /** Through whom a server of this node is reached; nobody for other keys. */
    public List<Address> relayAddresses(PublicKey server) {
        Acceptor acceptor = servers.get(server.target());
        return acceptor == null ? List.of() : acceptor.announcer().relayAddresses();
    }

    /** Finds out what the NAT in front of this node does to a fresh socket. */
    public void checkNat(NatCheck.Listener listener, long nowNanos) {
        new NatCheck(around, listener).start(nowNanos);
    }

    /**
     * What it takes to relay for others over the streams of this node.
     *
     * @param nowNanos the time this node lives in
     */
    public RelayServer relayServer(RelayLimits limits, LongSupplier nowNanos) {
        return new RelayServer(streams, timers, nowNanos, limits);
    }

    /** Streams that are open, over all connections and attempts. */
    public int openStreams() {
        return streams.size();
    }

    /** Tasks that wait for their time, other than those of the DHT beneath. */
    public int timers() {
        return timers.size();
    }

    /** Sockets open to punch from, and those of streams that were punched. */
    public int punchSockets() {
        return punchSockets.size();
    }

    /** Has something run when everything caused so far has gone out. */
    public void notice(Runnable notice) {
        notices.add(notice);
    }

    /**
     * Serves a key, and announces it.
     *
     * @return null if this node serves the key already
     */
    public @Nullable Acceptor listen(
            KeyPair keyPair, ServerConfig config, ServerListener listener, long nowNanos) {
        Bytes target = keyPair.publicKey().target();
        if (servers.containsKey(target)) {
            return null;
        }
        Acceptor server = new Acceptor(around, keyPair, config, listener, this::moved);
        servers.put(target, server);
        rpc.serve(target, new PeerRecord(keyPair.publicKey(), List.of()).toBytes());
        if (suspended) {
            server.announcer().suspend(now -> {}, nowNanos);
        } else {
            server.announcer().start(nowNanos);
        }
        return server;
    }

    /** Serves a key no more, and takes a second at most to withdraw it. */
    public void unlisten(Acceptor server, Timers.Task done, long nowNanos) {
        unlisten(server, Announcer.CLOSE_NANOS, done, nowNanos);
    }

    /**
     * Serves a key no more. Open connections go on.
     *
     * @param limitNanos how long to wait until the server is withdrawn, at most
     * @param done runs once it is, or the time is up
     */
    public void unlisten(Acceptor server, long limitNanos, Timers.Task done, long nowNanos) {
        Bytes target = server.publicKey().target();
        if (servers.remove(target, server)) {
            rpc.unserve(target);
            server.close(nowNanos);
            retired.removeIf(other -> other.connections() == 0);
            retired.add(server);
            server.announcer().close(limitNanos, done, nowNanos);
        } else {
            done.run(nowNanos);
        }
    }

    /** Takes in that this machine is on other networks than before, with these addresses. */
    public void networkChanged(List<Address> localAddresses, long nowNanos) {
        if (closed || suspended) {
            rpc.localAddresses(localAddresses);
            return;
        }
        rpc.networkChanged(localAddresses, nowNanos);
        List.copyOf(clients).forEach(client -> client.networkChanged(nowNanos));
        relays.networkChanged(nowNanos);
        servers.values().forEach(server -> server.networkChanged(nowNanos));
        retired.forEach(server -> server.networkChanged(nowNanos));
    }

    /** The relays of a server say that we are elsewhere; those of the next one will follow. */
    private void moved(long nowNanos) {
        if (nowNanos >= movableNanos) {
            movableNanos = nowNanos + MOVE_PAUSE_NANOS;
            networkChanged(rpc.localAddresses(), nowNanos);
        }
    }

    /** Begins to connect; the answer may come before this returns. */
    public Connecting connect(ConnectSpec spec, ConnectListener listener, long nowNanos) {
        if (closed) {
            listener.failed(
                    new ConnectFailure(ConnectFailure.Cause.CANCELLED, "the node is closed"),
                    nowNanos);
            return (why, now) -> {};
        }
        if (suspended) {
            listener.failed(SUSPENDED, nowNanos);
            return (why, now) -> {};
        }
        Connector[] made = new Connector[1];
        Connector connector =
                new Connector(
                        around,
                        spec,
                        new ConnectListener() {
                            @Override
                            public void connected(PeerStream stream, long now) {
                                connectors.remove(made[0]);
                                clients.add(stream);
                                counters.connected(stream.path());
                                listener.connected(stream, now);
                            }

                            @Override
                            public void closed(PeerStream stream, long now) {
                                clients.remove(stream);
                                listener.closed(stream, now);
                            }

                            @Override
                            public void failed(ConnectFailure failure, long now) {
                                connectors.remove(made[0]);
                                counters.failed++;
                                listener.failed(suspended ? SUSPENDED : failure, now);
                            }
                        },
                        nowNanos);
        counters.begun++;
        made[0] = connector;
        connectors.add(connector);
        connector.start(nowNanos);
        return connector::cancel;
    }

    /** An attempt to connect that may be given up. */
    @FunctionalInterface
    public interface Connecting {

        /** Harmless when the attempt is over. */
        void cancel(String why, long nowNanos);
    }

    /** What became of the attempts to connect. */
    public ClientCounters clientCounters() {
        return counters;
    }

    /** Sockets to punch from that there have ever been. */
    public long openedPunchSockets() {
        return around.punchSockets().openedSockets();
    }

    /** Those of them that are no more. */
    public long closedPunchSockets() {
        return around.punchSockets().closedSockets();
    }

    /** Punches that guessed ports. */
    public long randomPunches() {
        return around.randomPunches().begun();
    }

    /** What became of the handshakes that the servers of this node were sent. */
    public List<ServerCounters> serverCounters() {
        return servers.values().stream().map(Acceptor::counters).collect(toUnmodifiableList());
    }

    /** The attempts to connect that are under way. */
    public int connecting() {
        return connectors.size();
    }

    /**
     * Ends everything: attempts and connections at once, servers after they have been withdrawn.
     *
     * @param done runs once nothing is left to be sent
     */
    public void close(Timers.Task done, long nowNanos) {
        if (closed) {
            return;
        }
        closed = true;
        letGo("the node is closed", nowNanos);
        Departure departure = new Departure(rpc::close, done, servers.size(), nowNanos);
        for (Acceptor server : List.copyOf(servers.values())) {
            unlisten(server, departure::oneDone, nowNanos);
        }
        departure.oneDone(nowNanos);
    }

    /**
     * Leaves the network until {@link #resume}: ends attempts and connections at once, withdraws the
     * servers, and then speaks and hears no more. New attempts to connect fail meanwhile.
     *
     * @param others who else has something to withdraw before the node is silent
     * @param done runs once nothing is left to be sent
     */
    public void suspend(Collection<? extends Withdrawal> others, Timers.Task done, long nowNanos) {
        if (suspended || closed) {
            done.run(nowNanos);
            return;
        }
        suspended = true;
        letGo("the node is suspended", nowNanos);
        int parties = servers.size() + others.size();
        Departure departure = new Departure(rpc::suspend, done, parties, nowNanos);
        for (Acceptor server : List.copyOf(servers.values())) {
            server.clear(nowNanos);
            server.announcer().suspend(departure::oneDone, nowNanos);
        }
        others.forEach(other -> other.withdraw(departure::oneDone, nowNanos));
        departure.oneDone(nowNanos);
    }

    /**
     * Comes back to the network, once {@link #suspend} is done; servers are announced again.
     *
     * @param client the client socket, which may be another one than before
     * @param server the server socket, which may be too
     */
    public void resume(LocalSocket client, LocalSocket server, long nowNanos) {
        if (!suspended || closed) {
            return;
        }
        suspended = false;
        rpc.resume(client, server, nowNanos);
        servers.values().forEach(acceptor -> acceptor.announcer().resume(nowNanos));
    }

    private void letGo(String why, long nowNanos) {
        for (Connector connector : List.copyOf(connectors)) {
            connector.cancel(why, nowNanos);
        }
        for (PeerStream client : List.copyOf(clients)) {
            client.destroy(new CloseReason.ByUs(why), nowNanos);
        }
        for (Acceptor server : servers.values()) {
            server.disconnect(new CloseReason.ByUs(why), nowNanos);
        }
        for (Acceptor server : retired) {
            server.disconnect(new CloseReason.ByUs(why), nowNanos);
        }
        retired.clear();
    }

    /** Something that the network is to forget before the node leaves it. */
    @FunctionalInterface
    public interface Withdrawal {

        /** Begins with it; {@code done} runs once, soon. */
        void withdraw(Timers.Task done, long nowNanos);
    }

    /** Waits for servers and others to be withdrawn, but not for long. */
    private final class Departure {

        private final Timers.Task last;
        private final Timers.Task done;
        private final Timers.Timer deadline;
        private int waiting;
        private boolean over;

        private Departure(Timers.Task last, Timers.Task done, int parties, long nowNanos) {
            this.last = last;
            this.done = done;
            this.waiting = parties + 1;
            this.deadline = timers.at(nowNanos + CLOSE_DEADLINE_NANOS, this::finish);
        }

        private void oneDone(long nowNanos) {
            if (--waiting == 0) {
                finish(nowNanos);
            }
        }

        private void finish(long nowNanos) {
            if (!over) {
                over = true;
                deadline.cancel();
                last.run(nowNanos);
                done.run(nowNanos);
            }
        }
    }

    // handshakes and holepunch messages, the own ones and those of other peers

    private void handle(IncomingRequest request, long nowNanos) {
        Bytes value = request.value();
        if (value == null || closed || suspended) {
            return;
        }
        Bytes target = request.target();
        Acceptor server = target == null ? null : servers.get(target);
        Address route =
                target == null
                        ? null
                        : rpc.forward(target, nowNanos).map(ForwardEntry::relay).orElse(null);
        boolean serving = server != null;
        Address from = request.from();
        try {
            RelayDecision decision =
                    request.command().equals(Command.PEER_HANDSHAKE)
                            ? Router.handshake(value, from, serving, route)
                            : Router.holepunch(value, from, serving, route);
            decision.carryOut(new Crossroads(request, server, route, nowNanos));
        } catch (MalformedException e) {
            malformed++;
        }
    }

    /** Carries out what was decided about a request; what is for others, within limits. */
    private final class Crossroads implements RelayDecision.Hands {

        private final IncomingRequest request;
        private final @Nullable Acceptor server;
        private final @Nullable Address route;
        private final long nowNanos;
        private final Carrier carrier;

        private Crossroads(
                IncomingRequest request,
                @Nullable Acceptor server,
                @Nullable Address route,
                long nowNanos) {
            this.route = route;
            this.request = request;
            this.server = server;
            this.nowNanos = nowNanos;
            this.carrier = new Carrier(request, request.socket(), nowNanos);
        }

        @Override
        public void forward(Address to, Bytes value) {
            boolean admitted =
                    to.equals(route)
                            ? forwardLimit.admitsAnnounced(request.from(), nowNanos)
                            : forwardLimit.admits(request.from(), to, nowNanos);
            if (admitted) {
                carrier.forward(to, value);
            }
        }

        @Override
        public void answer(Address to, Bytes value) {
            if (forwardLimit.admits(request.from(), to, nowNanos)) {
                carrier.answer(to, value);
            }
        }

        @Override
        public void closerNodes() {
            carrier.closerNodes();
        }

        @Override
        public void serve(Serve serve) {
            if (server == null) {
                throw new IllegalStateException("served without a server");
            }
            if (request.command().equals(Command.PEER_HANDSHAKE)) {
                server.handshake(serve, request, nowNanos);
            } else {
                server.holepunch(serve, request, nowNanos);
            }
        }
    }

    /** Handshake and holepunch messages that did not decode. */
    public long malformedMessages() {
        return malformed;
    }

    /** Messages of others not passed on, for where they came from or were to go. */
    public long refusedForwards() {
        return forwardLimit.refusedDestinations() + forwardLimit.refusedSources();
    }

    /** Has servers announce again when what others know of this node is out of date. */
    private final class Watcher implements NodeListener {

        private final NodeListener listener;

        private Watcher(NodeListener listener) {
            this.listener = listener;
        }

        @Override
        public void bootstrapped(long nowNanos) {
            listener.bootstrapped(nowNanos);
        }

        @Override
        public void persistent(long nowNanos) {
            refreshServers(nowNanos);
            listener.persistent(nowNanos);
        }

        @Override
        public void ephemeral(long nowNanos) {
            listener.ephemeral(nowNanos);
        }

        @Override
        public void firewallChanged(boolean firewalled, long nowNanos) {
            refreshServers(nowNanos);
            listener.firewallChanged(firewalled, nowNanos);
        }

        @Override
        public void networkChanged(long nowNanos) {
            refreshServers(nowNanos);
            listener.networkChanged(nowNanos);
        }

        @Override
        public void bootstrapNodesWanted(long nowNanos) {
            listener.bootstrapNodesWanted(nowNanos);
        }

        @Override
        public void onlineChanged(boolean online, long nowNanos) {
            if (online) {
                refreshServers(nowNanos);
            }
            listener.onlineChanged(online, nowNanos);
        }

        private void refreshServers(long nowNanos) {
            servers.values().forEach(server -> server.announcer().refresh(nowNanos));
        }
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        this.nowNanos = nowNanos;
        if (streams.receive(datagram, nowNanos)) {
            return;
        }
        if (datagram.payload().length() == 1) {
            punchSockets.receive(datagram, nowNanos);
        } else {
            rpc.receive(datagram.copy(), nowNanos);
        }
    }

    @Override
    public void opened(int request, LocalSocket socket, long nowNanos) {
        punchSockets.opened(request, socket, nowNanos);
    }

    @Override
    public void openFailed(int request, String why, long nowNanos) {
        punchSockets.openFailed(request, nowNanos);
    }

    @Override
    public void expire(long nowNanos) {
        this.nowNanos = nowNanos;
        rpc.expire(nowNanos);
        streams.expire(nowNanos);
        timers.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        this.nowNanos = nowNanos;
        rpc.drain(effects, nowNanos);
        streams.drain(effects, nowNanos);
        punchSockets.drain(effects);
        Runnable notice;
        while ((notice = notices.poll()) != null) {
            effects.deliver(notice);
        }
    }

    @Override
    public long deadlineNanos() {
        return Math.min(
                rpc.deadlineNanos(), Math.min(streams.deadlineNanos(), timers.deadlineNanos()));
    }
}
