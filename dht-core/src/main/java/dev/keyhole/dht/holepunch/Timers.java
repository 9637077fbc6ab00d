package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.net.Machine;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The deadlines of everything inside one node, as one.
 *
 * <p>A deadline dies with its cancellation: whoever ends cancels its timers, and none fires late.
 */
public final class Timers {

    private final PriorityQueue<Timer> pending =
            new PriorityQueue<>(
                    Comparator.comparingLong(Timer::deadlineNanos).thenComparingLong(Timer::order));
    private long scheduled;

    /** What to do when the time has come. */
    @FunctionalInterface
    public interface Task {
        void run(long nowNanos);
    }

    /** One deadline. */
    public static final class Timer {

        private final long deadlineNanos;
        private final long order;
        private final Task task;
        private boolean over;

        private Timer(long deadlineNanos, long order, Task task) {
            this.deadlineNanos = deadlineNanos;
            this.order = order;
            this.task = task;
        }

        public long deadlineNanos() {
            return deadlineNanos;
        }

        /** The task does not run any more; harmless when it has. */
        public void cancel() {
            over = true;
        }

        private long order() {
            return order;
        }
    }

    /** Runs a task once, at a time or as soon after it as the owner looks. */
    public Timer at(long deadlineNanos, Task task) {
        Timer timer = new Timer(deadlineNanos, scheduled++, task);
        pending.add(timer);
        return timer;
    }

    /** How many tasks are yet to run. */
    public int size() {
        return (int) pending.stream().filter(timer -> !timer.over).count();
    }

    public void expire(long nowNanos) {
        while (true) {
            Timer next = pending.peek();
            if (next == null || (!next.over && next.deadlineNanos > nowNanos)) {
                return;
            }
            pending.poll();
            if (!next.over) {
                next.over = true;
                next.task.run(nowNanos);
            }
        }
    }

    public long deadlineNanos() {
        Timer next;
        while ((next = pending.peek()) != null && next.over) {
            pending.poll();
        }
        return next == null ? Machine.NEVER : next.deadlineNanos;
    }
}
