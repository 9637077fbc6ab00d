package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.message.ErrorCode;
import dev.keyhole.model.message.MessageJson;
import dev.keyhole.model.message.ReceivedRequest;
import dev.keyhole.model.message.RefusedRequestException;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Request.WorkKind;
import dev.keyhole.model.message.Response;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.rpc.IncomingRequest;
import dev.keyhole.transport.rpc.RpcHandler;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;

/**
 * One connection of a consumer, and what it asks.
 *
 * <p>What needs no model is answered on the loop's thread at once, whatever else is going on. The
 * rest runs on the service's workers, and stops when the consumer cancels it, leaves the answer or
 * goes away.
 */
final class ConsumerSession implements RpcHandler {

    /** How long an answer may say nothing before it says that it is still at work. */
    static final Duration SILENCE = Duration.ofSeconds(2);

    /** Longer requests are read by a worker, so that they do not hold up the loop. */
    static final int READ_ON_LOOP_BYTES = 64 << 10;

    /** A name that is longer is nobody's. */
    static final int MAX_NAME_LENGTH = 4096;

    /** The longest reply; a frame has to hold it. */
    static final int MAX_REPLY_BYTES = DelegationService.FRAME_BYTES - 1024;

    /** How long to wait after telling of progress before telling of more. */
    private static final long PROGRESS_NANOS = MILLISECONDS.toNanos(100);

    /** Types that take their input as a stream. */
    private static final Set<String> DUPLEX =
            Set.of(
                    "transcribeStream",
                    "bciTranscribeStream",
                    "textToSpeechStream",
                    "completionOrchestrate");

    private static final Logger log = LoggerFactory.getLogger(DelegationService.class);

    private final DelegationService service;
    private final PublicKey peer;
    private final String who;

    private final AtomicLong heartbeats = new AtomicLong();

    ConsumerSession(DelegationService service, PublicKey peer) {
        this.service = service;
        this.peer = peer;
        this.who = Names.shortly(peer);
    }

    @Override
    public void request(IncomingRequest request) {
        if (request.isDuplex()) {
            refuseDuplex(request);
        } else if (request.data().length() > READ_ON_LOOP_BYTES) {
            service.worker.schedule(() -> read(request));
        } else {
            read(request);
        }
    }

    private void read(IncomingRequest request) {
        long began = service.timing.now();
        ReceivedRequest received;
        try {
            received = MessageJson.readRequest(request.data().toArray());
        } catch (RefusedRequestException refused) {
            refuse(request, refused);
            return;
        }
        service.counters.requests.increment();
        long parsed = service.timing.now();
        Exchange exchange = new Exchange(request, received, began, parsed);
        try {
            answer(exchange);
        } catch (RuntimeException e) {
            log.error("a request could not be answered", e);
            exchange.answer(Flux.just(Failures.internal()));
        }
    }

    private void answer(Exchange exchange) {
        Request request = exchange.request();
        if (request instanceof Request.Heartbeat) {
            exchange.reply(new Response.Heartbeat(heartbeats.incrementAndGet()));
        } else if (request instanceof Request.State) {
            exchange.reply(new Response.State(Response.State.ACTIVE));
        } else if (request instanceof Request.GetModelInfo asked) {
            exchange.reply(modelInfo(asked));
        } else if (request instanceof Request.CancelModel cancel) {
            exchange.reply(cancel(cancel));
        } else if (request instanceof Request.CancelRequest cancel) {
            exchange.reply(cancel(cancel));
        } else if (request instanceof Request.UnloadModel unload) {
            exchange.reply(unload(unload));
        } else if (request instanceof Request.GetLoadedModelInfo asked) {
            exchange.answer(loadedModelInfo(asked));
        } else if (request instanceof Request.LoadModel load) {
            exchange.answer(load(exchange, load));
        } else if (request instanceof Request.CompletionStream completion) {
            exchange.answer(completion(exchange, completion));
        } else if (request instanceof Request.Embed embed) {
            exchange.answer(embed(exchange, embed));
        } else if (request instanceof Request.Transcribe transcribe) {
            exchange.answer(transcribe(exchange, transcribe));
        } else if (request instanceof Request.Translate translate) {
            exchange.answer(translate(exchange, translate));
        } else {
            throw new IllegalStateException("a request that nobody answers: " + request.type());
        }
    }

    private Response modelInfo(Request.GetModelInfo asked) {
        ServedModel served = find(asked.name(), null);
        if (served == null) {
            return notOffered();
        }
        boolean loaded = service.shelf.loaded().contains(served.name());
        return new Response.ModelInfo(asked.name(), null, loaded);
    }

    private Response cancel(Request.CancelModel cancel) {
        if (service.shelf.claimed(peer, cancel.modelId()).isEmpty()) {
            return Response.Cancel.failed(
                    String.valueOf(Failures.notClaimed(cancel.modelId()).getMessage()));
        }
        return Response.Cancel.succeeded(
                service.running.cancelModel(peer, cancel.modelId(), cancel.kind()));
    }

    private Response cancel(Request.CancelRequest cancel) {
        return Response.Cancel.succeeded(
                service.running.cancelRequest(peer, cancel.requestId(), service.timing.now()));
    }

    /** Gives up the claim and what runs on it. Files stay, whatever the request says of storage. */
    private Response unload(Request.UnloadModel unload) {
        String modelId = unload.modelId();
        if (!service.shelf.drop(peer, modelId)) {
            return Response.UnloadModel.failed("Model with ID \"" + modelId + "\" is not loaded");
        }
        service.running.cancelModel(peer, modelId, null);
        return new Response.UnloadModel(true, null, service.shelf.claims(peer) > 0, true);
    }

    private Flux<Response> loadedModelInfo(Request.GetLoadedModelInfo asked) {
        Claim claim = service.shelf.claimed(peer, asked.modelId()).orElse(null);
        if (claim == null) {
            return Flux.just(
                    Response.Failure.of(Failures.notClaimed(asked.modelId()), asked.modelId()));
        }
        return service.shelf
                .lend(claim, model -> Flux.just(describe(claim, model)))
                .onErrorResume(error -> Flux.just(failure(error, claim, WorkKind.LOAD_MODEL, null)))
                .subscribeOn(service.worker);
    }

    private static Response describe(Claim claim, Model model) {
        List<String> handlers =
                model.operations().stream().sorted().map(Operation::wireName).toList();
        return new Response.LoadedModelInfo(
                claim.modelId(),
                claim.modelType(),
                handlers,
                claim.served().name(),
                claim.since().toString(),
                model.digest().orElse(null),
                contextSize(model));
    }

    private static @Nullable Integer contextSize(Model model) {
        return model.contextSize().isPresent() ? model.contextSize().getAsInt() : null;
    }

    private Flux<Response> load(Exchange exchange, Request.LoadModel request) {
        ServedModel served = find(request.modelSrc(), request.modelName());
        if (served == null) {
            return Flux.just(notOffered());
        }
        LoadConfig config = LoadConfig.of(request.modelType(), request.modelConfig());
        String modelId = service.ids.of(request.modelType(), request.modelSrc(), config.values());
        Claim claim =
                new Claim(
                        peer,
                        modelId,
                        served,
                        request.modelType(),
                        config.params(),
                        config.systemPrompt(),
                        service.timing.wall().instant());
        return work(
                exchange,
                WorkKind.LOAD_MODEL,
                modelId,
                request.requestId(),
                work ->
                        request.withProgress()
                                ? loadWithProgress(claim, work, request.requestId())
                                : load(claim, work, request.requestId(), progress -> {}).flux());
    }

    private Mono<Response> load(
            Claim claim, Work work, @Nullable String requestId, Consumer<LoadProgress> progress) {
        return service.shelf
                .claim(claim, progress)
                .subscribeOn(service.worker)
                .takeUntilOther(work.cancelledEarly())
                .<Response>map(model -> ready(claim, model))
                .switchIfEmpty(Mono.fromSupplier(Failures::cancelled))
                .onErrorResume(
                        error -> Mono.just(failure(error, claim, WorkKind.LOAD_MODEL, requestId)));
    }

    private static Response ready(Claim claim, Model model) {
        return new Response.LoadModel(
                true,
                claim.modelId(),
                null,
                model.digest().orElse(null),
                contextSize(model),
                model.operations());
    }

    /** A reader that is slow, or a load that is fast, misses steps, but never the end. */
    private Flux<Response> loadWithProgress(Claim claim, Work work, @Nullable String requestId) {
        AtomicReference<LoadProgress> latest =
                new AtomicReference<>(LoadProgress.of(0, 0, claim.served().name()));
        Flux<Response> steps =
                Flux.create(
                        sink -> {
                            Consumer<LoadProgress> tell = new ProgressTeller(sink, latest);
                            sink.onDispose(
                                    load(claim, work, requestId, tell)
                                            .subscribe(
                                                    last -> {
                                                        sink.next(last);
                                                        sink.complete();
                                                    }));
                        },
                        FluxSink.OverflowStrategy.LATEST);
        return unsilenced(steps, () -> new Response.ModelProgress(latest.get()));
    }

    /** Tells a consumer how far a load has come, not more often than it can care to know. */
    private final class ProgressTeller implements Consumer<LoadProgress> {

        private final FluxSink<Response> sink;
        private final AtomicReference<LoadProgress> latest;
        private boolean told;
        private long toldAt;

        ProgressTeller(FluxSink<Response> sink, AtomicReference<LoadProgress> latest) {
            this.sink = sink;
            this.latest = latest;
        }

        @Override
        public synchronized void accept(LoadProgress progress) {
            long now = service.timing.now();
            latest.set(progress);
            boolean whole = progress.percentage() >= 100;
            if (!told || whole || now - toldAt >= PROGRESS_NANOS) {
                told = true;
                toldAt = now;
                sink.next(new Response.ModelProgress(progress));
            }
        }
    }

    private Flux<Response> completion(Exchange exchange, Request.CompletionStream request) {
        String requestId = request.completion().requestId();
        return onModel(
                exchange,
                WorkKind.COMPLETION,
                request.modelId(),
                requestId,
                Response.CompletionStream::stillAtWork,
                (claim, work) -> {
                    CompletionMessages messages = new CompletionMessages(request.stream());
                    return service.shelf
                            .lend(claim, model -> run(model, claim, request.completion(), work))
                            .takeUntilOther(work.cancelledEarly())
                            .doOnNext(work::count)
                            .concatMapIterable(messages::add, Silence.PREFETCH)
                            .concatWith(Flux.defer(() -> Flux.fromIterable(messages.cancelled())));
                });
    }

    private Flux<CompletionEvent> run(
            Model model, Claim claim, CompletionRequest asked, Work work) {
        CompletionRequest request = asked.withParams(asked.params().or(claim.params()));
        int maxContext = service.ledger.quota(peer).maxContext();
        if (maxContext != Quota.UNLIMITED) {
            request = request.withContextSize(maxContext);
        }
        String systemPrompt = claim.systemPrompt();
        boolean instructed =
                !asked.history().isEmpty()
                        && asked.history().get(0).role().equals(ChatMessage.SYSTEM);
        if (systemPrompt != null && !instructed) {
            request = request.withSystem(systemPrompt);
        }
        Completion completion = model.completion(request);
        work.start(completion::cancel);
        return completion.events();
    }

    private Flux<Response> embed(Exchange exchange, Request.Embed request) {
        return onModel(
                exchange,
                WorkKind.EMBEDDINGS,
                request.modelId(),
                request.embed().requestId(),
                null,
                (claim, work) ->
                        stoppable(
                                work,
                                service.shelf
                                        .lend(claim, model -> model.embed(request.embed()).flux())
                                        .map(
                                                vectors ->
                                                        Response.Embed.of(
                                                                vectors, request.list()))));
    }

    private Flux<Response> transcribe(Exchange exchange, Request.Transcribe request) {
        return onModel(
                exchange,
                WorkKind.TRANSCRIBE,
                request.modelId(),
                request.transcribe().requestId().orElse(null),
                () -> Response.Transcribe.of(new TranscriptionEvent.Text("")),
                (claim, work) ->
                        stoppable(
                                work,
                                service.shelf
                                        .lend(
                                                claim,
                                                model -> model.transcribe(request.transcribe()))
                                        .map(Response.Transcribe::of)
                                        .concatWith(Mono.just(Response.Transcribe.ended()))));
    }

    private Flux<Response> translate(Exchange exchange, Request.Translate request) {
        return onModel(
                exchange,
                WorkKind.TRANSLATE,
                request.modelId(),
                request.translate().requestId(),
                () -> Response.Translate.of(""),
                (claim, work) ->
                        stoppable(
                                work,
                                service.shelf
                                        .lend(claim, model -> model.translate(request.translate()))
                                        .map(token -> Response.Translate.of(token.text()))
                                        .concatWith(Mono.just(Response.Translate.ended()))));
    }

    /** An answer that has no way of its own to say that it was cancelled. */
    private static Flux<Response> stoppable(Work work, Flux<? extends Response> answer) {
        AtomicBoolean whole = new AtomicBoolean();
        return Flux.<Response>from(answer)
                .takeUntilOther(work.cancelledEarly())
                .doOnNext(response -> whole.set(isLast(response)))
                .concatWith(
                        Flux.defer(
                                () ->
                                        whole.get()
                                                ? Flux.empty()
                                                : Flux.just(Failures.cancelled())));
    }

    private interface ModelWork {
        Flux<? extends Response> answer(Claim claim, Work work);
    }

    /**
     * Work on a model that this consumer has claimed.
     *
     * @param filler what a stream says while there is nothing to say; null where the answer is one
     *     reply
     */
    private Flux<Response> onModel(
            Exchange exchange,
            WorkKind kind,
            String modelId,
            @Nullable String requestId,
            @Nullable Supplier<Response> filler,
            ModelWork body) {
        Claim claim = service.shelf.claimed(peer, modelId).orElse(null);
        if (claim == null) {
            return Flux.just(Failures.of(Failures.notClaimed(modelId), modelId, kind, requestId));
        }
        return work(
                exchange,
                kind,
                modelId,
                requestId,
                work -> {
                    Flux<Response> answer =
                            Flux.<Response>from(body.answer(claim, work))
                                    .subscribeOn(service.worker)
                                    .onErrorResume(
                                            error ->
                                                    Flux.just(
                                                            failure(
                                                                    error, claim, kind,
                                                                    requestId)));
                    return filler == null ? answer : unsilenced(answer, filler);
                });
    }

    /** Admits work, counts it, and lets it be found for as long as it runs. */
    private Flux<Response> work(
            Exchange exchange,
            WorkKind kind,
            String modelId,
            @Nullable String requestId,
            Function<Work, Flux<Response>> body) {
        try {
            admit(exchange);
        } catch (RequestRejectedException e) {
            return Flux.just(Failures.of(e, modelId, kind, requestId));
        }
        Work work = new Work();
        RunningRequests.Run run =
                new RunningRequests.Run(peer, kind, modelId, requestId, work::cancel);
        if (!service.running.begin(run, service.timing.now())) {
            work.cancel();
        }
        return body.apply(work)
                .doFinally(
                        signal -> {
                            service.running.end(run);
                            service.counters.tokens.add(work.tokens());
                            service.ledger.end(peer, work.tokens(), service.timing.now());
                        });
    }

    private void admit(Exchange exchange) {
        if (service.closing()) {
            throw RequestRejectedException.busy("the provider is closing");
        }
        if (exchange.incoming.overLimit()) {
            throw RequestRejectedException.busy(
                    "this connection has "
                            + service.config.requestsPerConnection()
                            + " requests running, and may have no more");
        }
        service.ledger.begin(peer, service.timing.now());
    }

    private Flux<Response> unsilenced(Flux<Response> answer, Supplier<Response> filler) {
        return Silence.filled(answer, filler, SILENCE, service.timing.timer())
                .takeUntil(ConsumerSession::isLast);
    }

    private @Nullable ServedModel find(String text, @Nullable String catalogueName) {
        ServedModel served =
                text.length() > MAX_NAME_LENGTH ? null : service.shelf.find(text).orElse(null);
        if (served == null && catalogueName != null) {
            return find(catalogueName, null);
        }
        return served;
    }

    /** The same for everything that is not offered, whether there is such a file or not. */
    private static Response notOffered() {
        return Response.Failure.of(
                new ModelNotFoundException("no model of that name is offered here"), "");
    }

    private Response failure(
            Throwable error, Claim claim, WorkKind kind, @Nullable String requestId) {
        if (error instanceof ModelLoadException) {
            log.warn("{} could not be loaded", claim.served().name(), error);
        }
        return Failures.of(error, claim.modelId(), kind, requestId);
    }

    private void refuse(IncomingRequest request, RefusedRequestException refused) {
        Response.Failure failure = timed(count(refused));
        String type = refused.type().orElse("");
        if (refused.streamed() && !DUPLEX.contains(type)) {
            request.stream(Mono.just(Bytes.wrap(MessageJson.writeLine(failure))));
        } else {
            request.reply(Bytes.wrap(MessageJson.write(failure)));
        }
    }

    private Response.Failure count(RefusedRequestException refused) {
        boolean forbidden = refused.kind() == RefusedRequestException.Kind.FORBIDDEN;
        (forbidden ? service.counters.requestsForbidden : service.counters.requestsInvalid)
                .increment();
        log.info("{} sent a request that is {}", who, refused.kind());
        return refused.failure();
    }

    /** No request that is served takes its input as a stream, so the first chunk says it all. */
    private void refuseDuplex(IncomingRequest request) {
        Mono<Response.Failure> failure =
                request.input()
                        .next()
                        .map(this::wrongShape)
                        .defaultIfEmpty(Response.Failure.of("a request without data"))
                        .onErrorReturn(Response.Failure.of("a request that was taken back"));
        request.stream(failure.map(said -> Bytes.wrap(MessageJson.writeLine(timed(said)))));
    }

    private Response.Failure wrongShape(Bytes data) {
        try {
            String type = MessageJson.readRequest(data.toArray()).request().type();
            service.counters.requestsInvalid.increment();
            return Response.Failure.of(
                    ErrorCode.PLUGIN_HANDLER_TYPE_MISMATCH,
                    "\"" + type + "\" does not take its input as a stream");
        } catch (RefusedRequestException refused) {
            return count(refused);
        }
    }

    private Response.Failure timed(Response.Failure failure) {
        return failure.withTimestamp(service.timing.wall().instant().toString());
    }

    private static boolean isLast(Response response) {
        if (response instanceof Response.ModelProgress) {
            return false;
        }
        if (response instanceof Response.CompletionStream completion) {
            return completion.done();
        }
        if (response instanceof Response.Transcribe transcribe) {
            return transcribe.done();
        }
        if (response instanceof Response.Translate translate) {
            return translate.done();
        }
        return true;
    }

    /** One request and its answer. */
    private final class Exchange {

        private final IncomingRequest incoming;
        private final ReceivedRequest received;
        private final long began;
        private final long parsed;

        Exchange(IncomingRequest incoming, ReceivedRequest received, long began, long parsed) {
            this.incoming = incoming;
            this.received = received;
            this.began = began;
            this.parsed = parsed;
        }

        Request request() {
            return received.request();
        }

        /** Answers what needs no model. */
        void reply(Response response) {
            if (!(response instanceof Response.Heartbeat)) {
                log(response);
            }
            send(response);
        }

        /** Answers in the shape that the consumer waits for. */
        void answer(Flux<Response> responses) {
            Flux<Response> watched = watched(responses);
            if (request().streamed()) {
                incoming.stream(watched.map(response -> Bytes.wrap(writeLine(response))));
            } else {
                watched.next().takeUntilOther(incoming.abandoned()).subscribe(this::send);
            }
        }

        private void send(Response response) {
            byte[] reply = write(response);
            if (reply.length > MAX_REPLY_BYTES) {
                reply = write(Response.Failure.of("an answer above " + MAX_REPLY_BYTES + " bytes"));
            }
            incoming.reply(Bytes.wrap(reply));
        }

        private Flux<Response> watched(Flux<Response> responses) {
            AtomicReference<@Nullable Response> last = new AtomicReference<>();
            return responses
                    .doOnNext(
                            response -> {
                                if (isLast(response)) {
                                    last.set(response);
                                }
                            })
                    .doFinally(signal -> log(last.get()));
        }

        private byte[] write(Response response) {
            Response said = stamped(response);
            return received.profiling()
                    .answer(millis(began, parsed), 0, millis(parsed, service.timing.now()))
                    .map(timings -> MessageJson.write(said, timings))
                    .orElseGet(() -> MessageJson.write(said));
        }

        private byte[] writeLine(Response response) {
            Response said = stamped(response);
            if (!isLast(response)) {
                return MessageJson.writeLine(said);
            }
            return received.profiling()
                    .answer(millis(began, parsed), 0, millis(parsed, service.timing.now()))
                    .map(timings -> MessageJson.writeLine(said, timings))
                    .orElseGet(() -> MessageJson.writeLine(said));
        }

        private Response stamped(Response response) {
            return response instanceof Response.Failure failure ? timed(failure) : response;
        }

        private void log(@Nullable Response last) {
            String outcome;
            if (last == null) {
                service.counters.requestsCancelled.increment();
                outcome = "left";
            } else if (last instanceof Response.Failure failure) {
                outcome = failure.name() == null ? "failed" : failure.name();
                boolean rejected =
                        ErrorCode.REQUEST_REJECTED_BY_POLICY.name().equals(failure.name());
                boolean cancelled = ErrorCode.INFERENCE_CANCELLED.name().equals(failure.name());
                (rejected
                                ? service.counters.requestsRejected
                                : cancelled
                                        ? service.counters.requestsCancelled
                                        : service.counters.requestsFailed)
                        .increment();
            } else {
                outcome = "done";
            }
            log.info(
                    "{} {} {} after {} ms",
                    who,
                    request().type(),
                    outcome,
                    NANOSECONDS.toMillis(service.timing.now() - began));
        }

        private static double millis(long from, long to) {
            return (to - from) / 1e6;
        }
    }
}
