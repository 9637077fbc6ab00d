package dev.keyhole.transport.udx;

import dev.keyhole.transport.udx.SentPacket.State;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The packets of one stream that were sent and are not yet acknowledged.
 *
 * <p>Found by number through a ring, walked in the order of sending through a list, and queued for
 * repetition once lost. What a selective ack names is gone: the peer must not take it back.
 */
final class Flight {

    /** Told about every packet that has arrived, which is gone afterwards. */
    @FunctionalInterface
    interface Arrivals {
        void arrived(SentPacket packet);
    }

    private static final int SMALLEST_RING = 32;

    private final PacketPool pool;
    private final PathMtu mtu;
    private @Nullable SentPacket[] ring = new SentPacket[SMALLEST_RING];
    private int unacknowledged;
    private int next;
    private final SeqRanges sacked = new SeqRanges();
    private final ArrayDeque<SentPacket> lost = new ArrayDeque<>();
    private @Nullable SentPacket first;
    private @Nullable SentPacket last;
    private @Nullable SentPacket firstNotOverdue;
    private int inFlight;
    private int overdue;
    private int payloadBytes;

    /** Who is told of the ranges that are being taken in. */
    private @Nullable Arrivals rangeArrivals;

    private final SeqRanges.Visitor rangeVisitor = this::rangeArrived;

    Flight(int firstSeq, PacketPool pool, PathMtu mtu) {
        this.pool = pool;
        this.mtu = mtu;
        unacknowledged = firstSeq;
        next = firstSeq;
    }

    /** The number of the next new packet. */
    int next() {
        return next;
    }

    /** The lowest number that is not acknowledged. */
    int unacknowledged() {
        return unacknowledged;
    }

    boolean isEmpty() {
        return next == unacknowledged;
    }

    /** Lets go of memory that only many packets need. */
    void trim() {
        if (isEmpty() && ring.length > SMALLEST_RING) {
            ring = new SentPacket[SMALLEST_RING];
        }
    }

    /** Packets sent and neither acknowledged in either way nor given up for lost. */
    int inFlight() {
        return inFlight;
    }

    /** Those in flight for so long that they have left the path, one way or the other. */
    int overdue() {
        return overdue;
    }

    /** Notes that packets sent by the given time are overdue. */
    void ageUntil(long sentNanos) {
        SentPacket packet = firstNotOverdue;
        while (packet != null && packet.sentNanos <= sentNanos) {
            packet.overdue = true;
            overdue++;
            packet = packet.later;
        }
        firstNotOverdue = packet;
    }

    /** The packet that is overdue next. */
    @Nullable SentPacket firstNotOverdue() {
        return firstNotOverdue;
    }

    /** How many packets above a gap the peer has said to hold. */
    int sacked() {
        return sacked.size();
    }

    /** How many ranges above a gap the peer holds; the gap before each has its number. */
    int sackedRanges() {
        return sacked.count();
    }

    /** Where a gap begins; the last one is above all ranges. */
    int gapStart(int gap) {
        return gap == 0 ? unacknowledged : sacked.end(gap - 1);
    }

    /** Where a gap ends, exclusively. */
    int gapEnd(int gap) {
        return gap == sacked.count() ? next : sacked.start(gap);
    }

    /** Payload of all packets that have not arrived, as far as we know. */
    int payloadBytes() {
        return payloadBytes;
    }

    /** The packet that has been in flight for longest. */
    @Nullable SentPacket earliestSent() {
        return first;
    }

    /** The next of {@link #earliestSent}, up to the one sent last. */
    static @Nullable SentPacket after(SentPacket packet) {
        return packet.later;
    }

    /** The packet with the lowest number that has not arrived. */
    @Nullable SentPacket lowest() {
        int seq = arrivedBelow();
        return seq == next ? null : at(seq);
    }

    /** The number below which everything has arrived, whichever way we know. */
    int arrivedBelow() {
        boolean gapless = !sacked.isEmpty() && sacked.start(0) == unacknowledged;
        return gapless ? sacked.end(0) : unacknowledged;
    }

    /** The packet with the highest number that has not arrived. */
    @Nullable SentPacket highest() {
        int seq = next;
        for (int i = sacked.count() - 1; i >= 0 && sacked.end(i) == seq; i--) {
            seq = sacked.start(i);
        }
        return seq - unacknowledged > 0 ? at(seq - 1) : null;
    }

    /** A new packet, with the number {@link #next}, to be given to {@link #sent}. */
    SentPacket begin(long now) {
        return pool.take().begin(next, now);
    }

    /** Takes in a new packet, whose number is {@link #next}. */
    void sent(SentPacket packet) {
        assert packet.seq == next;
        if (next - unacknowledged == ring.length) {
            grow();
        }
        ring[next & ring.length - 1] = packet;
        next++;
        payloadBytes += packet.payloadLength;
        append(packet);
    }

    /** Takes in that a packet was sent again. */
    void repeated(SentPacket packet, long now) {
        if (packet.state == State.IN_FLIGHT) {
            unlink(packet);
        }
        packet.state = State.IN_FLIGHT;
        packet.transmissions++;
        packet.sentNanos = now;
        append(packet);
    }

    /** Gives a packet in flight up. */
    void lose(SentPacket packet) {
        assert packet.state == State.IN_FLIGHT;
        giveUp(packet);
        queueAsLost(packet);
    }

    private void giveUp(SentPacket packet) {
        unlink(packet);
        packet.state = State.LOST;
        mtu.lost(packet, next);
    }

    private void queueAsLost(SentPacket packet) {
        packet.queuedAsLost++;
        lost.add(packet);
    }

    /** Gives a packet up, unless it was, and has it repeated before all others. */
    void loseFirst(SentPacket packet) {
        if (packet.state == State.IN_FLIGHT) {
            giveUp(packet);
        }
        packet.queuedAsLost++;
        lost.addFirst(packet);
    }

    /** Gives everything up that has not arrived, to be repeated in the order of numbers. */
    void loseAll() {
        while (!lost.isEmpty()) {
            unqueueLost();
        }
        for (int seq = unacknowledged; seq != next; seq++) {
            SentPacket packet = ring[seq & ring.length - 1];
            if (packet != null && packet.state == State.IN_FLIGHT) {
                lose(packet);
            } else if (packet != null) {
                queueAsLost(packet);
            }
        }
    }

    /** The packet to repeat next, if there is one. */
    @Nullable SentPacket nextLost() {
        SentPacket packet = lost.peek();
        while (packet != null && packet.state != State.LOST) {
            unqueueLost();
            packet = lost.peek();
        }
        return packet;
    }

    private void unqueueLost() {
        SentPacket packet = lost.remove();
        packet.queuedAsLost--;
        recycleIfGone(packet);
    }

    /** Takes in that everything below the number has arrived. */
    void acknowledge(int ack, Arrivals arrivals) {
        while (ack - unacknowledged > 0) {
            SentPacket packet = ring[unacknowledged & ring.length - 1];
            ring[unacknowledged & ring.length - 1] = null;
            unacknowledged++;
            if (packet != null) {
                deliver(packet, arrivals);
            }
        }
        sacked.removeBelow(ack);
    }

    /**
     * Takes in that a range above a gap has arrived. A range that cannot be is skipped.
     *
     * @return whether it could be
     */
    boolean acknowledgeRange(int start, int end, Arrivals arrivals) {
        boolean sound =
                end - start > 0
                        && end - next <= 0
                        && start - next < 0
                        && start - unacknowledged >= 0;
        if (!sound) {
            return false;
        }
        rangeArrivals = arrivals;
        sacked.add(start, end, rangeVisitor);
        rangeArrivals = null;
        return true;
    }

    private void rangeArrived(int from, int to) {
        Arrivals arrivals = Objects.requireNonNull(rangeArrivals);
        for (int seq = from; seq != to; seq++) {
            SentPacket packet = at(seq);
            ring[seq & ring.length - 1] = null;
            deliver(packet, arrivals);
        }
    }

    /** Walks through the packets that have not arrived, from the lowest number on. */
    void forEachPending(Consumer<SentPacket> action) {
        for (int seq = unacknowledged; seq != next; seq++) {
            SentPacket packet = ring[seq & ring.length - 1];
            if (packet != null) {
                action.accept(packet);
            }
        }
    }

    /** A packet that was sent and has not arrived, if that is so. */
    @Nullable SentPacket pending(int seq) {
        boolean sent = seq - unacknowledged >= 0 && seq - next < 0;
        return sent ? ring[seq & ring.length - 1] : null;
    }

    /** A packet that has not arrived. */
    SentPacket at(int seq) {
        SentPacket packet = ring[seq & ring.length - 1];
        if (packet == null) {
            throw new IllegalStateException("no packet " + seq + " of " + unacknowledged);
        }
        return packet;
    }

    private void deliver(SentPacket packet, Arrivals arrivals) {
        if (packet.state == State.IN_FLIGHT) {
            unlink(packet);
        }
        packet.arrivedThoughLost = packet.state == State.LOST;
        packet.state = State.DELIVERED;
        payloadBytes -= packet.payloadLength;
        arrivals.arrived(packet);
        recycleIfGone(packet);
    }

    private void recycleIfGone(SentPacket packet) {
        if (packet.state == State.DELIVERED && packet.queuedAsLost == 0) {
            pool.give(packet);
        }
    }

    private void append(SentPacket packet) {
        packet.earlier = last;
        packet.later = null;
        if (last == null) {
            first = packet;
        } else {
            last.later = packet;
        }
        last = packet;
        packet.overdue = false;
        if (firstNotOverdue == null) {
            firstNotOverdue = packet;
        }
        inFlight++;
    }

    private void unlink(SentPacket packet) {
        SentPacket earlier = packet.earlier;
        SentPacket later = packet.later;
        if (earlier == null) {
            first = later;
        } else {
            earlier.later = later;
        }
        if (later == null) {
            last = earlier;
        } else {
            later.earlier = earlier;
        }
        if (firstNotOverdue == packet) {
            firstNotOverdue = later;
        }
        if (packet.overdue) {
            packet.overdue = false;
            overdue--;
        }
        packet.earlier = null;
        packet.later = null;
        inFlight--;
    }

    private void grow() {
        @Nullable SentPacket[] larger = new SentPacket[2 * ring.length];
        for (int seq = unacknowledged; seq != next; seq++) {
            larger[seq & larger.length - 1] = ring[seq & ring.length - 1];
        }
        ring = larger;
    }
}
