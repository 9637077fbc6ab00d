package dev.keyhole.transport.wire;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads compact encoding ({@code docs/protocol.md}, "Compact encoding") from front to back.
 *
 * <p>Reading past the end, or a value the protocol cannot hold, is malformed. What is left after a
 * message is nobody's fault.
 */
public final class WireReader {

    /** The largest integer a JavaScript peer can hold: 2^53 - 1. */
    public static final long MAX_INTEGER = (1L << 53) - 1;

    /** The largest list a count may announce. */
    public static final int MAX_ELEMENTS = 1 << 20;

    private final Bytes bytes;
    private int at;

    public WireReader(Bytes bytes) {
        this.bytes = bytes;
    }

    /** Decodes one element of a list. */
    @FunctionalInterface
    public interface Decoder<T> {
        T decode(WireReader reader) throws MalformedException;
    }

    public int position() {
        return at;
    }

    public int remaining() {
        return bytes.length() - at;
    }

    public int u8() throws MalformedException {
        need(1);
        return bytes.unsignedAt(at++);
    }

    public int u16() throws MalformedException {
        return (int) littleEndian(2);
    }

    public int u24() throws MalformedException {
        return (int) littleEndian(3);
    }

    public long u32() throws MalformedException {
        return littleEndian(4);
    }

    /** Four bytes, little-endian, as a number that wraps. */
    public int int32() throws MalformedException {
        return (int) littleEndian(4);
    }

    public long u64() throws MalformedException {
        return inRange(littleEndian(8));
    }

    /** A variable-length integer from 0 to {@link #MAX_INTEGER}; longer forms than needed pass. */
    public long uint() throws MalformedException {
        int first = u8();
        return switch (first) {
            case 0xfd -> littleEndian(2);
            case 0xfe -> littleEndian(4);
            case 0xff -> inRange(littleEndian(8));
            default -> first;
        };
    }

    /** A variable-length integer that must not be above a limit which fits an int. */
    public int uint(int limit, String what) throws MalformedException {
        long value = uint();
        if (value > limit) {
            throw new MalformedException(what + " is " + value + ", above " + limit);
        }
        return (int) value;
    }

    /** A zig-zag signed integer. */
    public long sint() throws MalformedException {
        long value = uint();
        return (value & 1) == 0 ? value >>> 1 : -(value >>> 1) - 1;
    }

    public boolean bool() throws MalformedException {
        return u8() == 1;
    }

    /** Exactly so many bytes, without a length in front; shares the array. */
    public Bytes bytes(int length) throws MalformedException {
        need(length);
        Bytes slice = bytes.slice(at, at + length);
        at += length;
        return slice;
    }

    /** Bytes behind their length. */
    public Bytes buffer() throws MalformedException {
        long length = uint();
        if (length > remaining()) {
            throw new MalformedException(
                    "buffer of " + length + " bytes, " + remaining() + " left");
        }
        return bytes((int) length);
    }

    /** Bytes behind their length, where none means absent. */
    public @Nullable Bytes optionalBuffer() throws MalformedException {
        Bytes buffer = buffer();
        return buffer.isEmpty() ? null : buffer;
    }

    /** UTF-8 behind its length in bytes; malformed sequences become U+FFFD, as in the original. */
    public String string() throws MalformedException {
        return buffer().toUtf8();
    }

    /** A list behind its count, which decides nothing but when to stop. */
    public <T> List<T> list(Decoder<T> decoder) throws MalformedException {
        long count = uint();
        if (count > MAX_ELEMENTS) {
            throw new MalformedException("list of " + count + ", above " + MAX_ELEMENTS);
        }
        List<T> elements = new ArrayList<>((int) Math.min(count, 32));
        for (long i = 0; i < count; i++) {
            elements.add(decoder.decode(this));
        }
        return List.copyOf(elements);
    }

    /** Everything that is left. */
    public Bytes rest() {
        Bytes rest = bytes.slice(at);
        at = bytes.length();
        return rest;
    }

    private long littleEndian(int width) throws MalformedException {
        need(width);
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (long) bytes.unsignedAt(at + i) << (8 * i);
        }
        at += width;
        return value;
    }

    private static long inRange(long value) throws MalformedException {
        if (value < 0 || value > MAX_INTEGER) {
            throw new MalformedException("integer above 2^53 - 1");
        }
        return value;
    }

    private void need(int count) throws MalformedException {
        if (count > remaining()) {
            throw new MalformedException(count + " bytes wanted, " + remaining() + " left");
        }
    }
}
