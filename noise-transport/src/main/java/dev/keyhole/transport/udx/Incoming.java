package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;

/**
 * The packet that is being taken in, whose bytes are only lent.
 *
 * <p>One serves all streams of a thread, since a packet is done with before the next is read.
 */
final class Incoming {

    private Bytes packet = Bytes.EMPTY;
    private Bytes body = Bytes.EMPTY;
    private int flags;
    private int dataOffset;
    private long windowBytes;
    private int seq;
    private int ack;

    /** Reads the header of a datagram that {@link PacketHeader#leads} is true of. */
    @SuppressWarnings("ReferenceEquality") // The same view of a buffer, whatever is in it now.
    Incoming read(Bytes datagram) {
        if (datagram != packet) {
            packet = datagram;
            // Made once for packets that lie where the one before did, and are as long.
            body = datagram.slice(PacketHeader.LENGTH);
        }
        flags = datagram.unsignedAt(PacketHeader.FLAGS_AT);
        dataOffset = datagram.unsignedAt(PacketHeader.DATA_OFFSET_AT);
        windowBytes = PacketHeader.int32(datagram, PacketHeader.WINDOW_AT) & 0xffff_ffffL;
        seq = PacketHeader.int32(datagram, PacketHeader.SEQ_AT);
        ack = PacketHeader.int32(datagram, PacketHeader.ACK_AT);
        return this;
    }

    int flags() {
        return flags;
    }

    /** Whether any of the given flags is set. */
    boolean has(int anyOf) {
        return (flags & anyOf) != 0;
    }

    int dataOffset() {
        return dataOffset;
    }

    long windowBytes() {
        return windowBytes;
    }

    int seq() {
        return seq;
    }

    int ack() {
        return ack;
    }

    /** What is behind the header. */
    Bytes body() {
        return body;
    }
}
