package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import java.util.BitSet;
import java.util.stream.IntStream;
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

    private static final int MAX_LATEST = 64;

    /** One in so many of the ranges that an ack has room for is among the lowest. */
    private static final int LOWEST_OF_ROOM = 4;

    /** The indices of so many ranges, ready for the acks that name them all. */
    private static final int[][] ALL_OF =
            IntStream.rangeClosed(0, Sender.MAX_BLOCKS)
                    .mapToObj(count -> IntStream.range(0, count).toArray())
                    .toArray(int[][]::new);

    private final long maxBytes;
    private @Nullable Arrival[] ring = new Arrival[SMALLEST_RING];
    private final SeqRanges kept = new SeqRanges();

    /** The numbers of what was kept last, in a ring. */
    private final int[] latest = new int[MAX_LATEST];

    private int latestCount;
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

    /**
     * Chooses what a selective ack mentions: all ranges if there is room, or else the lowest, and
     * those in which something has arrived last. So each is mentioned several times before it has to
     * make way, and whoever sends knows of all.
     *
     * @param room how many fit, 50 at most
     * @return the indices of the ranges, ascending; not to be changed
     */
    int[] mentioned(int room) {
        if (kept.count() <= room) {
            return ALL_OF[kept.count()];
        }
        BitSet chosen = new BitSet(kept.count());
        int left = room - room / LOWEST_OF_ROOM;
        int oldest = Math.max(0, latestCount - MAX_LATEST);
        for (int i = latestCount - 1; i >= oldest && left > 0; i--) {
            int range = kept.indexOf(latest[i % MAX_LATEST]);
            if (range >= 0 && !chosen.get(range)) {
                chosen.set(range);
                left--;
            }
        }
        left += room / LOWEST_OF_ROOM;
        for (int range = chosen.nextClearBit(0); left > 0; range = chosen.nextClearBit(range)) {
            chosen.set(range);
            left--;
        }
        return chosen.stream().toArray();
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
        latest[latestCount % MAX_LATEST] = seq;
        latestCount = latestCount + 1 == 2 * MAX_LATEST ? MAX_LATEST : latestCount + 1;
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
