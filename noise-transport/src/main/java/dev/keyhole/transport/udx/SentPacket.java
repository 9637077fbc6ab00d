package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** A packet that took a sequence number and is not yet acknowledged. */
final class SentPacket {

    /** Where a packet stands on its way. */
    enum State {
        IN_FLIGHT,
        LOST,
        DELIVERED
    }

    final int seq;
    final int payloadLength;

    /** As it was first sent; repeated with an id, an ack and a window of the day. */
    final Bytes datagram;

    State state = State.IN_FLIGHT;
    boolean arrivedThoughLost;
    int transmissions = 1;
    long sentNanos;

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

    SentPacket(int seq, Bytes datagram, long sentNanos) {
        this.seq = seq;
        this.datagram = datagram;
        this.payloadLength = datagram.length() - PacketHeader.LENGTH;
        this.sentNanos = sentNanos;
    }

    boolean sentOnce() {
        return transmissions == 1;
    }

    /** Whether this packet was last sent after another that was sent at the given time. */
    boolean sentAfter(long otherNanos, int otherSeq) {
        return sentNanos > otherNanos || sentNanos == otherNanos && seq - otherSeq > 0;
    }
}
