package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * The receiving end's order: what is expected next, and what arrived too early.
 *
 * <p>What is kept has been, or will be, acknowledged selectively and is never given up again. So
 * the bounds apply before a packet is kept.
 */
final class ReceiveQueue {

    /** How far ahead of the expected packet another may be. */
    static final int MAX_PACKETS_AHEAD = 8192;

    /** A packet that arrived. */
    record Arrival(int flags, Bytes payload) {}

    /** What became of a packet. */
    enum Verdict {
        IN_ORDER,
        KEPT,
        DUPLICATE,
        REFUSED
    }

    private static final int SMALLEST_RING = 32;

    private final long maxBytes;
    private @Nullable Arrival[] ring = new Arrival[SMALLEST_RING];
    private final SeqRanges kept = new SeqRanges();
    private int next;
    private long bytes;

    /**
     * An empty queue.
     *
     * @param maxBytes how much may be kept out of order
     */
    ReceiveQueue(int firstSeq, long maxBytes) {
        this.next = firstSeq;
        this.maxBytes = maxBytes;
    }

    /** The number of the packet that continues the stream. */
    int next() {
        return next;
    }

    /** What is kept, for selective acks. */
    SeqRanges kept() {
        return kept;
    }

    /** Memory that kept packets take, their headers included. */
    long bytes() {
        return bytes;
    }

    /** Passes over the packet that continues the stream, which its receiver takes itself. */
    void pass() {
        next++;
    }

    /** Keeps a copy of a packet which is not behind the expected one. */
    Verdict keep(int seq, int flags, Bytes payload) {
        int ahead = seq - next;
        assert ahead >= 0;
        if (kept.contains(seq)) {
            return Verdict.DUPLICATE;
        }
        long cost = cost(payload);
        if (ahead >= MAX_PACKETS_AHEAD || bytes + cost > maxBytes) {
            return Verdict.REFUSED;
        }
        while (ahead >= ring.length) {
            grow();
        }
        ring[seq & ring.length - 1] = new Arrival(flags, payload.copy());
        bytes += cost;
        kept.add(seq, seq + 1, (from, to) -> {});
        return ahead == 0 ? Verdict.IN_ORDER : Verdict.KEPT;
    }

    /** Takes the packet that continues the stream, if it is here. */
    @Nullable Arrival poll() {
        int index = next & ring.length - 1;
        Arrival arrival = ring[index];
        if (arrival == null) {
            return null;
        }
        ring[index] = null;
        bytes -= cost(arrival.payload());
        next++;
        kept.removeBelow(next);
        return arrival;
    }

    /** Lets go of everything kept. */
    void clear() {
        ring = new Arrival[SMALLEST_RING];
        kept.clear();
        bytes = 0;
    }

    /** Lets go of memory that only many packets need. */
    void trim() {
        if (kept.isEmpty() && ring.length > SMALLEST_RING) {
            ring = new Arrival[SMALLEST_RING];
        }
    }

    private static long cost(Bytes payload) {
        return (long) PacketHeader.LENGTH + payload.length();
    }

    private void grow() {
        @Nullable Arrival[] larger = new Arrival[2 * ring.length];
        for (int i = 0; i < ring.length; i++) {
            int seq = next + i;
            larger[seq & larger.length - 1] = ring[seq & ring.length - 1];
        }
        ring = larger;
    }
}
