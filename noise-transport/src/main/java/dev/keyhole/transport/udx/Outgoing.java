package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The packet that is being sent: a header of this moment, and what stands behind it.
 *
 * <p>One serves all streams of a thread, since a packet is written before the next is begun.
 */
final class Outgoing implements Effects.Packet {

    private static final byte[] PADDING = new byte[PathMtu.STEP_BYTES];
    private static final int[] NO_BLOCKS = {};

    private int flags;
    private int streamId;
    private long windowBytes;
    private int seq;
    private int ack;
    private @Nullable SentPacket payload;
    private @Nullable SeqRanges ranges;
    private int[] blocks = NO_BLOCKS;
    private int padding;
    private boolean whole;

    /** Begins with a header, and with nothing behind it so far. */
    Outgoing begin(int newFlags, int newStreamId, long newWindowBytes, int newSeq, int newAck) {
        flags = newFlags;
        streamId = newStreamId;
        windowBytes = newWindowBytes;
        seq = newSeq;
        ack = newAck;
        payload = null;
        ranges = null;
        blocks = NO_BLOCKS;
        padding = 0;
        whole = false;
        return this;
    }

    /** Puts the payload of a packet behind the header. */
    Outgoing with(SentPacket packet) {
        payload = packet;
        return this;
    }

    /** Puts zeros between the header and the payload, at most {@link PathMtu#STEP_BYTES}. */
    Outgoing padded(int bytes) {
        padding = bytes;
        return this;
    }

    /** Says whether the packet is to arrive in one piece or not at all. */
    Outgoing whole(boolean newWhole) {
        whole = newWhole;
        return this;
    }

    /** Puts some ranges behind the header, named by their indices. */
    Outgoing with(SeqRanges newRanges, int[] indices) {
        ranges = newRanges;
        blocks = indices;
        return this;
    }

    @Override
    public int length() {
        int behind = payload == null ? 8 * blocks.length : payload.payloadLength;
        return PacketHeader.LENGTH + padding + behind;
    }

    @Override
    public boolean isWhole() {
        return whole;
    }

    @Override
    public void writeTo(ByteBuffer target) {
        PacketHeader.write(target, flags, padding, streamId, windowBytes, seq, ack);
        if (payload != null) {
            target.put(PADDING, 0, padding);
            payload.writePayloadTo(target);
        } else if (ranges != null) {
            for (int i : blocks) {
                target.putInt(Integer.reverseBytes(ranges.start(i)));
                target.putInt(Integer.reverseBytes(ranges.end(i)));
            }
        }
    }

    /** The packet as it is now, to be kept. */
    Bytes toBytes() {
        byte[] datagram = new byte[length()];
        writeTo(ByteBuffer.wrap(datagram));
        return Bytes.wrap(datagram);
    }
}
