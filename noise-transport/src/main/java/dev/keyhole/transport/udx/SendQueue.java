package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;

/** The bytes of one stream that were written and not yet put in packets. */
final class SendQueue {

    private final ArrayDeque<Bytes> writes = new ArrayDeque<>();
    private int taken;
    private long bytes;

    void add(Bytes write) {
        if (!write.isEmpty()) {
            writes.add(write);
            bytes += write.length();
        }
    }

    boolean isEmpty() {
        return bytes == 0;
    }

    long bytes() {
        return bytes;
    }

    /** Moves bytes from the front of the queue into a part of an array, which it must fill. */
    void fill(byte[] target, int at, int length) {
        int filled = 0;
        while (filled < length) {
            Bytes write = writes.element();
            int step = Math.min(length - filled, write.length() - taken);
            write.slice(taken, taken + step).copyTo(target, at + filled);
            filled += step;
            taken += step;
            if (taken == write.length()) {
                writes.remove();
                taken = 0;
            }
        }
        bytes -= length;
    }
}
