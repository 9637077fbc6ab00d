package dev.keyhole.dht;

import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Looks every two seconds, on a thread of its own, whether this machine is on other networks than
 * before.
 */
final class NetworkWatch {

    static final Duration INTERVAL = Duration.ofSeconds(2);

    private final Supplier<List<Address>> survey;
    private final Consumer<List<Address>> onChange;
    private List<Address> known;
    private @Nullable Disposable looking;

    /**
     * A watch that has yet to be started.
     *
     * @param survey finds out the local addresses there are; may take its time
     * @param known those that are known already
     */
    NetworkWatch(
            Supplier<List<Address>> survey, List<Address> known, Consumer<List<Address>> onChange) {
        this.survey = survey;
        this.known = known;
        this.onChange = onChange;
    }

    synchronized void start() {
        looking =
                Flux.interval(INTERVAL, Schedulers.boundedElastic())
                        .onBackpressureDrop()
                        .subscribe(tick -> look());
    }

    synchronized void stop() {
        if (looking != null) {
            looking.dispose();
        }
    }

    /** Looks now, and says so if there are other addresses than the last time. */
    synchronized void look() {
        List<Address> found = survey.get();
        if (!Set.copyOf(found).equals(Set.copyOf(known))) {
            known = found;
            onChange.accept(found);
        }
    }

    /** Somebody knows that the network changed, whether or not the addresses did. */
    void changed() {
        Mono.fromRunnable(this::report).subscribeOn(Schedulers.boundedElastic()).subscribe();
    }

    private synchronized void report() {
        known = survey.get();
        onChange.accept(known);
    }
}
