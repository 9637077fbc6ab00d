package dev.keyhole.transport.udx;

import org.jspecify.annotations.Nullable;

/**
 * A packet that took a sequence number and is not yet acknowledged.
 *
 * <p>It keeps what does not change: its number, its flags, and where its payload lies. The rest of
 * its header is written each time it is sent. Once it has arrived it may serve as another packet.
 */
final class SentPacket extends SendQueue.Extent {

    /** Where a packet stands on its way. */
    enum State {
        IN_FLIGHT,
        LOST,
        DELIVERED
    }

    int seq;
    int flags;

    State state = State.IN_FLIGHT;
    boolean arrivedThoughLost;
    int transmissions;
    long sentNanos;

    /** How often it stands in the queue of lost packets, which it may leave late. */
    int queuedAsLost;

    /** What {@link DeliveryRate} knew when the packet was sent last. */
    long deliveredBefore;

    long deliveredBeforeAt;
    long firstSentAt;
    boolean rateLimited;
    boolean rateUsable;

    /** Whether it has been under way for longer than packets travel. */
    boolean overdue;

    /** Neighbours in the order of sending, while in flight. */
    @Nullable SentPacket earlier;

    @Nullable SentPacket later;

    /** Becomes a new packet, without a payload so far. */
    SentPacket begin(int newSeq, long now) {
        seq = newSeq;
        flags = 0;
        payloadLength = 0;
        state = State.IN_FLIGHT;
        arrivedThoughLost = false;
        transmissions = 1;
        sentNanos = now;
        overdue = false;
        return this;
    }

    /** How long it is on the wire. */
    int datagramLength() {
        return PacketHeader.LENGTH + payloadLength;
    }

    boolean sentOnce() {
        return transmissions == 1;
    }

    /** Whether this packet was last sent after another that was sent at the given time. */
    boolean sentAfter(long otherNanos, int otherSeq) {
        return sentNanos > otherNanos || sentNanos == otherNanos && seq - otherSeq > 0;
    }
}
