package dev.keyhole.transport.stream;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts the frames of a secret stream together again, however they were cut.
 *
 * <p>Keeps at most twice what has arrived of the frame at hand, whatever length that announces, or
 * what a frame before it has taken if that was more. Between frames it keeps nothing, as long as
 * whoever reads bodies takes their arrays.
 */
final class FrameReader {

    /** What a frame may be given at once when another was as long before. */
    private static final int MAX_AT_ONCE = (64 << 10) + Frames.OVERHEAD;

    private static final int SMALLEST_BUFFER = 2048;
    private static final byte[] NOTHING = {};

    /** What was fed last, and how much of it has been looked at. */
    private Bytes fresh = Bytes.EMPTY;

    private int looked;

    /** The length of the frame at hand as far as it is known, and how many of its bytes that took. */
    private int length;

    private int lengthBytes;

    /** The body of the frame at hand, if it did not arrive in one piece. */
    private byte[] buffer = NOTHING;

    private int buffered;

    /** Whether the body handed out last lies in the buffer. */
    private boolean bodyInBuffer;

    /** The longest body so far that was put together here, up to {@link #MAX_AT_ONCE}. */
    private int longest;

    /**
     * Takes in the next bytes. Ask {@link #next} until it has nothing more, or else {@link #keep}
     * what is left if the bytes are only lent.
     */
    void feed(Bytes chunk) {
        if (!isExhausted()) {
            throw new IllegalStateException("what was fed before has not been read to its end");
        }
        fresh = chunk;
        looked = 0;
    }

    /** Whether everything fed was looked at. */
    boolean isExhausted() {
        return looked == fresh.length();
    }

    /** Takes a copy of what was fed and not looked at. */
    void keep() {
        fresh = isExhausted() ? Bytes.EMPTY : fresh.slice(looked).copy();
        looked = 0;
    }

    /** Whether a frame has begun and is not complete. */
    boolean isInsideFrame() {
        return lengthBytes > 0;
    }

    /** Lets go of the buffer that was kept for the next frame, if none has begun. */
    void trim() {
        if (!isInsideFrame()) {
            buffer = NOTHING;
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
            if (isExhausted()) {
                return null;
            }
            length |= fresh.unsignedAt(looked++) << (8 * lengthBytes);
            lengthBytes++;
        }
        if (length < minBody || length > maxBody) {
            throw new MalformedException(
                    "frame of " + length + " bytes, outside of " + minBody + " to " + maxBody);
        }
        int left = fresh.length() - looked;
        if (buffered == 0 && left >= length) {
            Bytes body = fresh.slice(looked, looked + length);
            looked += length;
            bodyInBuffer = false;
            return finish(body);
        }
        gather(Math.min(length - buffered, left));
        if (buffered < length) {
            return null;
        }
        longest = Math.min(MAX_AT_ONCE, Math.max(longest, length));
        bodyInBuffer = true;
        return finish(Bytes.wrap(buffer, 0, length));
    }

    /** Gives the array away in which the last body lies; false if that is not ours to give. */
    boolean giveAway() {
        if (bodyInBuffer) {
            buffer = NOTHING;
        }
        return bodyInBuffer;
    }

    private Bytes finish(Bytes body) {
        length = 0;
        lengthBytes = 0;
        buffered = 0;
        if (buffer.length > MAX_AT_ONCE) {
            buffer = NOTHING;
        }
        return body;
    }

    private void gather(int count) {
        int needed = buffered + count;
        if (needed > buffer.length) {
            int larger = Math.max(SMALLEST_BUFFER, Math.max(needed, 2 * buffered));
            int wanted = Math.max(larger, Math.min(longest, length));
            buffer = Arrays.copyOf(buffer, Math.min(wanted, Math.max(length, SMALLEST_BUFFER)));
        }
        System.arraycopy(fresh.array(), fresh.offset() + looked, buffer, buffered, count);
        buffered = needed;
        looked += count;
    }
}
