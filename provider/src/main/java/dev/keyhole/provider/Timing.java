package dev.keyhole.provider;

import java.time.InstantSource;
import java.util.function.LongSupplier;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * What tells the time, and acts when it has come.
 *
 * @param nanos for durations
 * @param wall for dates
 */
record Timing(LongSupplier nanos, InstantSource wall, Scheduler timer) {

    static Timing real() {
        return new Timing(System::nanoTime, InstantSource.system(), Schedulers.parallel());
    }

    long now() {
        return nanos.getAsLong();
    }
}
