package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Answers delegated requests on any link, wherever it comes from ({@code docs/protocol.md},
 * "Delegation").
 *
 * <p>Who may connect has been decided before; here it is decided how much they may use. Everything
 * that a consumer does is scoped to its public key.
 */
public final class DelegationService implements AutoCloseable {

    /** How many threads may wait for engines that answer on the thread that asks them. */
    static final int WORKERS = 64;

    static final int WAITING_FOR_WORKERS = 100_000;

    /** How often it is looked for models whose time is over. */
    static final Duration SWEEP = Duration.ofSeconds(1);

    /** The longest frame taken in from a consumer. */
    static final int FRAME_BYTES = 64 << 20;

    private static final long DRAIN_CHECK_MILLIS = 10;

    private static final Logger log = LoggerFactory.getLogger(DelegationService.class);

    final ProviderConfig config;
    final Timing timing;
    final ModelShelf shelf;
    final QuotaLedger ledger;
    final RunningRequests running = new RunningRequests();
    final Counters counters = new Counters();
    final Scheduler worker;
    final IdRule ids;

    private final RpcLimits limits;
    private final Disposable sweeper;
    private final Set<RpcPeer> peers = ConcurrentHashMap.newKeySet();
    private final Mono<Void> shutDown = Mono.defer(this::end).cache();

    private final Sinks.Empty<Void> ended = Sinks.empty();

    private volatile boolean closing;

    /** How models are named to consumers. */
    @FunctionalInterface
    interface IdRule {
        String of(String modelType, String modelSrc, Map<String, ?> config);
    }

    DelegationService(ProviderConfig config, ModelOpener opener, Timing timing, IdRule ids) {
        this.config = config;
        this.timing = timing;
        this.ids = ids;
        this.shelf = new ModelShelf(config.models(), opener, timing.nanos());
        this.ledger = new QuotaLedger(config.quota(), config.quotas());
        this.limits =
                RpcLimits.defaults()
                        .withFrameBytes(FRAME_BYTES)
                        .withConcurrentRequests(config.requestsPerConnection());
        this.worker =
                Schedulers.newBoundedElastic(
                        WORKERS, WAITING_FOR_WORKERS, "keyhole-provider", 60, true);
        this.sweeper =
                timing.timer()
                        .schedulePeriodically(
                                this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), MILLISECONDS);
        shelf.preload()
                .subscribeOn(worker)
                .subscribe(
                        model -> log.info("{} is loaded", model.id()),
                        error -> log.warn("a model could not be loaded at the start", error));
    }

    /** Serves the models of a configuration with the engines of this program. */
    public static DelegationService of(ProviderConfig config) {
        return of(config, ModelOpener.ENGINES);
    }

    /** Serves the models of a configuration, loaded in the caller's way. */
    public static DelegationService of(ProviderConfig config, ModelOpener opener) {
        return new DelegationService(config, opener, Timing.real(), ModelIds::of);
    }

    /** Serves a consumer, from now until the link closes. */
    public void serve(Link link) {
        PublicKey consumer = link.remotePublicKey();
        if (closing) {
            refuse(link, "the provider is closing");
            return;
        }
        if (peers.size() >= config.maxConnections()) {
            refuse(link, "the provider has " + config.maxConnections() + " connections already");
            return;
        }
        if (!ledger.connect(consumer, timing.now())) {
            refuse(
                    link,
                    "this key has "
                            + ledger.quota(consumer).connections()
                            + " connections already");
            return;
        }
        counters.connections.increment();
        counters.connectionsOpen.increment();
        shelf.arrived(consumer);
        RpcPeer peer = RpcPeer.over(link, new ConsumerSession(this, consumer), limits);
        peers.add(peer);
        peer.closed().subscribe(reason -> closed(peer, reason));
        if (closing) {
            peer.close();
        }
    }

    public ProviderStats stats() {
        return new ProviderStats(
                counters.connections.sum(),
                counters.connectionsRefused.sum(),
                counters.connectionsOpen.sum(),
                counters.requests.sum(),
                counters.requestsInvalid.sum(),
                counters.requestsForbidden.sum(),
                counters.requestsRejected.sum(),
                counters.requestsFailed.sum(),
                counters.requestsCancelled.sum(),
                running.size(),
                counters.tokens.sum(),
                shelf.loaded());
    }

    /**
     * Takes no more work, lets what has begun go on for {@link ProviderConfig#drain}, then ends all
     * connections and unloads all models. Harmless when repeated.
     */
    public Mono<Void> shutDown() {
        return shutDown;
    }

    /** The same as {@link #shutDown}, and waits for it. */
    @Override
    public void close() {
        shutDown.block();
    }

    /** Completes when the service has shut down. */
    public Mono<Void> ended() {
        return ended.asMono();
    }

    boolean closing() {
        return closing;
    }

    private Mono<Void> end() {
        closing = true;
        return Flux.interval(Duration.ZERO, Duration.ofMillis(DRAIN_CHECK_MILLIS), timing.timer())
                .onBackpressureDrop()
                .takeUntil(tick -> running.size() == 0)
                .take(config.drain(), timing.timer())
                .then(Mono.defer(this::letGo));
    }

    private Mono<Void> letGo() {
        sweeper.dispose();
        running.cancelAll();
        peers.forEach(RpcPeer::close);
        return Flux.fromIterable(peers)
                .flatMap(RpcPeer::closed)
                .then(shelf.close())
                .doFinally(
                        signal -> {
                            worker.dispose();
                            ended.tryEmitEmpty();
                        });
    }

    private void refuse(Link link, String why) {
        counters.connectionsRefused.increment();
        log.info("{} is turned away: {}", Names.shortly(link.remotePublicKey()), why);
        try {
            link.loop().execute(() -> link.destroy(new CloseReason.Refused(why)));
        } catch (RejectedExecutionException e) {
            log.debug("the loop has stopped, and the link with it");
        }
    }

    private void closed(RpcPeer peer, CloseReason reason) {
        PublicKey consumer = peer.remotePublicKey();
        peers.remove(peer);
        counters.connectionsOpen.decrement();
        ledger.disconnect(consumer);
        shelf.left(consumer);
        log.info("{} has left: {}", Names.shortly(consumer), reason.text());
    }

    private void sweep() {
        shelf.expire()
                .subscribeOn(worker)
                .subscribe(
                        nothing -> {}, error -> log.warn("a model could not be unloaded", error));
    }
}
