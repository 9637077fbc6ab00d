package dev.keyhole.dht;

import dev.keyhole.dht.connect.Acceptor;
import dev.keyhole.dht.connect.Origin;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.connect.ServerConfig;
import dev.keyhole.dht.connect.ServerListener;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Accepts connections to a key, and keeps the key findable, until it is closed. */
public final class Listener implements AutoCloseable {

    private static final Duration WITHDRAWAL_LIMIT = Duration.ofSeconds(1);

    private final Dht dht;
    private final KeyPair keyPair;
    private final Sinks.One<Integer> ready = Sinks.one();
    private final Sinks.One<Integer> announced = Sinks.one();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private volatile int relays;
    private volatile boolean closing;

    /** Asked by the loop, set by anybody: what comes in from now on is judged by it. */
    private volatile @Nullable Firewall firewall;

    private @Nullable Acceptor acceptor;

    Listener(Dht dht, KeyPair keyPair) {
        this.dht = dht;
        this.keyPair = keyPair;
    }

    /** Begins to serve. On the loop's thread. */
    void start(ListenConfig config, Consumer<Connection> onConnection, long nowNanos) {
        if (closing || dht.isClosed()) {
            end();
            return;
        }
        Events events = new Events(onConnection);
        if (firewall == null) {
            firewall = config.firewall();
        }
        ServerConfig serverConfig =
                new ServerConfig(
                        this::denies,
                        config.shareLocalAddress(),
                        config.maxConnections(),
                        config.maxConnectionsPerKey(),
                        config.relayThrough(),
                        config.tellDenied(),
                        config.punching());
        acceptor = dht.node().listen(keyPair, serverConfig, events, nowNanos);
        if (acceptor == null) {
            ready.tryEmitError(new DhtException.KeyPairInUse(publicKey()));
            announced.tryEmitError(new DhtException.KeyPairInUse(publicKey()));
            closed.tryEmitEmpty();
        }
    }

    public PublicKey publicKey() {
        return keyPair.publicKey();
    }

    private boolean denies(PublicKey remote, Origin origin) {
        Firewall now = firewall;
        return now == null || now.denies(remote, origin);
    }

    /**
     * Completes when the key can be found and connected to, with how many nodes relay for it: three
     * unless the network is small, none if this node is the only one there is.
     */
    public Mono<Integer> ready() {
        return ready.asMono();
    }

    /**
     * Completes when the key has been announced for the first time, with how many nodes took it in.
     * If nobody did, nobody finds the key yet; the listener goes on trying.
     */
    public Mono<Integer> announced() {
        return announced.asMono();
    }

    /** How many nodes relay for this key at the moment; zero while nobody can be reached. */
    public int relays() {
        return relays;
    }

    /** Changes who may connect. Whoever is connected and may no longer be is let go at once. */
    public void firewall(Firewall newFirewall) {
        firewall = newFirewall;
        dht.command(
                now -> {
                    if (acceptor != null) {
                        acceptor.firewallChanged(now);
                    }
                });
    }

    /** Completes when the listener is closed and withdrawn. */
    public Mono<Void> closed() {
        return closed.asMono();
    }

    /**
     * Accepts no more and withdraws the key, which takes a moment; {@link #closed} tells when.
     * Connections that are open go on.
     */
    @Override
    public void close() {
        close(WITHDRAWAL_LIMIT);
    }

    /** The same, with another limit than a second to how long the withdrawal may take. */
    public void close(Duration limit) {
        if (closing) {
            return;
        }
        closing = true;
        dht.command(
                now -> {
                    if (acceptor == null) {
                        end();
                    } else {
                        dht.node().unlisten(acceptor, limit.toNanos(), later -> end(), now);
                    }
                });
    }

    /** Tells everybody who waits that this is over. */
    void end() {
        closing = true;
        dht.tell(
                () -> {
                    ready.tryEmitError(new DhtException.Closed());
                    announced.tryEmitError(new DhtException.Closed());
                    closed.tryEmitEmpty();
                });
    }

    private final class Events implements ServerListener {

        private final Consumer<Connection> onConnection;

        private Events(Consumer<Connection> onConnection) {
            this.onConnection = onConnection;
        }

        @Override
        public void connection(PeerStream stream, long nowNanos) {
            Connection connection = dht.connection(stream);
            dht.tell(() -> onConnection.accept(connection));
        }

        @Override
        public void announced(int count, long nowNanos) {
            relays = count;
            dht.tell(() -> announced.tryEmitValue(count));
            if (count > 0 || !dht.node().rpc().isEphemeral()) {
                dht.tell(() -> ready.tryEmitValue(count));
            }
        }
    }
}
