package dev.keyhole.dht;

import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.relay.RelayServer;
import dev.keyhole.dht.relay.RelayStatistics;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Forwards streams between peers that cannot reach each other, without being able to read them,
 * until it is closed.
 */
public final class Relay implements AutoCloseable {

    private final Dht dht;
    private final RelayServer server;
    private final Listener listener;

    Relay(Dht dht, KeyPair keyPair, RelayConfig config, RelayServer server) {
        this.dht = dht;
        this.server = server;
        this.listener =
                dht.listen(
                        keyPair,
                        ListenConfig.of(config.firewall())
                                .withMaxConnections(config.maxConnections())
                                .withMaxConnectionsPerKey(config.maxConnectionsPerKey()),
                        this::serve);
    }

    /** The key by which peers name this relay. */
    public PublicKey publicKey() {
        return listener.publicKey();
    }

    /** Completes with the number of nodes that know the way, when the relay can be found. */
    public Mono<Integer> ready() {
        return listener.ready().then(Mono.fromSupplier(listener::relays));
    }

    /** What it has done so far. */
    public Mono<RelayStatistics> statistics() {
        return Mono.create(
                sink ->
                        dht.command(
                                now -> sink.success(server.statistics()),
                                () -> sink.error(new DhtException.Closed())));
    }

    /** Changes who may use it. Whoever is connected and may no longer be is let go at once. */
    public void firewall(Firewall newFirewall) {
        listener.firewall(newFirewall);
    }

    /** Completes when the relay is closed and withdrawn. */
    public Mono<Void> closed() {
        return listener.closed();
    }

    /**
     * Relays for nobody new. Whoever waits for another may still meet, which ends within half a
     * minute; {@link #closed} tells when.
     */
    @Override
    public void close() {
        dht.command(now -> server.close(listener::close), listener::close);
    }

    private void serve(Connection connection) {
        PeerStream stream = connection.stream();
        server.accept(
                connection,
                new RelayServer.Whereabouts() {
                    @Override
                    public @Nullable LocalSocket socket() {
                        return stream.socket();
                    }

                    @Override
                    public Address address() {
                        return stream.remoteAddress();
                    }
                });
    }

    @Override
    public String toString() {
        return "relay " + publicKey();
    }
}
