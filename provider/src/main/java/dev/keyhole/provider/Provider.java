package dev.keyhole.provider;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.ListenConfig;
import dev.keyhole.dht.Listener;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Serves models under a public key until it is closed. */
public final class Provider implements AutoCloseable {

    /** How long closing waits for the network to forget the key. */
    private static final Duration WITHDRAW_LIMIT = Duration.ofSeconds(3);

    private static final Logger log = LoggerFactory.getLogger(Provider.class);

    private final Listener listener;
    private final DelegationService service;
    private final Mono<Void> end;

    private Provider(Listener listener, DelegationService service) {
        this.listener = listener;
        this.service = service;
        this.end = Mono.defer(this::end).cache();
    }

    /** Serves what the configuration offers, with the engines of this program. */
    public static Provider start(Dht dht, ProviderConfig config) {
        return start(dht, config, ModelOpener.ENGINES);
    }

    /** Serves what the configuration offers, loaded in the caller's way. */
    public static Provider start(Dht dht, ProviderConfig config, ModelOpener opener) {
        DelegationService service = DelegationService.of(config, opener);
        ListenConfig listening =
                ListenConfig.of(config.firewall())
                        .withMaxConnections(config.maxConnections())
                        .withMaxConnectionsPerKey(mostConnections(config))
                        .withRelayThrough(config.relayThrough());
        Listener listener = dht.listen(config.keyPair(), listening, service::serve);
        Provider provider = new Provider(listener, service);
        listener.closed().onErrorComplete().then(provider.end).subscribe();
        log.info("serving {} models as {}", config.models().size(), listener.publicKey());
        return provider;
    }

    public PublicKey publicKey() {
        return listener.publicKey();
    }

    /** Completes when consumers can find the key and connect to it. */
    public Mono<Void> ready() {
        return listener.ready().then();
    }

    /** Completes when the provider has ended, for whatever reason. */
    public Mono<Void> closed() {
        return listener.closed().onErrorComplete().then(service.ended());
    }

    /** Changes who may connect; those who are here and may no longer be are let go at once. */
    public void firewall(Firewall firewall) {
        listener.firewall(firewall);
        log.info("the firewall has changed");
    }

    public ProviderStats stats() {
        return service.stats();
    }

    /**
     * Takes no more consumers, lets answers that have begun go on for {@link ProviderConfig#drain},
     * then ends all connections and unloads the models. Harmless when repeated.
     */
    @Override
    public void close() {
        end.block();
    }

    private Mono<Void> end() {
        listener.close();
        return Mono.when(
                service.shutDown(),
                listener.closed().timeout(WITHDRAW_LIMIT, Mono.empty()).onErrorComplete());
    }

    private static int mostConnections(ProviderConfig config) {
        return Stream.concat(Stream.of(config.quota()), config.quotas().values().stream())
                .flatMapToInt(quota -> IntStream.of(quota.connections()))
                .max()
                .orElse(Quota.DEFAULT_CONNECTIONS);
    }
}
