package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.connect.ConnectFailure;
import dev.keyhole.dht.connect.ConnectListener;
import dev.keyhole.dht.connect.ConnectSpec;
import dev.keyhole.dht.connect.DhtNode;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.LocalAddresses;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.wire.Bytes;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * A node of the HyperDHT: finds peers by public key and connects to them.
 *
 * <p>Everything here may be called from any thread, also before the node knows the network. Answers
 * arrive on the node's own thread, which must not be blocked.
 */
public final class Dht implements AutoCloseable {

    private static final Duration WITHDRAWAL_LIMIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofMillis(3500);
    private static final int PREFERRED_PORTS = 5;
    private static final int PEERS_AT_A_TIME = 3;

    /** How many peers {@link #connectToPeers} tries; strangers say how many there are. */
    static final int MAX_PEERS_OF_TOPICS = 64;

    /** The longest value that fits a datagram everybody takes, with its signature and a token. */
    public static final int MAX_VALUE_BYTES = 1000;

    private final UdpLoop loop;
    private final DhtNode node;
    private final KeyPair defaultKeyPair;
    private final Suspension suspension;
    private final NetworkWatch watch;
    private final Sinks.Empty<Void> bootstrapped = Sinks.empty();
    private final Sinks.Empty<Void> joined = Sinks.empty();
    private final Sinks.Empty<Void> persistent = Sinks.empty();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private final List<BootstrapNode> bootstrapNodes;
    private final Bootstrap bootstrap;
    private final Set<Announcement> announcements = ConcurrentHashMap.newKeySet();
    private final Set<Connection> closing = ConcurrentHashMap.newKeySet();
    private final @Nullable StateKeeper stateKeeper;
    private final List<LongConsumer> beforeStart = new ArrayList<>();
    private volatile List<LocalSocket> sockets;
    private boolean started;
    private volatile boolean closed;
    private volatile boolean finished;

    private Dht(UdpLoop loop, DhtConfig config, LocalSocket server, LocalSocket client) {
        this.loop = loop;
        this.suspension = new Suspension(this, loop);
        this.sockets = List.of(server, client);
        this.bootstrapNodes = config.bootstrapNodes();
        this.bootstrap = new Bootstrap(bootstrapNodes, Bootstrap.system(), this::beginFrom);
        this.defaultKeyPair = config.keyPair().orElseGet(() -> KeyPair.random(loop.entropy()));
        this.node =
                new DhtNode(
                        nodeConfig(config, server),
                        client,
                        server,
                        loop.entropy(),
                        System::currentTimeMillis,
                        new Events());
        node.relayIdentity(defaultKeyPair);
        List<Address> localAddresses = LocalAddresses.of(server.local());
        node.rpc().localAddresses(localAddresses);
        this.watch =
                new NetworkWatch(
                        () -> LocalAddresses.of(address()),
                        localAddresses,
                        addresses -> command(now -> node.networkChanged(addresses, now)));
        this.stateKeeper = config.stateFile().map(file -> new StateKeeper(file, node)).orElse(null);
        if (stateKeeper != null) {
            stateKeeper.restore();
        }
    }

    /** A node of the public HyperDHT. */
    public static Dht bind() {
        return bind(DhtConfig.defaults());
    }

    /**
     * Binds the sockets and begins to get to know the network.
     *
     * @throws DhtException.BindFailed if the address cannot be bound
     */
    public static Dht bind(DhtConfig config) {
        return bind(config, UdpLoop.open("keyhole-dht"));
    }

    /** Binds a node that shares the thread of another one. */
    static Dht bindSharing(DhtConfig config, Dht other) {
        return bind(config, UdpLoop.sharing(other.loop));
    }

    private static Dht bind(DhtConfig config, UdpLoop loop) {
        try {
            LocalSocket server = bindServer(config, loop);
            LocalSocket client = bindAt(Address.of(config.host(), 0), loop);
            Dht dht = new Dht(loop, config, server, client);
            loop.start(dht.node, failure -> dht.ended());
            if (server.local().host() == 0) {
                dht.watch.start();
            }
            dht.beginSoon();
            return dht;
        } catch (DhtException e) {
            loop.close();
            throw e;
        }
    }

    private static LocalSocket bindServer(DhtConfig config, UdpLoop loop) {
        if (config.port().isPresent()) {
            return bindAt(Address.of(config.host(), config.port().getAsInt()), loop);
        }
        for (int i = 0; i < PREFERRED_PORTS; i++) {
            try {
                return loop.bind(Address.of(config.host(), DhtConfig.PREFERRED_PORT + i));
            } catch (BindException e) {
                // Another node has it; the next one will do.
            }
        }
        return bindAt(Address.of(config.host(), 0), loop);
    }

    private static LocalSocket bindAt(Address address, UdpLoop loop) {
        try {
            return loop.bind(address);
        } catch (BindException e) {
            throw new DhtException.BindFailed(address, e);
        }
    }

    private static NodeConfig nodeConfig(DhtConfig config, LocalSocket server) {
        boolean first =
                config.bootstrapNodes().isEmpty()
                        && !config.ephemeral().orElse(true)
                        && !config.firewalled().orElse(true);
        if (first) {
            return NodeConfig.bootstrapper(LocalAddresses.of(server.local()).get(0));
        }
        Persistence persistence =
                config.ephemeral()
                        .map(e -> e ? Persistence.EPHEMERAL : Persistence.PERSISTENT)
                        .orElse(Persistence.ADAPTIVE);
        return NodeConfig.of(List.of())
                .withPersistence(persistence)
                .withFirewalled(config.firewalled().orElse(true))
                .withQuickFirewall(config.firewalled().isEmpty())
                .withAdvertisedAddress(config.publicAddress().orElse(null));
    }

    /** Starts at once if nodes are known from before, else when the bootstrap nodes are. */
    private void beginSoon() {
        if (!node.rpc().rememberedNodes().isEmpty()) {
            loop.command(this::startOnce);
        }
        loop.command(bootstrap::wanted);
    }

    /** Takes the addresses to begin with, and starts, now that it is known where. */
    private void beginFrom(List<Address> addresses) {
        loop.command(
                now -> {
                    bootstrap.found(addresses, now);
                    if (closed) {
                        return;
                    }
                    if (!addresses.isEmpty()) {
                        node.rpc().bootstrapNodes(addresses);
                    }
                    startOnce(now);
                });
    }

    private void startOnce(long now) {
        if (closed || started) {
            return;
        }
        node.start(now);
        if (stateKeeper != null) {
            stateKeeper.start(now);
        }
        started = true;
        beforeStart.forEach(command -> command.accept(now));
        beforeStart.clear();
    }

    /** Completes when the node has looked around for the first time, whatever it found. */
    public Mono<Void> bootstrapped() {
        return bootstrapped.asMono();
    }

    /**
     * Completes when some other node has answered, or none is needed; fails with {@link
     * DhtException.NetworkUnreachable} when the node has looked around and nobody did. It goes on
     * trying all the same.
     */
    public Mono<Void> joined() {
        return joined.asMono();
    }

    /** Completes when the node stores for others. */
    Mono<Void> persistent() {
        return persistent.asMono();
    }

    /** How many other nodes it knows at the moment. */
    public Mono<Integer> knownNodes() {
        return Mono.create(
                sink ->
                        command(
                                now -> sink.success(node.rpc().tableSize()),
                                () -> sink.error(new DhtException.Closed())));
    }

    /**
     * Finds out how others can reach this node. Takes as long as a few nodes take to answer, two
     * seconds at most.
     */
    public Mono<Reachability> reachability() {
        return Mono.create(new Diagnosis(this)::reachability);
    }

    /** Asks the nodes closest to a key whether they know the way to its owner. */
    public Mono<KeySearch> findPeer(PublicKey publicKey) {
        return Mono.create(sink -> new Diagnosis(this).findPeer(publicKey, sink));
    }

    /** How the node fares at the moment. */
    public Mono<DhtStatistics> statistics() {
        return Mono.create(
                sink ->
                        command(
                                now -> sink.success(DhtStatistics.of(node)),
                                () -> sink.error(new DhtException.Closed())));
    }

    /** The address of the server socket, by which this node may become known. */
    public Address address() {
        return sockets.get(0).local();
    }

    /** The addresses of all sockets bound from the beginning. */
    public List<Address> addresses() {
        return sockets.stream().map(LocalSocket::local).collect(toUnmodifiableList());
    }

    /** Who this node is when it connects without being told. */
    public KeyPair defaultKeyPair() {
        return defaultKeyPair;
    }

    public Mono<Connection> connect(PublicKey remote) {
        return connect(remote, ConnectOptions.defaults());
    }

    /**
     * Connects to a key. The connection is there when the peer has proved that it owns the key.
     *
     * <p>Fails with a {@link DhtException}; cancelling gives the attempt up.
     */
    public Mono<Connection> connect(PublicKey remote, ConnectOptions options) {
        ConnectSpec spec = options.specFor(remote, defaultKeyPair);
        return Mono.<Connection>create(
                        sink ->
                                command(
                                        now -> new Attempt(sink, remote).start(spec, now),
                                        () -> sink.error(new DhtException.Closed())))
                .doOnDiscard(Connection.class, Connection::close);
    }

    /** A pool that keeps one connection with each peer, of those made through it. */
    public ConnectionPool pool() {
        return new ConnectionPool(this);
    }

    /**
     * Serves a key.
     *
     * @param onConnection gets every connection, on the node's thread, and names its receiver
     */
    public Listener listen(
            KeyPair keyPair, ListenConfig config, Consumer<Connection> onConnection) {
        Listener listener = new Listener(this, keyPair);
        listeners.add(listener);
        listener.closed().subscribe(null, failure -> {}, () -> listeners.remove(listener));
        command(now -> listener.start(config, onConnection, now), listener::end);
        return listener;
    }

    /**
     * Forwards streams between peers that cannot reach each other, and that know this key: a blind
     * relay.
     */
    public Relay serveRelay(KeyPair keyPair, RelayConfig config) {
        return new Relay(this, keyPair, config, node.relayServer(config.limits(), loop::nowNanos));
    }

    /**
     * Asks the network who announced a topic. Each node that knows somebody is one item; the same
     * peer may come more than once.
     */
    public Flux<FoundPeers> lookup(Bytes topic) {
        return walk(
                Walks.lookup(topic),
                answer ->
                        Walks.peers(answer)
                                .map(
                                        found ->
                                                new FoundPeers(
                                                        answer.from(),
                                                        found.peers().stream()
                                                                .map(Dht::foundPeer)
                                                                .collect(toUnmodifiableList()),
                                                        found.bump())));
    }

    /**
     * Looks topics up, all at once, and connects to whoever is found under any of them: to each peer
     * once, a few at a time. Whom no connection can be made to is left out.
     *
     * <p>Completes when everybody was tried; repeat it to find those who come later.
     *
     * @param options how to connect; relays need not be named, since those announced are tried
     */
    public Flux<Connection> connectToPeers(Collection<Bytes> topics, ConnectOptions options) {
        PublicKey self = options.keyPair().orElse(defaultKeyPair).publicKey();
        return Flux.fromIterable(topics)
                .flatMap(this::lookup)
                .flatMapIterable(FoundPeers::peers)
                .filter(peer -> !peer.publicKey().equals(self))
                .distinct(FoundPeers.Peer::publicKey)
                .take(MAX_PEERS_OF_TOPICS)
                .flatMap(
                        peer ->
                                connect(peer.publicKey(), options.withRelays(peer.relays()))
                                        .onErrorResume(
                                                DhtException.class,
                                                failure ->
                                                        failure instanceof DhtException.Closed
                                                                ? Mono.error(failure)
                                                                : Mono.empty()),
                        PEERS_AT_A_TIME);
    }

    /** Announces a key under a topic; a key that this node listens on, with its relays. */
    public Announcement announce(Bytes topic, KeyPair keyPair) {
        return announce(topic, keyPair, List.of());
    }

    /**
     * Announces a key under a topic, with a renewal every ten minutes, until it is closed.
     *
     * @param relays nodes that know the way to the key; three of them are kept
     */
    public Announcement announce(Bytes topic, KeyPair keyPair, List<Address> relays) {
        Announcement announcement = new Announcement(this, topic, keyPair, relays, loop.entropy());
        announcements.add(announcement);
        announcement
                .closed()
                .subscribe(null, failure -> {}, () -> announcements.remove(announcement));
        command(announcement::announce);
        return announcement;
    }

    /** Removes a key from a topic wherever it is found, whoever announced it. */
    public Mono<Void> unannounce(Bytes topic, KeyPair keyPair) {
        return Mono.<Void>fromRunnable(
                        () -> command(now -> node.rpc().forget(topic, keyPair.publicKey())))
                .then(
                        walk(Walks.unannounce(topic, keyPair), answer -> Optional.<Void>empty())
                                .then());
    }

    /**
     * Stores a value in the network, under its hash, for two days.
     *
     * @return the hash, if at least one node stored the value
     */
    public Mono<Bytes> putImmutable(Bytes value) {
        checkLength(value);
        return commit(Walks.putImmutable(value)).thenReturn(Blake2b.hash256(value));
    }

    /** The value with a hash, from whoever has it first; empty if nobody does. */
    public Mono<Bytes> getImmutable(Bytes hash) {
        return walk(Walks.getImmutable(hash), answer -> Walks.immutable(answer, hash)).next();
    }

    /**
     * Stores a value that belongs to a key, for two days.
     *
     * @param seq has to grow from value to value
     */
    public Mono<StoredValue> putMutable(KeyPair keyPair, long seq, Bytes value) {
        checkLength(value);
        MutableValue signed = MutableValue.sign(keyPair, seq, value);
        return commit(Walks.putMutable(keyPair.publicKey(), signed))
                .thenReturn(new StoredValue(keyPair.publicKey(), seq, value, signed.signature()));
    }

    /**
     * The latest value of a key that the network has; empty if it has none.
     *
     * @param minSeq the least sequence number that is of interest
     */
    public Mono<StoredValue> getMutable(PublicKey publicKey, long minSeq) {
        return walk(
                        Walks.getMutable(publicKey, minSeq),
                        answer -> Walks.mutable(answer, publicKey, minSeq))
                .reduce((a, b) -> b.seq() > a.seq() ? b : a)
                .map(v -> new StoredValue(publicKey, v.seq(), v.value(), v.signature()));
    }

    private static void checkLength(Bytes value) {
        if (value.length() > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException(
                    "a value of " + value.length() + " bytes, above " + MAX_VALUE_BYTES);
        }
    }

    private static FoundPeers.Peer foundPeer(PeerRecord record) {
        return new FoundPeers.Peer(record.publicKey(), record.relayAddresses());
    }

    private <T> Flux<T> walk(QuerySpec spec, Function<Answer, Optional<T>> reader) {
        return Flux.create(
                sink ->
                        command(
                                now -> new Walk<>(sink, reader).start(spec, now),
                                () -> sink.error(new DhtException.Closed())));
    }

    /** A walk for the sake of what it leaves behind. */
    private Mono<Void> commit(QuerySpec spec) {
        return walk(spec, answer -> Optional.<Void>empty()).then();
    }

    /** One subscription to a walk. */
    private final class Walk<T> implements QueryListener {

        private final FluxSink<T> sink;
        private final Function<Answer, Optional<T>> reader;

        private Walk(FluxSink<T> sink, Function<Answer, Optional<T>> reader) {
            this.sink = sink;
            this.reader = reader;
        }

        private void start(QuerySpec spec, long nowNanos) {
            Query query = node.rpc().query(spec, this, nowNanos);
            sink.onCancel(() -> command(query::cancel));
        }

        @Override
        public void answer(Answer answer, long nowNanos) {
            reader.apply(answer).ifPresent(item -> tell(() -> sink.next(item)));
        }

        @Override
        public void finished(QueryResult result, long nowNanos) {
            DhtException failure =
                    result.failure().map(cause -> DhtException.of(cause, result)).orElse(null);
            tell(
                    () -> {
                        if (failure == null) {
                            sink.complete();
                        } else {
                            sink.error(failure);
                        }
                    });
        }
    }

    /**
     * Says that this machine is on other networks than before. A node that is not bound to one
     * address notices that within two seconds where the system tells; an application that hears of
     * it otherwise says it here.
     */
    public void networkChanged() {
        watch.changed();
    }

    /**
     * Leaves the network until {@link #resume}: withdraws what is announced, ends every connection,
     * walk and attempt, and closes the sockets. Listeners and announcements stay, and come back with
     * the node. What is asked of it meanwhile fails with {@link DhtException.Suspended}.
     *
     * <p>Begins when subscribed to, completes when the node is silent. Harmless when it is.
     */
    public Mono<Void> suspend() {
        return transition(true);
    }

    /**
     * Comes back to the network, at the same ports if nobody has taken them: looks around anew and
     * announces again what was announced before.
     *
     * <p>Begins when subscribed to, completes when the sockets are bound. Harmless when the node was
     * not suspended. Fails with {@link DhtException.BindFailed}, and the node stays suspended, if
     * there is no such local address any more.
     */
    public Mono<Void> resume() {
        return transition(false);
    }

    private Mono<Void> transition(boolean toSuspended) {
        return Mono.create(
                sink ->
                        command(
                                now -> suspension.want(toSuspended, sink, now),
                                () -> sink.error(new DhtException.Closed())));
    }

    /** Withdraws whatever this node announced and goes silent. */
    void withdraw(Timers.Task done, long nowNanos) {
        List<DhtNode.Withdrawal> others = new ArrayList<>();
        announcements.forEach(announcement -> others.add(announcement::suspend));
        node.suspend(others, done, nowNanos);
    }

    /** The sockets are bound again, each to the port it had or another. */
    void returned(Map<LocalSocket, LocalSocket> rebound, long nowNanos) {
        List<LocalSocket> before = sockets;
        LocalSocket server = rebound.getOrDefault(before.get(0), before.get(0));
        LocalSocket client = rebound.getOrDefault(before.get(1), before.get(1));
        sockets = List.of(server, client);
        node.rpc().localAddresses(LocalAddresses.of(server.local()));
        node.resume(client, server, nowNanos);
        announcements.forEach(announcement -> announcement.resume(nowNanos));
    }

    DhtException resumeFailed(@Nullable Throwable cause) {
        return new DhtException.BindFailed(
                address(), cause == null ? new BindException("cannot bind") : cause);
    }

    /**
     * Closes listeners, which are withdrawn first, connections and sockets. Waits for that, and for
     * connections that are being closed, but not for long; harmless when repeated.
     */
    @Override
    public void close() {
        if (!closed) {
            List<Announcement> open = List.copyOf(announcements);
            open.forEach(Announcement::close);
            closed = true;
            Stream<Mono<?>> leaving =
                    Stream.concat(
                            open.stream().map(Announcement::closed),
                            closing.stream().map(Connection::closed));
            Mono.whenDelayError(leaving.collect(toUnmodifiableList()))
                    .timeout(WITHDRAWAL_LIMIT)
                    .onErrorComplete()
                    .subscribe(null, failure -> {}, () -> loop.command(this::closeNode));
        }
        if (loop.isLoopThread()) {
            return;
        }
        try {
            if (!ended.await(CLOSE_LIMIT.toMillis(), MILLISECONDS)) {
                ended();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended();
        }
    }

    private void closeNode(long nowNanos) {
        if (stateKeeper != null) {
            stateKeeper.note();
        }
        node.close(later -> node.notice(this::ended), nowNanos);
    }

    private void ended() {
        closed = true;
        finished = true;
        if (stateKeeper != null) {
            stateKeeper.finish();
        }
        bootstrapped.tryEmitEmpty();
        joined.tryEmitError(new DhtException.Closed());
        persistent.tryEmitError(new DhtException.Closed());
        listeners.forEach(Listener::end);
        announcements.forEach(Announcement::end);
        suspension.tellAll(new DhtException.Closed());
        watch.stop();
        loop.close();
        ended.countDown();
    }

    boolean isClosed() {
        return closed;
    }

    DhtNode node() {
        return node;
    }

    /** Runs a command on the loop, as soon as the node has started; not at all once closed. */
    void command(LongConsumer command) {
        command(command, () -> {});
    }

    /** The same; whoever comes too late is told. */
    void command(LongConsumer command, Runnable ifClosed) {
        if (closed) {
            ifClosed.run();
            return;
        }
        loop.command(
                now -> {
                    if (finished) {
                        ifClosed.run();
                    } else if (started) {
                        command.accept(now);
                    } else {
                        beforeStart.add(command);
                    }
                });
    }

    /** Tells the application something, when what caused it has been sent. */
    void tell(Runnable notice) {
        if (finished) {
            notice.run();
        } else {
            node.notice(notice);
        }
    }

    Connection connection(PeerStream stream) {
        return new Connection(loop, stream, closing);
    }

    @Override
    public String toString() {
        return "DHT node at " + address();
    }

    /** One subscription to {@link #connect}. */
    private final class Attempt implements ConnectListener {

        private final MonoSink<Connection> sink;
        private final PublicKey remote;
        private DhtNode.@Nullable Connecting connecting;

        private Attempt(MonoSink<Connection> sink, PublicKey remote) {
            this.sink = sink;
            this.remote = remote;
        }

        private void start(ConnectSpec spec, long nowNanos) {
            connecting = node.connect(spec, this, nowNanos);
            sink.onCancel(() -> command(this::cancel));
        }

        private void cancel(long nowNanos) {
            if (connecting != null) {
                connecting.cancel("nobody waits for the connection any more", nowNanos);
            }
        }

        @Override
        public void connected(PeerStream stream, long nowNanos) {
            Connection connection = connection(stream);
            tell(() -> sink.success(connection));
        }

        @Override
        public void failed(ConnectFailure failure, long nowNanos) {
            tell(() -> sink.error(DhtException.of(failure, remote)));
        }
    }

    private final class Events implements NodeListener {

        @Override
        public void bootstrapped(long nowNanos) {
            boolean alone = node.rpc().observedAddress().isEmpty() && node.rpc().tableSize() == 0;
            if (alone) {
                bootstrap.nobodyAnswered();
            }
            tell(
                    () -> {
                        bootstrapped.tryEmitEmpty();
                        if (alone && !bootstrapNodes.isEmpty()) {
                            joined.tryEmitError(
                                    new DhtException.NetworkUnreachable(
                                            bootstrapNodes.stream()
                                                    .map(BootstrapNode::toString)
                                                    .collect(toUnmodifiableList())));
                        } else {
                            joined.tryEmitEmpty();
                        }
                    });
        }

        @Override
        public void bootstrapNodesWanted(long nowNanos) {
            bootstrap.wanted(nowNanos);
        }

        @Override
        public void persistent(long nowNanos) {
            tell(persistent::tryEmitEmpty);
        }
    }
}
