package dev.keyhole.transport.stream;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts the frames of a secret stream together again, however they were cut.
 *
 * <p>Keeps at most twice what has arrived of the frame at hand, whatever length that announces.
 */
final class FrameReader {

    /** A buffer up to this size is used again for the next frame. */
    private static final int REUSED_BYTES = 64 << 10;

    private static final int SMALLEST_BUFFER = 2048;
    private static final byte[] NO_BUFFER = new byte[0];

    /** What was fed last and has not been looked at. */
    private Bytes fresh = Bytes.EMPTY;

    /** The length of the frame at hand as far as it is known, and how many of its bytes that took. */
    private int length;

    private int lengthBytes;

    /** The body of the frame at hand, if it did not arrive in one piece. */
    private byte[] buffer = NO_BUFFER;

    private int buffered;

    /** Takes in the next bytes. Ask {@link #next} until it has nothing more. */
    void feed(Bytes chunk) {
        if (!fresh.isEmpty()) {
            throw new IllegalStateException("what was fed before has not been read to its end");
        }
        fresh = chunk;
    }

    /** Whether everything fed was looked at. */
    boolean isExhausted() {
        return fresh.isEmpty();
    }

    /** Whether a frame has begun and is not complete. */
    boolean isInsideFrame() {
        return lengthBytes > 0;
    }

    /** Lets go of the buffer that was kept for the next frame, if none has begun. */
    void trim() {
        if (!isInsideFrame()) {
            buffer = NO_BUFFER;
        }
    }

    /** How much memory the frame at hand has been given. */
    int capacity() {
        return buffer.length;
    }

    /**
     * The body of the next frame, or null when it takes more bytes. It is valid until the next
     * call.
     *
     * @throws MalformedException if its length is outside of the given bounds
     */
    @Nullable Bytes next(int minBody, int maxBody) throws MalformedException {
        while (lengthBytes < Frames.LENGTH_BYTES) {
            if (fresh.isEmpty()) {
                return null;
            }
            length |= fresh.unsignedAt(0) << (8 * lengthBytes);
            lengthBytes++;
            fresh = fresh.slice(1);
        }
        if (length < minBody || length > maxBody) {
            throw new MalformedException(
                    "frame of " + length + " bytes, outside of " + minBody + " to " + maxBody);
        }
        if (buffered == 0 && fresh.length() >= length) {
            Bytes body = fresh.slice(0, length);
            fresh = fresh.slice(length);
            return finish(body);
        }
        keep(Math.min(length - buffered, fresh.length()));
        return buffered < length ? null : finish(Bytes.wrap(buffer, 0, length));
    }

    private Bytes finish(Bytes body) {
        length = 0;
        lengthBytes = 0;
        buffered = 0;
        if (buffer.length > REUSED_BYTES) {
            buffer = NO_BUFFER;
        }
        return body;
    }

    private void keep(int count) {
        int needed = buffered + count;
        if (needed > buffer.length) {
            int larger = Math.max(SMALLEST_BUFFER, Math.max(needed, 2 * buffered));
            buffer = Arrays.copyOf(buffer, Math.min(larger, Math.max(length, SMALLEST_BUFFER)));
        }
        fresh.slice(0, count).copyTo(buffer, buffered);
        buffered = needed;
        fresh = fresh.slice(count);
    }
}
