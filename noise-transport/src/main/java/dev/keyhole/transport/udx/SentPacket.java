package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Address;
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

    /** Where the packet was first sent, which is where it is repeated to unless redirected. */
    Address destination;

    /** As it was first sent; repeated with a fresh ack and window. */
    Bytes datagram;

    State state = State.IN_FLIGHT;
    int transmissions = 1;
    long sentNanos;

    /** Whether it has been under way for longer than packets travel. */
    boolean overdue;

    /** Neighbours in the order of sending, while in flight. */
    @Nullable SentPacket earlier;

    @Nullable SentPacket later;

    SentPacket(int seq, Bytes datagram, Address destination, long sentNanos) {
        this.seq = seq;
        this.datagram = datagram;
        this.payloadLength = datagram.length() - PacketHeader.LENGTH;
        this.destination = destination;
        this.sentNanos = sentNanos;
    }

    /** Has it repeated to somebody else from now on, who knows the stream by another id. */
    void redirect(Address to, int streamId) {
        destination = to;
        datagram = PacketHeader.readdressed(datagram, streamId);
    }

    boolean sentOnce() {
        return transmissions == 1;
    }

    /** Whether this packet was last sent after another that was sent at the given time. */
    boolean sentAfter(long otherNanos, int otherSeq) {
        return sentNanos > otherNanos || sentNanos == otherNanos && seq - otherSeq > 0;
    }
}
