package dev.keyhole.model;

import java.util.function.Consumer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One run of a model over one conversation.
 *
 * <p>The run starts with the first subscription to any view but {@link #servedBy}, and happens once:
 * every view sees it from its beginning, however late it comes. The engine stops when the last view
 * that watches is cancelled, and on {@link #cancel}.
 *
 * <p>A cancelled run ends its {@link #events} and {@link #tokens} normally, the former with
 * {@link StopReason#CANCELLED}; a failed one ends all views with a {@link DelegationException}.
 */
public interface Completion {

    /** The pieces of the answer. */
    Flux<String> tokens();

    /** Everything that happens, in order; the last is {@link CompletionEvent.Done}. */
    Flux<CompletionEvent> events();

    /** The whole answer; fails with {@link InferenceCancelledException} when it was cut short. */
    Mono<String> text();

    /** What the run cost, once it has ended; also of a cancelled run. */
    Mono<CompletionStats> stats();

    /** Who answers, as soon as that is known. */
    Mono<ServedBy> servedBy();

    /** Stops the engine before its next token. Harmless when repeated, and after the end. */
    void cancel();

    /** A run whose events come from an engine, which is called once, when the run starts. */
    static Completion of(Consumer<CompletionSink> engine) {
        return new CompletionRun(engine);
    }
}
