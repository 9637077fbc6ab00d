package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.nio.ByteBuffer;

/**
 * The twenty bytes in front of every packet ({@code docs/protocol.md}, "UDX packets").
 *
 * @param flags what the packet is; unknown bits are kept and mean nothing
 * @param dataOffset bytes of padding between this header and the payload, 0 to 255
 * @param streamId the id which the receiver of the packet gave the stream
 * @param windowBytes what the sender of the packet is willing to buffer, 0 to 2^32 - 1
 * @param seq the number of this packet, or the sender's next one if this packet takes none
 * @param ack the number its sender expects next
 */
record PacketHeader(int flags, int dataOffset, int streamId, long windowBytes, int seq, int ack) {

    static final int LENGTH = 20;

    static final int DATA = 0x01;
    static final int END = 0x02;
    static final int SACK = 0x04;
    static final int MESSAGE = 0x08;
    static final int DESTROY = 0x10;
    static final int HEARTBEAT = 0x20;

    /** The flags of a packet that carries nothing but its header. */
    static final int ACK = 0;

    private static final int MAGIC = 0xff;
    private static final int VERSION = 1;

    static final int FLAGS_AT = 2;
    static final int DATA_OFFSET_AT = 3;
    static final int STREAM_ID_AT = 4;
    static final int WINDOW_AT = 8;
    static final int SEQ_AT = 12;
    static final int ACK_AT = 16;

    static PacketHeader decode(WireReader reader) throws MalformedException {
        if (reader.u8() != MAGIC || reader.u8() != VERSION) {
            throw new MalformedException("not a UDX packet of version " + VERSION);
        }
        int flags = reader.u8();
        int dataOffset = reader.u8();
        int streamId = reader.int32();
        return new PacketHeader(
                flags, dataOffset, streamId, reader.u32(), reader.int32(), reader.int32());
    }

    /** Whether a datagram begins as a UDX packet of our version does. */
    static boolean leads(Bytes datagram) {
        return datagram.length() >= LENGTH
                && datagram.unsignedAt(0) == MAGIC
                && datagram.unsignedAt(1) == VERSION;
    }

    /** The stream a packet is for, of a datagram that {@link #leads} is true of. */
    static int streamIdOf(Bytes datagram) {
        return int32(datagram, 4);
    }

    /** Whether there is something between header and payload, of such a datagram. */
    static boolean isPadded(Bytes datagram) {
        return datagram.unsignedAt(DATA_OFFSET_AT) != 0;
    }

    /** The header of a datagram that {@link #leads} is true of. */
    static PacketHeader of(Bytes datagram) {
        return new PacketHeader(
                datagram.unsignedAt(2),
                datagram.unsignedAt(3),
                int32(datagram, 4),
                int32(datagram, WINDOW_AT) & 0xffff_ffffL,
                int32(datagram, 12),
                int32(datagram, ACK_AT));
    }

    void encode(WireWriter writer) {
        byte[] header = new byte[LENGTH];
        writeTo(header);
        writer.bytes(Bytes.wrap(header));
    }

    /** Writes the header to the front of a datagram. */
    void writeTo(byte[] datagram) {
        datagram[0] = (byte) MAGIC;
        datagram[1] = VERSION;
        datagram[2] = (byte) flags;
        datagram[3] = (byte) dataOffset;
        putInt32(datagram, STREAM_ID_AT, streamId);
        putInt32(datagram, WINDOW_AT, (int) windowBytes);
        putInt32(datagram, 12, seq);
        putInt32(datagram, ACK_AT, ack);
    }

    /** Writes a header to a buffer in network order. */
    static void write(
            ByteBuffer target,
            int flags,
            int dataOffset,
            int streamId,
            long windowBytes,
            int seq,
            int ack) {
        target.putInt(MAGIC << 24 | VERSION << 16 | flags << 8 | dataOffset);
        target.putInt(Integer.reverseBytes(streamId));
        target.putInt(Integer.reverseBytes((int) windowBytes));
        target.putInt(Integer.reverseBytes(seq));
        target.putInt(Integer.reverseBytes(ack));
    }

    /** A copy of a packet for a peer that may have changed, about what is true now. */
    static Bytes refreshed(Bytes datagram, int streamId, long windowBytes, int ack) {
        byte[] copy = datagram.toArray();
        putInt32(copy, 4, streamId);
        putInt32(copy, WINDOW_AT, (int) windowBytes);
        putInt32(copy, ACK_AT, ack);
        return Bytes.wrap(copy);
    }

    /** A copy of a packet which is for another stream and otherwise the same. */
    static Bytes readdressed(Bytes datagram, int streamId) {
        byte[] copy = datagram.toArray();
        putInt32(copy, STREAM_ID_AT, streamId);
        return Bytes.wrap(copy);
    }

    /** Whether any of the given flags is set. */
    boolean has(int anyOf) {
        return (flags & anyOf) != 0;
    }

    static int int32(Bytes bytes, int at) {
        return bytes.unsignedAt(at)
                | bytes.unsignedAt(at + 1) << 8
                | bytes.unsignedAt(at + 2) << 16
                | bytes.unsignedAt(at + 3) << 24;
    }

    static void putInt32(byte[] array, int at, int value) {
        array[at] = (byte) value;
        array[at + 1] = (byte) (value >>> 8);
        array[at + 2] = (byte) (value >>> 16);
        array[at + 3] = (byte) (value >>> 24);
    }
}
