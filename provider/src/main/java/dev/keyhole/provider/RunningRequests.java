package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.model.message.Request.WorkKind;
import dev.keyhole.transport.identity.PublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What runs for whom, so that it can be cancelled by those who began it and by nobody else.
 *
 * <p>A cancel that overtakes its request is remembered for a while; the request is then over before
 * it begins.
 */
final class RunningRequests {

    /** How long a cancelled id waits for its request. */
    static final long REMEMBER_NANOS = SECONDS.toNanos(30);

    /** How many such ids wait for one consumer; the oldest makes room. */
    static final int MAX_REMEMBERED = 128;

    /** How many consumers may have such ids; the one that has not cancelled for longest makes room. */
    static final int MAX_REMEMBERING_KEYS = 1024;

    private final Set<Run> runs = new LinkedHashSet<>();
    private final Map<PublicKey, Map<String, Long>> cancelledEarly = new LinkedHashMap<>();

    /** One request while it is being answered. */
    static final class Run {

        private final PublicKey peer;
        private final WorkKind kind;
        private final @Nullable String modelId;
        private final @Nullable String requestId;
        private final Runnable cancel;

        /**
         * @param cancel called at most a few times, from any thread, while the run is registered
         */
        Run(
                PublicKey peer,
                WorkKind kind,
                @Nullable String modelId,
                @Nullable String requestId,
                Runnable cancel) {
            this.peer = peer;
            this.kind = kind;
            this.modelId = modelId;
            this.requestId = requestId;
            this.cancel = cancel;
        }
    }

    /**
     * Registers a run; {@link #end} must follow.
     *
     * @return false if the run was cancelled before it came; it is not registered then
     */
    synchronized boolean begin(Run run, long nowNanos) {
        if (run.requestId != null && forgetCancelled(run.peer, run.requestId, nowNanos)) {
            return false;
        }
        runs.add(run);
        return true;
    }

    synchronized void end(Run run) {
        runs.remove(run);
    }

    synchronized int size() {
        return runs.size();
    }

    /** Cancels a consumer's runs with this id, or remembers that they are not wanted. */
    int cancelRequest(PublicKey peer, String requestId, long nowNanos) {
        int cancelled = cancel(run -> run.peer.equals(peer) && requestId.equals(run.requestId));
        if (cancelled == 0) {
            remember(peer, requestId, nowNanos);
        }
        return cancelled;
    }

    /** Cancels what a consumer runs on one of its models. */
    int cancelModel(PublicKey peer, String modelId, @Nullable WorkKind kind) {
        return cancel(
                run ->
                        run.peer.equals(peer)
                                && modelId.equals(run.modelId)
                                && (kind == null || kind == run.kind));
    }

    int cancelAll() {
        return cancel(run -> true);
    }

    /** Cancels outside the lock: what a run does to stop may end it, and others, at once. */
    private int cancel(Predicate<Run> which) {
        List<Run> found = new ArrayList<>();
        synchronized (this) {
            for (Run run : runs) {
                if (which.test(run)) {
                    found.add(run);
                }
            }
        }
        found.forEach(run -> run.cancel.run());
        return found.size();
    }

    private synchronized void remember(PublicKey peer, String requestId, long nowNanos) {
        Map<String, Long> ids = cancelledEarly.remove(peer);
        if (ids == null) {
            ids = new LinkedHashMap<>();
        }
        ids.remove(requestId);
        ids.put(requestId, nowNanos);
        cancelledEarly.put(peer, ids);
        dropOldest(ids.values(), ids.size() - MAX_REMEMBERED);
        dropOldest(cancelledEarly.values(), cancelledEarly.size() - MAX_REMEMBERING_KEYS);
    }

    private boolean forgetCancelled(PublicKey peer, String requestId, long nowNanos) {
        Map<String, Long> ids = cancelledEarly.get(peer);
        if (ids == null) {
            return false;
        }
        Long since = ids.remove(requestId);
        if (ids.isEmpty()) {
            cancelledEarly.remove(peer);
        }
        return since != null && nowNanos - since < REMEMBER_NANOS;
    }

    private static void dropOldest(Collection<?> oldestFirst, int count) {
        Iterator<?> oldest = oldestFirst.iterator();
        for (int i = 0; i < count; i++) {
            oldest.next();
            oldest.remove();
        }
    }
}
