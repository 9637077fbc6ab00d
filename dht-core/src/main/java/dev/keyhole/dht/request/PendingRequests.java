package dev.keyhole.dht.request;

import static java.util.Comparator.comparingLong;

import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a node that have not ended: sends, sends again, gives up, pairs replies.
 *
 * <p>A reply counts only if it comes from the address that was asked, and transaction ids are drawn
 * at random among the free ones, so that nobody off the path can answer for somebody else. What the
 * congestion window holds back waits in line, without a clock running, and leaves when others have
 * ended or a slot begins.
 */
public final class PendingRequests {

    static final int MAX_WINDOW = 80;

    /** Half of all transaction ids: beyond, even a forced request waits in line. */
    private static final int MAX_IN_FLIGHT = 1 << 15;

    private final Outlet outlet;
    private final Random entropy;
    private final @Nullable AdaptiveTimeouts adaptive;
    private final CongestionWindow window = new CongestionWindow(MAX_WINDOW);
    private final Map<Integer, PendingRequest> inFlight = new HashMap<>();
    private final NavigableSet<PendingRequest> timers = new TreeSet<>(BY_DEADLINE);
    private final Deque<PendingRequest> waiting = new ArrayDeque<>();
    private long slotStartNanos;
    private long serial;
    private @Nullable RequestFailure refusal;
    private long begun;
    private long answers;
    private long timeouts;
    private long retransmissions;
    private long strayReplies;

    private static final Comparator<PendingRequest> BY_DEADLINE =
            comparingLong((PendingRequest p) -> p.deadlineNanos).thenComparingLong(p -> p.serial);

    /** Where requests leave. */
    public interface Outlet {

        LocalSocket mainSocket();

        /** The id to show on datagrams that leave through this socket, null to show none. */
        @Nullable NodeId idOn(LocalSocket socket);

        void send(LocalSocket socket, Address to, Bytes datagram);

        /** All retries of a request are used up; called before its listener hears of it. */
        void timedOut(RequestSpec spec, long nowNanos);
    }

    public PendingRequests(Outlet outlet, Random entropy) {
        this(outlet, entropy, false);
    }

    /**
     * The same, with a choice.
     *
     * @param adaptive whether to wait for each node as long as its answers usually take
     */
    public PendingRequests(Outlet outlet, Random entropy, boolean adaptive) {
        this.outlet = outlet;
        this.entropy = entropy;
        this.adaptive = adaptive ? new AdaptiveTimeouts(entropy) : null;
    }

    public PendingRequest send(RequestSpec spec, ReplyListener listener, long nowNanos) {
        PendingRequest pending = new PendingRequest(this, spec, listener, serial++);
        if (refusal != null) {
            pending.ended = true;
            listener.failed(refusal, nowNanos);
            return pending;
        }
        begun++;
        sendOrWait(pending, nowNanos);
        return pending;
    }

    /**
     * The request that a datagram answers, or null; it is then over but for telling its listener.
     */
    public @Nullable PendingRequest take(Reply reply, Address from, long nowNanos) {
        PendingRequest pending = inFlight.get(reply.tid());
        if (pending == null || !pending.spec.to().equals(from)) {
            strayReplies++;
            return null;
        }
        answers++;
        if (adaptive != null) {
            long roundTrip = nowNanos - pending.sentAtNanos;
            adaptive.answered(from, roundTrip, pending.sent, nowNanos);
        }
        remove(pending, nowNanos);
        return pending;
    }

    /** Tells the asker its answer. */
    public void answer(
            PendingRequest pending,
            LocalSocket socket,
            Address from,
            @Nullable NodeId id,
            Reply reply,
            long nowNanos) {
        pending.listener.answered(
                new Answer(
                        socket,
                        from,
                        id,
                        reply.to(),
                        reply.token(),
                        reply.closerNodes(),
                        reply.error(),
                        reply.value(),
                        nowNanos - pending.sentAtNanos),
                nowNanos);
    }

    /** Cancels everything, now and from now on. */
    public void close(long nowNanos) {
        refuse(RequestFailure.CANCELLED, nowNanos);
    }

    /** Fails everything, until {@link #resume}; the congestion window begins anew then. */
    public void suspend(long nowNanos) {
        refuse(RequestFailure.SUSPENDED, nowNanos);
        window.clear();
    }

    public void resume() {
        if (refusal == RequestFailure.SUSPENDED) {
            refusal = null;
        }
    }

    private void refuse(RequestFailure why, long nowNanos) {
        if (refusal != RequestFailure.CANCELLED) {
            refusal = why;
        }
        List<PendingRequest> all = new ArrayList<>(inFlight.values());
        waiting.stream().filter(p -> p.sent == 0).forEach(all::add);
        all.sort(comparingLong(p -> p.serial));
        all.forEach(p -> end(p, why, nowNanos));
    }

    public void expire(long nowNanos) {
        advance(nowNanos);
        while (!timers.isEmpty() && timers.first().deadlineNanos <= nowNanos) {
            PendingRequest pending = timers.first();
            timers.remove(pending);
            pending.deadlineNanos = Machine.NEVER;
            cycle(pending, nowNanos);
        }
    }

    public long deadlineNanos() {
        long timer = timers.isEmpty() ? Machine.NEVER : timers.first().deadlineNanos;
        return waiting.isEmpty()
                ? timer
                : Math.min(timer, slotStartNanos + CongestionWindow.SLOT_NANOS);
    }

    /** Requests that were sent or wait to be. */
    public int size() {
        return inFlight.size() + waiting.size();
    }

    /** Requests there have ever been. */
    public long begun() {
        return begun;
    }

    public long answers() {
        return answers;
    }

    public long timeouts() {
        return timeouts;
    }

    public long retransmissions() {
        return retransmissions;
    }

    /** Replies nobody waited for, or from somebody who was not asked. */
    public long strayReplies() {
        return strayReplies;
    }

    void cancel(PendingRequest pending, long nowNanos) {
        end(pending, RequestFailure.CANCELLED, nowNanos);
    }

    private void end(PendingRequest pending, RequestFailure why, long nowNanos) {
        if (!pending.ended) {
            remove(pending, nowNanos);
            pending.listener.failed(why, nowNanos);
        }
    }

    private void cycle(PendingRequest pending, long nowNanos) {
        if (pending.sent <= pending.spec.retries()) {
            pending.listener.unanswered(pending.sent, nowNanos);
            if (!pending.ended) {
                retransmissions++;
                sendOrWait(pending, nowNanos);
            }
            return;
        }
        timeouts++;
        remove(pending, nowNanos);
        outlet.timedOut(pending.spec, nowNanos);
        pending.listener.failed(RequestFailure.TIMED_OUT, nowNanos);
    }

    private void sendOrWait(PendingRequest pending, long nowNanos) {
        advance(nowNanos);
        boolean held =
                pending.spec.forced()
                        ? inFlight.size() >= MAX_IN_FLIGHT
                        : window.isFull() || !waiting.isEmpty();
        if (held) {
            pending.queued = true;
            waiting.add(pending);
            return;
        }
        transmit(pending, nowNanos);
    }

    private void transmit(PendingRequest pending, long nowNanos) {
        RequestSpec spec = pending.spec;
        LocalSocket socket = pending.socket;
        Bytes datagram = pending.datagram;
        if (socket == null || datagram == null) {
            socket = spec.socket() == null ? outlet.mainSocket() : spec.socket();
            pending.tid = freeTid();
            inFlight.put(pending.tid, pending);
            datagram =
                    new Request(
                                    pending.tid,
                                    spec.to(),
                                    outlet.idOn(socket),
                                    spec.token(),
                                    spec.command(),
                                    spec.target(),
                                    spec.value())
                            .toBytes();
            pending.socket = socket;
            pending.datagram = datagram;
        }
        pending.queued = false;
        pending.sent++;
        pending.sentAtNanos = nowNanos;
        boolean usual = spec.timeoutNanos() == RequestSpec.DEFAULT_TIMEOUT_NANOS;
        pending.deadlineNanos =
                nowNanos
                        + (adaptive != null && usual
                                ? adaptive.timeoutNanos(spec.to(), pending.sent, nowNanos)
                                : spec.timeoutNanos());
        timers.add(pending);
        window.sent();
        outlet.send(socket, spec.to(), datagram);
    }

    private int freeTid() {
        int tid = entropy.nextInt(1 << 16);
        while (inFlight.containsKey(tid)) {
            tid = tid + 1 & 0xffff;
        }
        return tid;
    }

    private void remove(PendingRequest pending, long nowNanos) {
        advance(nowNanos);
        pending.ended = true;
        if (pending.deadlineNanos != Machine.NEVER) {
            timers.remove(pending);
            pending.deadlineNanos = Machine.NEVER;
        }
        if (pending.queued) {
            waiting.remove(pending);
        }
        if (pending.sent > 0) {
            inFlight.remove(pending.tid);
            window.ended();
        }
        sendWaiting(nowNanos);
    }

    private void advance(long nowNanos) {
        for (int i = 0; i < 4 && nowNanos - slotStartNanos >= CongestionWindow.SLOT_NANOS; i++) {
            slotStartNanos += CongestionWindow.SLOT_NANOS;
            window.advance();
            sendWaiting(nowNanos);
        }
        long behind = (nowNanos - slotStartNanos) / CongestionWindow.SLOT_NANOS;
        slotStartNanos += behind * CongestionWindow.SLOT_NANOS;
    }

    private void sendWaiting(long nowNanos) {
        while (refusal == null && !waiting.isEmpty() && !window.isFull()) {
            transmit(waiting.remove(), nowNanos);
        }
    }
}
