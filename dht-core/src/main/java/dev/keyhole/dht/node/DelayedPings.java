package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Machine;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/** Pings that want their answer later: a bounded number, and few for each host. */
final class DelayedPings {

    static final long MAX_DELAY_MILLIS = 10_000;
    static final int MAX_WAITING = 256;
    static final int MAX_PER_HOST = 8;

    private final Queue<Waiting> waiting =
            new PriorityQueue<>(Comparator.comparingLong(Waiting::dueNanos));
    private final Map<Integer, Integer> perHost = new HashMap<>();
    private long refused;

    private record Waiting(IncomingRequest request, long dueNanos) {}

    /** Keeps a ping for later; one too many, or one for too late, stays without answer. */
    void add(IncomingRequest request, long delayMillis, long nowNanos) {
        int host = request.from().host();
        if (delayMillis > MAX_DELAY_MILLIS
                || waiting.size() >= MAX_WAITING
                || perHost.getOrDefault(host, 0) >= MAX_PER_HOST) {
            refused++;
            return;
        }
        perHost.merge(host, 1, Integer::sum);
        waiting.add(new Waiting(request, nowNanos + MILLISECONDS.toNanos(delayMillis)));
    }

    void expire(long nowNanos) {
        Waiting next;
        while ((next = waiting.peek()) != null && next.dueNanos() <= nowNanos) {
            waiting.remove();
            perHost.computeIfPresent(
                    next.request().from().host(), (host, count) -> count == 1 ? null : count - 1);
            next.request().replyBare(null, nowNanos);
        }
    }

    long deadlineNanos() {
        Waiting next = waiting.peek();
        return next == null ? Machine.NEVER : next.dueNanos();
    }

    int size() {
        return waiting.size();
    }

    /** Those that stayed without answer. */
    long refused() {
        return refused;
    }

    void clear() {
        waiting.clear();
        perHost.clear();
    }
}
