package dev.keyhole.provider;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionStats;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Something that runs for a consumer: how to stop it, and what it has cost so far.
 *
 * <p>Until an engine has taken it on, stopping is simply not going on; from then on it is the
 * engine's, which ends in good order.
 */
final class Work {

    private final Sinks.Empty<Void> cancelledEarly = Sinks.empty();

    private boolean cancelled;
    private @Nullable Runnable stop;

    private long pieces;
    private long counted;

    /** Stops the work. Harmless when repeated. */
    void cancel() {
        Runnable action;
        synchronized (this) {
            cancelled = true;
            action = stop;
        }
        if (action == null) {
            cancelledEarly.tryEmitEmpty();
        } else {
            action.run();
        }
    }

    /** An engine takes the work on, and stops it from now on; at once if it was stopped before. */
    void start(Runnable engineStop) {
        boolean late;
        synchronized (this) {
            stop = engineStop;
            late = cancelled;
        }
        if (late) {
            engineStop.run();
        }
    }

    synchronized boolean cancelled() {
        return cancelled;
    }

    /** Completes when the work is stopped that no engine has taken on. */
    Mono<Void> cancelledEarly() {
        return cancelledEarly.asMono();
    }

    synchronized void count(CompletionEvent event) {
        if (event instanceof CompletionEvent.Text || event instanceof CompletionEvent.Thinking) {
            pieces++;
        } else if (event instanceof CompletionEvent.Stats report) {
            CompletionStats stats = report.stats();
            counted = or0(stats.promptTokens()) + or0(stats.generatedTokens());
        }
    }

    /** As the engine counted, else as many as pieces were written. */
    synchronized long tokens() {
        return Math.max(counted, pieces);
    }

    private static long or0(@Nullable Integer count) {
        return count == null ? 0 : count;
    }
}
