package dev.keyhole.consumer;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.Operation;
import dev.keyhole.model.OperationNotSupportedException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.ServedBy;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import dev.keyhole.model.TranslationToken;
import dev.keyhole.model.generate.StopSequences;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Response;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A model that runs at a provider.
 *
 * <p>Every request goes the way of {@link Route}: to the providers in order, each with a second try
 * when its connection turns out to be dead or its memory to be gone, then to this machine if that
 * was allowed. Only a request of which nothing has arrived yet is tried again.
 */
final class DelegatedModel implements Model {

    /** How long a cancelled answer may take to end in good order. */
    private static final Duration CANCEL_GRACE = Duration.ofSeconds(1);

    /** How long to wait for a provider to confirm that it let go. */
    private static final Duration UNLOAD_LIMIT = Duration.ofSeconds(5);

    private final Route route;
    private final Response.LoadModel loaded;
    private final Set<Run> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    DelegatedModel(Route route, Response.LoadModel loaded) {
        this.route = route;
        this.loaded = loaded;
    }

    @Override
    public String id() {
        String id = loaded.modelId();
        return id == null ? route.modelSrc() : id;
    }

    @Override
    public Set<Operation> operations() {
        return loaded.operations().isEmpty() ? route.likelyOperations() : loaded.operations();
    }

    @Override
    public Optional<String> digest() {
        return Optional.ofNullable(loaded.digest());
    }

    @Override
    public OptionalInt contextSize() {
        Integer size = loaded.contextSize();
        return size == null ? OptionalInt.empty() : OptionalInt.of(size);
    }

    @Override
    public Completion completion(CompletionRequest request) {
        CompletionRequest named =
                request.requestId() == null
                        ? request.withRequestId(UUID.randomUUID().toString())
                        : request;
        return Completion.of(
                sink -> {
                    refuseUnless(Operation.COMPLETION);
                    new Run(named, sink).start();
                });
    }

    @Override
    public Mono<Embeddings> embed(EmbedRequest request) {
        return Mono.defer(() -> embedded(request));
    }

    private Mono<Embeddings> embedded(EmbedRequest request) {
        refuseUnless(Operation.EMBED);
        return route.first(
                place ->
                        place.ask(
                                        new Request.Embed(
                                                place.modelId(),
                                                request,
                                                request.texts().size() != 1),
                                        Response.Embed.class)
                                .flatMap(DelegatedModel::vectors),
                local -> local.embed(request));
    }

    @Override
    public Flux<TranscriptionEvent> transcribe(TranscribeRequest request) {
        return Flux.defer(() -> transcribed(request));
    }

    private Flux<TranscriptionEvent> transcribed(TranscribeRequest request) {
        refuseUnless(Operation.TRANSCRIBE);
        return route.stream(
                place ->
                        place.messages(new Request.Transcribe(place.modelId(), request))
                                .ofType(Response.Transcribe.class)
                                .flatMapIterable(DelegatedModel::pieces),
                local -> local.transcribe(request));
    }

    @Override
    public Flux<TranslationToken> translate(TranslateRequest request) {
        return Flux.defer(() -> translated(request));
    }

    private Flux<TranslationToken> translated(TranslateRequest request) {
        refuseUnless(Operation.TRANSLATE);
        return route.stream(
                place ->
                        place.messages(
                                        Request.Translate.of(
                                                place.modelId(), request, route.modelType()))
                                .ofType(Response.Translate.class)
                                .flatMapIterable(DelegatedModel::tokens),
                local -> local.translate(request));
    }

    @Override
    public Mono<Void> unload() {
        return Mono.defer(
                () -> {
                    if (closed) {
                        return Mono.empty();
                    }
                    closed = true;
                    running.forEach(run -> run.cancel());
                    return route.unload(UNLOAD_LIMIT);
                });
    }

    @Override
    public void close() {
        unload().block();
    }

    private void refuseUnless(Operation operation) {
        if (closed) {
            throw RequestRejectedException.forbidden("model \"" + id() + "\" is closed");
        }
        if (!operations().contains(operation)) {
            throw new OperationNotSupportedException(id(), operation, operations());
        }
    }

    private static Mono<Embeddings> vectors(Response.Embed answer) {
        String error = answer.error();
        return answer.success()
                ? Mono.just(answer.embeddings())
                : Mono.error(new InferenceFailedException(error == null ? "no vectors" : error));
    }

    private static List<TranscriptionEvent> pieces(Response.Transcribe answer) {
        failOn(answer.error());
        TranscriptionEvent piece = answer.piece();
        return piece == null || piece.text().isEmpty() && answer.done()
                ? List.of()
                : List.of(piece);
    }

    private static List<TranslationToken> tokens(Response.Translate answer) {
        failOn(answer.error());
        return answer.token().isEmpty() ? List.of() : List.of(new TranslationToken(answer.token()));
    }

    private static void failOn(@Nullable String error) {
        if (error != null) {
            throw new InferenceFailedException(error);
        }
    }

    /** One completion on its way through the route. */
    private final class Run {

        private final CompletionRequest request;
        private final CompletionSink sink;
        private final Disposable.Swap work = Disposables.swap();
        private final StopSequences stops;
        private final StringBuilder shown = new StringBuilder();
        private volatile Route.@Nullable Place answering;
        private final AtomicBoolean told = new AtomicBoolean();
        private volatile boolean finished;

        Run(CompletionRequest request, CompletionSink sink) {
            this.request = request;
            this.sink = sink;
            this.stops = new StopSequences(request.params().stopSequences());
        }

        void start() {
            running.add(this);
            sink.onCancel(this::cancel);
            work.update(
                    route.stream(this::remotely, this::locally)
                            .doFinally(signal -> running.remove(this))
                            .subscribe(this::take, this::fail, this::endedWithoutDone));
        }

        private Flux<CompletionEvent> remotely(Route.Place place) {
            Request.CompletionStream question =
                    Request.CompletionStream.of(place.modelId(), request);
            return place.messages(question)
                    .doOnSubscribe(subscription -> answering = place)
                    .ofType(Response.CompletionStream.class)
                    .concatMapIterable(Response.CompletionStream::events)
                    .doOnNext(event -> sink.servedBy(ServedBy.provider(place.provider().toHex())));
        }

        private Flux<CompletionEvent> locally(Model local) {
            return Flux.defer(
                    () ->
                            local.completion(request)
                                    .events()
                                    .doOnNext(event -> sink.servedBy(route.servedLocally())));
        }

        private void take(CompletionEvent event) {
            if (event instanceof CompletionEvent.Text text) {
                show(stops.accept(text.text()));
            } else if (event instanceof CompletionEvent.Thinking thinking) {
                sink.thinking(thinking.text());
            } else if (event instanceof CompletionEvent.RawDelta raw) {
                sink.rawDelta(raw.text());
            } else if (event instanceof CompletionEvent.ToolCall call) {
                sink.toolCall(call.id(), call.name(), call.arguments(), call.raw());
            } else if (event instanceof CompletionEvent.ToolError error) {
                sink.toolError(error.code(), error.message(), error.raw());
            } else if (event instanceof CompletionEvent.Stats stats) {
                show(stops.rest());
                sink.stats(stats.stats());
            } else if (event instanceof CompletionEvent.Done done) {
                finish(done);
            }
        }

        /** Shows a piece; stop sequences are ours to see, since they do not travel. */
        private void show(String piece) {
            if (!piece.isEmpty()) {
                shown.append(piece);
                sink.text(piece);
            }
            if (stops.stopped()) {
                cancel();
            }
        }

        private void finish(CompletionEvent.Done done) {
            show(stops.rest());
            finished = true;
            if (done.reason() == StopReason.ERROR) {
                String error = done.error();
                sink.fail(
                        new InferenceFailedException(error == null ? "the engine failed" : error));
            } else if (stops.stopped()) {
                sink.done(StopReason.STOP_SEQUENCE, shown.toString());
            } else {
                sink.done(done.reason(), done.fullText());
            }
        }

        private void fail(Throwable failure) {
            finished = true;
            if (sink.cancelled() || stops.stopped()) {
                leave();
            } else {
                sink.fail(Route.asDelegationException(failure));
            }
        }

        private void endedWithoutDone() {
            if (!finished) {
                fail(new InferenceFailedException("the answer ended without its last message"));
            }
        }

        /** Tells the provider, gives it a moment to say what it has, and leaves. */
        private void cancel() {
            if (finished) {
                return;
            }
            Route.Place place = answering;
            if (place == null) {
                leave();
                return;
            }
            if (!told.compareAndSet(false, true)) {
                return;
            }
            String requestId = request.requestId();
            place.tell(Request.CancelRequest.of(requestId == null ? "" : requestId));
            Mono.delay(CANCEL_GRACE).subscribe(late -> leave());
        }

        private void leave() {
            finished = true;
            work.dispose();
            sink.done(
                    stops.stopped() ? StopReason.STOP_SEQUENCE : StopReason.CANCELLED,
                    shown.toString());
        }
    }
}
