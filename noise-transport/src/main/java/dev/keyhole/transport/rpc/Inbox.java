package dev.keyhole.transport.rpc;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

/**
 * What has arrived and waits for its one subscriber to ask for it. Lives on the loop's thread.
 *
 * <p>Failures wait their turn behind what arrived before them.
 */
final class Inbox<T> {

    private final Queue<T> waiting = new ArrayDeque<>();
    private final Consumer<T> onTaken;

    private @Nullable FluxSink<T> sink;
    private boolean ended;
    private @Nullable Throwable failure;
    private boolean delivering;
    private boolean finished;

    /**
     * @param onTaken told of everything that went on to the subscriber
     */
    Inbox(Consumer<T> onTaken) {
        this.onTaken = onTaken;
    }

    boolean hasSubscriber() {
        return sink != null;
    }

    void subscriber(FluxSink<T> subscriber) {
        sink = subscriber;
        deliver();
    }

    void add(T item) {
        waiting.add(item);
        deliver();
    }

    void end() {
        ended = true;
        deliver();
    }

    void fail(Throwable error) {
        failure = error;
        end();
    }

    /** Drops everything; the subscriber has gone. */
    void cancel() {
        finished = true;
        waiting.clear();
    }

    /** Hands out as much as was asked for. */
    void deliver() {
        FluxSink<T> subscriber = sink;
        if (subscriber == null || delivering || finished) {
            return;
        }
        delivering = true;
        while (!waiting.isEmpty()
                && !subscriber.isCancelled()
                && subscriber.requestedFromDownstream() > 0) {
            T item = waiting.remove();
            subscriber.next(item);
            onTaken.accept(item);
        }
        delivering = false;
        if (waiting.isEmpty() && ended && !finished) {
            finished = true;
            finish(subscriber);
        }
    }

    private void finish(FluxSink<T> subscriber) {
        if (failure == null) {
            subscriber.complete();
        } else {
            subscriber.error(failure);
        }
    }
}
