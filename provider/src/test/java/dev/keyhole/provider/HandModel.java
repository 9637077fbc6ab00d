package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.Model;
import dev.keyhole.model.Operation;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import dev.keyhole.model.TranslationToken;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A model whose engine is the test: it hears of each run, and says what the run says. */
final class HandModel implements Model {

    /** Long enough for a machine that is busy with other things; only failures wait for it. */
    static final long LIMIT_SECONDS = 20;

    private final String id;
    private final BlockingQueue<Run> runs = new LinkedBlockingQueue<>();
    private final CountDownLatch unloaded = new CountDownLatch(1);

    HandModel(String id) {
        this.id = id;
    }

    /** The next run that reached the engine. */
    Run run() {
        return taken(runs);
    }

    /** Whether no run has reached the engine that {@link #run} has not told of. */
    boolean isIdle() {
        return runs.isEmpty();
    }

    boolean isUnloaded() {
        return unloaded.getCount() == 0;
    }

    void awaitUnloaded() {
        await(unloaded, "unloading " + id);
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Set<Operation> operations() {
        return Set.of(Operation.values());
    }

    @Override
    public Optional<String> digest() {
        return Optional.of("d1".repeat(32));
    }

    @Override
    public OptionalInt contextSize() {
        return OptionalInt.of(2048);
    }

    @Override
    public Completion completion(CompletionRequest request) {
        return Completion.of(
                sink -> {
                    Run run = new Run(request, sink, Sinks.empty());
                    sink.onCancel(run.stopped::countDown);
                    runs.add(run);
                });
    }

    @Override
    public Mono<Embeddings> embed(EmbedRequest request) {
        return this.<Embeddings>byHand(request).next();
    }

    @Override
    public Flux<TranscriptionEvent> transcribe(TranscribeRequest request) {
        return byHand(request);
    }

    @Override
    public Flux<TranslationToken> translate(TranslateRequest request) {
        return byHand(request);
    }

    @Override
    public Mono<Void> unload() {
        return Mono.fromRunnable(unloaded::countDown);
    }

    @Override
    public void close() {
        unload().block();
    }

    private <T> Flux<T> byHand(Object request) {
        return Flux.defer(
                () -> {
                    Sinks.Many<Object> out = Sinks.many().unicast().onBackpressureBuffer();
                    Run run = new Run(request, null, out);
                    runs.add(run);
                    @SuppressWarnings("unchecked") // the test gives what it asked for
                    Flux<T> pieces = (Flux<T>) out.asFlux().doOnCancel(run.stopped::countDown);
                    return pieces;
                });
    }

    static <T> T taken(BlockingQueue<T> queue) {
        try {
            T next = queue.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("something in time").isNotNull();
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void await(CountDownLatch latch, String what) {
        try {
            assertThat(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as(what).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Something the engine was asked to do. */
    static final class Run {

        private final Object request;
        private final CompletionSink sink;
        private final Object out;
        private final CountDownLatch stopped = new CountDownLatch(1);

        Run(Object request, CompletionSink sink, Object out) {
            this.request = request;
            this.sink = sink;
            this.out = out;
        }

        /** What the model was asked, as it reached the engine. */
        <T> T request(Class<T> type) {
            return type.cast(request);
        }

        CompletionRequest completion() {
            return request(CompletionRequest.class);
        }

        /** Where a completion's events go. */
        CompletionSink out() {
            return sink;
        }

        /** Gives a piece of an answer that is no completion. */
        @SuppressWarnings("unchecked") // made by byHand, which takes everything
        void give(Object piece) {
            ((Sinks.Many<Object>) out).tryEmitNext(piece).orThrow();
        }

        void end() {
            ((Sinks.Many<?>) out).tryEmitComplete().orThrow();
        }

        void fail(RuntimeException error) {
            ((Sinks.Many<?>) out).tryEmitError(error).orThrow();
        }

        boolean isStopped() {
            return stopped.getCount() == 0;
        }

        /** Waits until the engine has been told to stop. */
        void awaitStop() {
            await(stopped, "the engine being stopped");
        }
    }
}
