package dev.keyhole.model;

import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A run and its views: the engine writes into one end, any number of subscribers read at the other.
 *
 * <p>Every event is kept until the run is forgotten, so that a late view sees all of them.
 */
final class CompletionRun implements Completion, CompletionSink {

    /** More events than any context has tokens; a peer that sends more is not answering. */
    static final int MAX_EVENTS = 1_000_000;

    private final Consumer<CompletionSink> engine;
    private final Sinks.Many<CompletionEvent> replay = Sinks.many().replay().all();
    private final Sinks.One<ServedBy> server = Sinks.one();
    private final StringBuilder text = new StringBuilder();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicInteger watchers = new AtomicInteger();

    private final Object cancelLock = new Object();
    private boolean cancelled;
    private @Nullable Runnable onCancel;

    private long events;
    private volatile boolean ended;

    CompletionRun(Consumer<CompletionSink> engine) {
        this.engine = engine;
    }

    @Override
    public Flux<CompletionEvent> events() {
        return Flux.from(
                subscriber -> {
                    watchers.incrementAndGet();
                    replay.asFlux().doOnCancel(this::watcherLeft).subscribe(subscriber);
                    start();
                });
    }

    @Override
    public Flux<String> tokens() {
        return events().ofType(CompletionEvent.Text.class).map(CompletionEvent.Text::text);
    }

    @Override
    public Mono<String> text() {
        return events().reduceWith(Summary::new, Summary::add).map(Summary::text);
    }

    @Override
    public Mono<CompletionStats> stats() {
        return events().ofType(CompletionEvent.Stats.class)
                .map(CompletionEvent.Stats::stats)
                .last(CompletionStats.unknown());
    }

    @Override
    public Mono<ServedBy> servedBy() {
        return server.asMono();
    }

    @Override
    public void cancel() {
        if (ended) {
            return;
        }
        stopEngine();
        if (started.compareAndSet(false, true)) {
            done(StopReason.CANCELLED);
        }
    }

    @Override
    public boolean cancelled() {
        synchronized (cancelLock) {
            return cancelled;
        }
    }

    @Override
    public void onCancel(Runnable action) {
        synchronized (cancelLock) {
            if (!cancelled) {
                onCancel = action;
                return;
            }
        }
        action.run();
    }

    @Override
    public synchronized void text(String piece) {
        if (!ended && !piece.isEmpty()) {
            text.append(piece);
            emit(new CompletionEvent.Text(events, piece));
        }
    }

    @Override
    public synchronized void thinking(String piece) {
        emit(new CompletionEvent.Thinking(events, piece));
    }

    @Override
    public synchronized void rawDelta(String piece) {
        emit(new CompletionEvent.RawDelta(events, piece));
    }

    @Override
    public synchronized void toolCall(
            String id, String name, Map<String, Object> arguments, @Nullable String raw) {
        emit(new CompletionEvent.ToolCall(events, id, name, arguments, raw));
    }

    @Override
    public synchronized void toolError(
            CompletionEvent.ToolErrorCode code, String message, @Nullable String raw) {
        emit(new CompletionEvent.ToolError(events, code, message, raw));
    }

    @Override
    public synchronized void stats(CompletionStats stats) {
        emit(new CompletionEvent.Stats(events, stats));
    }

    @Override
    public void servedBy(ServedBy servedBy) {
        server.tryEmitValue(servedBy);
    }

    @Override
    public synchronized void done(@Nullable StopReason reason) {
        done(reason, text.toString());
    }

    @Override
    public synchronized void done(@Nullable StopReason reason, String fullText) {
        if (ended) {
            return;
        }
        emit(new CompletionEvent.Done(events, reason, null, fullText));
        ended = true;
        server.tryEmitValue(ServedBy.local());
        replay.tryEmitComplete();
    }

    @Override
    public synchronized void fail(DelegationException error) {
        if (ended) {
            return;
        }
        ended = true;
        server.tryEmitError(error);
        replay.tryEmitError(error);
    }

    private void emit(CompletionEvent event) {
        if (ended) {
            return;
        }
        if (++events > MAX_EVENTS) {
            fail(new InferenceFailedException("an answer of more than " + MAX_EVENTS + " events"));
            stopEngine();
            return;
        }
        server.tryEmitValue(ServedBy.local());
        replay.tryEmitNext(event);
    }

    private void start() {
        if (!started.compareAndSet(false, true)) {
            return;
        }
        try {
            engine.accept(this);
        } catch (DelegationException e) {
            fail(e);
        } catch (RuntimeException e) {
            fail(new InferenceFailedException("the engine failed: " + e.getMessage(), e));
        }
    }

    private void stopEngine() {
        Runnable action;
        synchronized (cancelLock) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            action = onCancel;
            onCancel = null;
        }
        if (action != null) {
            action.run();
        }
    }

    private void watcherLeft() {
        if (watchers.decrementAndGet() == 0) {
            cancel();
        }
    }

    /** What {@link #text} needs to know of the events. */
    private static final class Summary {

        private final StringBuilder text = new StringBuilder();
        private boolean cancelled;

        Summary add(CompletionEvent event) {
            if (event instanceof CompletionEvent.Text piece) {
                text.append(piece.text());
            } else if (event instanceof CompletionEvent.Done done) {
                cancelled = done.reason() == StopReason.CANCELLED;
            }
            return this;
        }

        String text() {
            if (cancelled) {
                throw new InferenceCancelledException(
                        "the run was cancelled after " + text.length() + " characters",
                        text.toString());
            }
            return text.toString();
        }
    }
}
