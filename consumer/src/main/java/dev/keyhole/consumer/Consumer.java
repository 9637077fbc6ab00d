package dev.keyhole.consumer;

import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Dht;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.stream.Link;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import reactor.core.publisher.Mono;

/**
 * Loads models, at providers or here, and is what they are used through.
 *
 * <p>Connections to providers are shared by all models and requests of a consumer. All methods may
 * be called from any thread.
 */
public final class Consumer implements AutoCloseable {

    /** How long {@link #close} waits for connections to end in good order. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(4);

    private final PublicKey publicKey;
    private final PeerConnections connections;
    private final Function<LoadModel, Mono<Model>> localLoader;
    private final AutoCloseable network;

    Consumer(
            PublicKey publicKey,
            Dialer dialer,
            RpcLimits limits,
            LongSupplier nanoClock,
            Function<LoadModel, Mono<Model>> localLoader,
            AutoCloseable network) {
        this.publicKey = publicKey;
        this.connections = new PeerConnections(dialer, limits, nanoClock);
        this.localLoader = localLoader;
        this.network = network;
    }

    /** A consumer with a network of its own, which ends with it. */
    public static Consumer open(ConsumerConfig config) {
        Dht dht = Dht.bind(config.network());
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withKeyPair(config.keyPair())
                        .withRelayThrough(config.relayThrough());
        return on(dht, config.keyPair(), options, config.limits(), dht);
    }

    /** A consumer on a network that somebody else closes, under that network's own key. */
    public static Consumer of(Dht dht) {
        return of(dht, dht.defaultKeyPair());
    }

    /** A consumer on a network that somebody else closes. */
    public static Consumer of(Dht dht, KeyPair keyPair) {
        return of(dht, keyPair, List.of());
    }

    /**
     * A consumer on a network that somebody else closes.
     *
     * @param relayThrough blind relays for providers between whom and us no hole can be punched
     */
    public static Consumer of(Dht dht, KeyPair keyPair, List<PublicKey> relayThrough) {
        ConnectOptions options =
                ConnectOptions.defaults().withKeyPair(keyPair).withRelayThrough(relayThrough);
        return on(dht, keyPair, options, RpcLimits.defaults(), () -> {});
    }

    /** The key under which a consumer with this seed is seen, for a provider's allow list. */
    public static PublicKey publicKeyOf(Seed seed) {
        return KeyPair.fromSeed(seed).publicKey();
    }

    /** Who providers see. */
    public PublicKey publicKey() {
        return publicKey;
    }

    /**
     * Makes a model ready to be asked.
     *
     * <p>Fails with a {@link dev.keyhole.model.DelegationException} whose type says what to do; what
     * happened at earlier places of the delegate is attached to it as suppressed.
     */
    public Mono<Model> loadModel(LoadModel request) {
        return request.delegate()
                .map(how -> delegated(request, how))
                .orElseGet(() -> localLoader.apply(request));
    }

    /** Asks a provider for a sign of life; answers with how long that took, once connected. */
    public Mono<Duration> heartbeat(Delegate delegate) {
        PublicKey provider = delegate.providerPublicKeys().get(0);
        return connections
                .to(provider, delegate)
                .flatMap(
                        connection -> connection.heartbeat(delegate.healthCheckTimeout()).elapsed())
                .map(pong -> Duration.ofMillis(pong.getT1()));
    }

    /** Leaves all models, closes the connections in good order, then the network if it is ours. */
    @Override
    public void close() {
        connections.closeAll().timeout(CLOSE_LIMIT).onErrorComplete().block();
        try {
            network.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("closing the network failed", e);
        }
    }

    private Mono<Model> delegated(LoadModel request, Delegate how) {
        return Mono.defer(
                () -> {
                    if (how.forceNewConnection()) {
                        how.providerPublicKeys().forEach(connections::retire);
                    }
                    return new Route(request, how, connections, localLoader).open();
                });
    }

    private static Consumer on(
            Dht dht,
            KeyPair keyPair,
            ConnectOptions options,
            RpcLimits limits,
            AutoCloseable network) {
        Dialer dialer = provider -> dht.connect(provider, options).cast(Link.class);
        return new Consumer(
                keyPair.publicKey(), dialer, limits, System::nanoTime, Consumer::loadHere, network);
    }

    private static Mono<Model> loadHere(LoadModel request) {
        return ModelLoader.load(
                request.localSource(),
                EngineSettings.of(request.modelConfig()),
                request.progress());
    }
}
