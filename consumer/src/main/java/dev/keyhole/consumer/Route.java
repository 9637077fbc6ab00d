package dev.keyhole.consumer;

import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.InferenceCancelledException;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.OperationNotSupportedException;
import dev.keyhole.model.ServedBy;
import dev.keyhole.model.message.ModelType;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Response;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Where a request for one model may be answered: at its providers in order, then on this machine if
 * that was allowed.
 *
 * <p>A provider forgets what it loaded when it restarts, so the model is loaded once on each
 * connection. A place is left for the next one only while nothing of the answer has arrived.
 */
final class Route {

    private final LoadModel load;
    private final Delegate how;
    private final PeerConnections connections;
    private final Function<LoadModel, Mono<Model>> localLoader;
    private final Map<PeerConnection, Mono<Place>> loads = new ConcurrentHashMap<>();
    private final Mono<Model> local;
    private final AtomicBoolean localWanted = new AtomicBoolean();
    private volatile boolean localOnly;
    private volatile @Nullable Throwable whyLocal;

    Route(
            LoadModel load,
            Delegate how,
            PeerConnections connections,
            Function<LoadModel, Mono<Model>> localLoader) {
        this.load = load;
        this.how = how;
        this.connections = connections;
        this.localLoader = localLoader;
        this.local =
                Mono.defer(() -> this.localLoader.apply(load))
                        .doOnSubscribe(subscription -> localWanted.set(true))
                        .cacheInvalidateIf(model -> false);
    }

    String modelSrc() {
        return load.modelSrc();
    }

    String modelType() {
        return load.modelType();
    }

    /** What a model of this type can be asked, when the provider does not say. */
    Set<Operation> likelyOperations() {
        return ModelType.ofWireName(load.modelType())
                .map(
                        type ->
                                switch (type) {
                                    case COMPLETION -> EnumSet.of(Operation.COMPLETION);
                                    case EMBEDDING -> EnumSet.of(Operation.EMBED);
                                    case WHISPER, PARAKEET, BCI -> EnumSet.of(Operation.TRANSCRIBE);
                                    case TRANSLATION -> EnumSet.of(Operation.TRANSLATE);
                                    case TEXT_TO_SPEECH, OCR, DIFFUSION, VLA, CLASSIFICATION ->
                                            EnumSet.noneOf(Operation.class);
                                })
                .orElseGet(() -> EnumSet.noneOf(Operation.class));
    }

    ServedBy servedLocally() {
        Throwable why = whyLocal;
        return why == null ? ServedBy.local() : ServedBy.local(why);
    }

    /** Loads the model at the first provider that can, or here. */
    Mono<Model> open() {
        return first(
                place -> Mono.just((Model) new DelegatedModel(this, place.loaded)),
                model -> {
                    localOnly = true;
                    return Mono.just(
                            new DelegatedModel(
                                    this,
                                    new Response.LoadModel(
                                            true,
                                            model.id(),
                                            null,
                                            model.digest().orElse(null),
                                            model.contextSize().isPresent()
                                                    ? model.contextSize().getAsInt()
                                                    : null,
                                            model.operations())));
                });
    }

    /** The one answer of the first place that gives one. */
    <T> Mono<T> first(Function<Place, Mono<T>> remotely, Function<Model, Mono<T>> locally) {
        return stream(place -> remotely.apply(place).flux(), model -> locally.apply(model).flux())
                .next();
    }

    /** The answer of the first place from which anything of it arrives. */
    <T> Flux<T> stream(Function<Place, Flux<T>> remotely, Function<Model, Flux<T>> locally) {
        return Flux.defer(() -> localOnly ? here(locally) : at(0, remotely, locally));
    }

    private <T> Flux<T> at(
            int index, Function<Place, Flux<T>> remotely, Function<Model, Flux<T>> locally) {
        PublicKey provider = how.providerPublicKeys().get(index);
        AtomicBoolean begun = new AtomicBoolean();
        return tried(provider, remotely, begun, true)
                .onErrorResume(
                        failure -> {
                            if (begun.get() || isFinal(failure)) {
                                return Flux.error(failure);
                            }
                            if (index + 1 < how.providerPublicKeys().size()) {
                                return at(index + 1, remotely, locally)
                                        .onErrorMap(last -> remembering(last, failure));
                            }
                            if (!how.fallbackToLocal()) {
                                return Flux.error(failure);
                            }
                            whyLocal = failure;
                            return here(locally).onErrorMap(last -> remembering(last, failure));
                        });
    }

    /** One provider, with a second try where the first one met a connection or a memory that is gone. */
    private <T> Flux<T> tried(
            PublicKey provider,
            Function<Place, Flux<T>> remotely,
            AtomicBoolean begun,
            boolean mayRetry) {
        return place(provider)
                .flatMapMany(
                        place ->
                                remotely.apply(place)
                                        .doOnNext(piece -> begun.set(true))
                                        .onErrorResume(
                                                failure -> {
                                                    if (begun.get()
                                                            || !mayRetry
                                                            || !isForgotten(failure)) {
                                                        return Flux.error(failure);
                                                    }
                                                    loads.remove(place.connection);
                                                    return tried(provider, remotely, begun, false);
                                                }));
    }

    private <T> Flux<T> here(Function<Model, Flux<T>> locally) {
        return local.flatMapMany(locally);
    }

    /** The provider, connected, with the model loaded on that connection. */
    private Mono<Place> place(PublicKey provider) {
        return connections
                .to(provider, how)
                .flatMap(connection -> loads.computeIfAbsent(connection, this::loading));
    }

    private Mono<Place> loading(PeerConnection connection) {
        connection.closed().subscribe(reason -> loads.remove(connection));
        Request.LoadModel request =
                Request.LoadModel.of(load.modelSrc(), load.modelType())
                        .withModelConfig(load.modelConfig())
                        .withProgress(load.isWatched())
                        .withRequestId(UUID.randomUUID().toString());
        return connection
                .messages(request, how.timeout())
                .doOnNext(this::report)
                .ofType(Response.LoadModel.class)
                .next()
                .switchIfEmpty(
                        Mono.error(
                                () ->
                                        new PeerProtocolException(
                                                connection.provider(), "no answer to loadModel")))
                .map(answer -> loaded(connection, answer))
                .doOnError(failure -> loads.remove(connection))
                .cache();
    }

    private void report(Response response) {
        if (response instanceof Response.ModelProgress step) {
            load.progress().accept(step.progress());
        }
    }

    private Place loaded(PeerConnection connection, Response.LoadModel answer) {
        if (!answer.success()) {
            String error = answer.error();
            throw new ModelLoadException(
                    "provider "
                            + connection.provider()
                            + " did not load "
                            + load.modelSrc()
                            + (error == null ? "" : ": " + error));
        }
        String id = answer.modelId() == null ? load.modelSrc() : answer.modelId();
        return new Place(connection, id, answer);
    }

    /** Drops our claim wherever the model is loaded; what cannot be told is let go. */
    Mono<Void> unload(Duration limit) {
        Mono<Void> providers =
                Flux.fromIterable(Set.copyOf(loads.values()))
                        .flatMap(place -> place.onErrorComplete())
                        .flatMap(
                                place ->
                                        place.connection
                                                .ask(
                                                        new Request.UnloadModel(
                                                                place.modelId, false),
                                                        Response.UnloadModel.class,
                                                        limit)
                                                .onErrorComplete())
                        .then();
        loads.clear();
        Mono<Void> here =
                localWanted.get() ? local.flatMap(Model::unload).onErrorComplete() : Mono.empty();
        return Mono.whenDelayError(providers, here);
    }

    static DelegationException asDelegationException(Throwable failure) {
        return failure instanceof DelegationException known
                ? known
                : new InferenceFailedException(
                        failure.getMessage() == null ? failure.toString() : failure.getMessage(),
                        failure);
    }

    /** Whether no other place would answer differently. */
    private static boolean isFinal(Throwable failure) {
        return failure instanceof ContextOverflowException
                || failure instanceof InferenceCancelledException
                || failure instanceof OperationNotSupportedException;
    }

    /** Whether the same provider may answer once it is connected, and has the model, anew. */
    private static boolean isForgotten(Throwable failure) {
        return failure instanceof ConnectionLostException
                || failure instanceof ModelNotFoundException;
    }

    private static Throwable remembering(Throwable last, Throwable earlier) {
        if (last != earlier) {
            last.addSuppressed(earlier);
        }
        return last;
    }

    /** A provider that is connected and has the model. */
    final class Place {

        private final PeerConnection connection;
        private final String modelId;
        private final Response.LoadModel loaded;

        private Place(PeerConnection connection, String modelId, Response.LoadModel loaded) {
            this.connection = connection;
            this.modelId = modelId;
            this.loaded = loaded;
        }

        PublicKey provider() {
            return connection.provider();
        }

        String modelId() {
            return modelId;
        }

        <T extends Response> Mono<T> ask(Request request, Class<T> wanted) {
            return connection.ask(request, wanted, how.timeout());
        }

        Flux<Response> messages(Request request) {
            return connection.messages(request, how.timeout());
        }

        /** Says something to which no answer is awaited. */
        void tell(Request request) {
            connection
                    .ask(request, Response.class, how.timeout())
                    .subscribe(answer -> {}, failure -> {});
        }
    }
}
