package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one stream that were written and not yet put in packets.
 *
 * <p>A packet does not copy what it carries; it says where that begins, as an {@link Extent}. Writes
 * know the one behind them, so whoever holds the first holds what follows as well, and nothing holds
 * those before.
 */
final class SendQueue {

    /** What was written in one go. */
    private static final class Write {

        private final Bytes data;
        private @Nullable Write next;

        private Write(Bytes data) {
            this.data = data;
        }
    }

    /** A part of what was written, over one write or several. */
    static class Extent {

        private @Nullable Write first;
        private int offset;
        int payloadLength;

        void writePayloadTo(ByteBuffer target) {
            Write write = first;
            int from = offset;
            int left = payloadLength;
            while (left > 0 && write != null) {
                Bytes data = write.data;
                int step = Math.min(left, data.length() - from);
                target.put(data.array(), data.offset() + from, step);
                left -= step;
                from = 0;
                write = write.next;
            }
        }

        /** Lets go of the bytes. */
        void release() {
            first = null;
        }
    }

    private @Nullable Write first;
    private @Nullable Write last;
    private int taken;
    private long bytes;

    void add(Bytes data) {
        if (data.isEmpty()) {
            return;
        }
        Write write = new Write(data);
        if (last == null || first == null) {
            first = write;
        } else {
            last.next = write;
        }
        last = write;
        bytes += data.length();
    }

    boolean isEmpty() {
        return bytes == 0;
    }

    long bytes() {
        return bytes;
    }

    /** Moves bytes, of which there must be so many, from the front of the queue to a packet. */
    void take(int length, Extent packet) {
        assert length <= bytes;
        packet.first = first;
        packet.offset = taken;
        packet.payloadLength = length;
        bytes -= length;
        int left = length;
        Write write = first;
        while (left > 0 && write != null) {
            int step = Math.min(left, write.data.length() - taken);
            left -= step;
            taken += step;
            if (taken == write.data.length()) {
                write = write.next;
                taken = 0;
            }
        }
        first = write;
        if (write == null) {
            last = null;
        }
    }
}
