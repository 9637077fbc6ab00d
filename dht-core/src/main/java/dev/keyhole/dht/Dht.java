package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.connect.ConnectFailure;
import dev.keyhole.dht.connect.ConnectListener;
import dev.keyhole.dht.connect.ConnectSpec;
import dev.keyhole.dht.connect.DhtNode;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.LocalAddresses;
import dev.keyhole.transport.netty.UdpLoop;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
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

    private static final Duration CLOSE_LIMIT = Duration.ofMillis(3500);
    private static final int PREFERRED_PORTS = 5;

    private final UdpLoop loop;
    private final DhtNode node;
    private final KeyPair defaultKeyPair;
    private final List<LocalSocket> sockets;
    private final Sinks.Empty<Void> bootstrapped = Sinks.empty();
    private final Sinks.Empty<Void> persistent = Sinks.empty();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private final List<LongConsumer> beforeStart = new ArrayList<>();
    private boolean started;
    private volatile boolean closed;

    private Dht(UdpLoop loop, DhtConfig config, LocalSocket server, LocalSocket client) {
        this.loop = loop;
        this.sockets = List.of(server, client);
        this.defaultKeyPair = config.keyPair().orElseGet(() -> KeyPair.random(loop.entropy()));
        this.node =
                new DhtNode(
                        nodeConfig(config, server),
                        client,
                        server,
                        loop.entropy(),
                        System::currentTimeMillis,
                        new Events());
        node.rpc().localAddresses(LocalAddresses.of(server.local()));
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
            Bootstrap.resolve(config.bootstrapNodes(), dht::begin);
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
                .withQuickFirewall(config.firewalled().isEmpty());
    }

    /** Starts, now that it is known where. */
    private void begin(List<Address> bootstrap) {
        loop.command(
                now -> {
                    if (closed) {
                        return;
                    }
                    node.rpc().bootstrapNodes(bootstrap);
                    node.start(now);
                    started = true;
                    beforeStart.forEach(command -> command.accept(now));
                    beforeStart.clear();
                });
    }

    /** Completes when the node has looked around for the first time, whatever it found. */
    public Mono<Void> bootstrapped() {
        return bootstrapped.asMono();
    }

    /** Completes when the node stores for others. */
    Mono<Void> persistent() {
        return persistent.asMono();
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
        ConnectSpec spec =
                new ConnectSpec(
                        options.keyPair().orElse(defaultKeyPair),
                        remote,
                        options.relays(),
                        options.localConnection(),
                        options.timeout());
        return Mono.<Connection>create(
                        sink ->
                                command(
                                        now -> new Attempt(sink, remote).start(spec, now),
                                        () -> sink.error(new DhtException.Closed())))
                .doOnDiscard(Connection.class, Connection::close);
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
     * Closes listeners, which are withdrawn first, connections and sockets. Waits for that, but not
     * for long; harmless when repeated.
     */
    @Override
    public void close() {
        boolean first = !closed;
        closed = true;
        if (first) {
            loop.command(now -> node.close(later -> node.notice(this::ended), now));
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

    private void ended() {
        closed = true;
        bootstrapped.tryEmitEmpty();
        persistent.tryEmitError(new DhtException.Closed());
        listeners.forEach(Listener::end);
        loop.close();
        ended.countDown();
    }

    DhtNode node() {
        return node;
    }

    /** Runs a command on the loop, as soon as the node has started; not at all once closed. */
    void command(LongConsumer command) {
        command(command, () -> {});
    }

    private void command(LongConsumer command, Runnable ifClosed) {
        if (closed) {
            ifClosed.run();
            return;
        }
        loop.command(
                now -> {
                    if (closed) {
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
        if (closed) {
            notice.run();
        } else {
            node.notice(notice);
        }
    }

    Connection connection(PeerStream stream) {
        return new Connection(loop, stream);
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
            tell(bootstrapped::tryEmitEmpty);
        }

        @Override
        public void persistent(long nowNanos) {
            tell(persistent::tryEmitEmpty);
        }
    }
}
