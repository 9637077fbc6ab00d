package dev.keyhole.model.generate;

import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.StopReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One run at a time on a thread of its own; the others wait in the order in which they came, up to
 * a limit.
 *
 * <p>The thread comes with the first run and goes with {@link #close}. A run that is cancelled while
 * it waits ends at once.
 */
public final class RunQueue {

    private final String modelId;
    private final int limit;
    private final Runnable release;

    private final Object lock = new Object();
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private final Sinks.Empty<Void> released = Sinks.empty();
    private @Nullable Waiting running;
    private @Nullable Thread thread;
    private boolean closed;

    /**
     * A queue without a thread yet.
     *
     * @param limit how many may wait while another runs
     * @param release gives the engine's memory back; called once, when nothing runs any more
     */
    public RunQueue(String modelId, int limit, Runnable release) {
        this.modelId = modelId;
        this.limit = limit;
        this.release = release;
    }

    /**
     * Runs when it is this run's turn.
     *
     * @throws RequestRejectedException when too many wait
     * @throws ModelNotFoundException when the model is closed
     */
    public void submit(CompletionSink sink, Runnable run) {
        Waiting entry = new Waiting(sink, run);
        sink.onCancel(() -> cancelled(entry));
        synchronized (lock) {
            if (closed) {
                throw new ModelNotFoundException("model \"" + modelId + "\" was unloaded");
            }
            if (running != null && waiting.size() >= limit) {
                throw RequestRejectedException.busy(
                        "model \""
                                + modelId
                                + "\" is busy: "
                                + limit
                                + " requests wait already, the limit");
            }
            waiting.add(entry);
            if (running == null) {
                running = waiting.poll();
            }
            if (thread == null) {
                Thread started = new Thread(this::work, "keyhole-model-" + modelId);
                started.setDaemon(true);
                started.start();
                thread = started;
            }
            lock.notifyAll();
        }
        if (sink.cancelled()) {
            cancelled(entry);
        }
    }

    /** How many wait while another runs. */
    public int length() {
        synchronized (lock) {
            return waiting.size();
        }
    }

    /** Whether the caller is a part of a run, which must not wait for its own end. */
    public boolean isInRun() {
        synchronized (lock) {
            return Thread.currentThread() == thread;
        }
    }

    public boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    /** Ends what waits, lets what runs see that it is over, and completes when all is released. */
    public Mono<Void> close(Runnable stopRunning) {
        List<Waiting> left;
        boolean idle;
        synchronized (lock) {
            if (closed) {
                return released.asMono();
            }
            closed = true;
            left = new ArrayList<>(waiting);
            waiting.clear();
            idle = running == null;
            lock.notifyAll();
        }
        left.forEach(entry -> entry.sink.done(StopReason.CANCELLED));
        stopRunning.run();
        if (idle) {
            release();
        }
        return released.asMono();
    }

    private void cancelled(Waiting entry) {
        boolean waited;
        synchronized (lock) {
            waited = waiting.remove(entry);
        }
        if (waited) {
            entry.sink.done(StopReason.CANCELLED);
        }
    }

    private void release() {
        release.run();
        released.tryEmitEmpty();
    }

    private void work() {
        while (true) {
            Waiting entry = next();
            if (entry == null) {
                return;
            }
            if (entry.sink.cancelled()) {
                entry.sink.done(StopReason.CANCELLED);
            } else {
                entry.run.run();
            }
            boolean last;
            synchronized (lock) {
                running = waiting.poll();
                last = closed && running == null;
            }
            if (last) {
                release();
                return;
            }
        }
    }

    private @Nullable Waiting next() {
        synchronized (lock) {
            while (running == null && !closed) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    // only close() ends this thread
                }
            }
            return running;
        }
    }

    private record Waiting(CompletionSink sink, Runnable run) {}
}
