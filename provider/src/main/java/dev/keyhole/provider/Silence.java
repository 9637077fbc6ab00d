package dev.keyhole.provider;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/** Keeps a stream from looking dead while the one who writes it is busy. */
final class Silence {

    /** How many messages are made before their reader asks for them. */
    static final int PREFETCH = 32;

    private Silence() {}

    /**
     * The source, with something said between whenever it was silent for a period; so nobody waits
     * longer than two of them. Nothing is said to a reader that has not asked for it.
     */
    static <T> Flux<T> filled(
            Flux<T> source, Supplier<T> filler, Duration period, Scheduler timer) {
        return Flux.defer(
                () -> {
                    AtomicBoolean spoke = new AtomicBoolean(true);
                    AtomicLong wanted = new AtomicLong();
                    Sinks.Empty<Void> over = Sinks.empty();
                    Flux<T> heard =
                            source.doOnNext(message -> spoke.set(true))
                                    .doOnTerminate(over::tryEmitEmpty);
                    Flux<T> fillers =
                            Flux.interval(period, timer)
                                    .onBackpressureDrop()
                                    .filter(tick -> !spoke.getAndSet(false) && wanted.get() > 0)
                                    .map(tick -> filler.get())
                                    .takeUntilOther(over.asMono());
                    return Flux.merge(PREFETCH, heard, fillers)
                            .doOnNext(message -> wanted.decrementAndGet())
                            .doOnRequest(more -> wanted.accumulateAndGet(more, Operators::addCap));
                });
    }
}
