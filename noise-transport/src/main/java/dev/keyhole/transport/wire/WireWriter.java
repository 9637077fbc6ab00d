package dev.keyhole.transport.wire;

import static dev.keyhole.transport.wire.WireReader.MAX_INTEGER;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes compact encoding; grows as it is written to. */
public final class WireWriter {

    private byte[] array;
    private int length;

    public WireWriter() {
        this(64);
    }

    public WireWriter(int expectedLength) {
        array = new byte[expectedLength];
    }

    /** Encodes one element of a list. */
    @FunctionalInterface
    public interface Encoder<T> {
        void encode(WireWriter writer, T element);
    }

    public int length() {
        return length;
    }

    public WireWriter u8(int value) {
        return littleEndian(value, 1);
    }

    public WireWriter u16(int value) {
        return littleEndian(value, 2);
    }

    public WireWriter u24(int value) {
        return littleEndian(value, 3);
    }

    public WireWriter u32(long value) {
        return littleEndian(value, 4);
    }

    public WireWriter u64(long value) {
        return littleEndian(value, 8);
    }

    /** A variable-length integer in its shortest form. */
    public WireWriter uint(long value) {
        if (value < 0 || value > MAX_INTEGER) {
            throw new IllegalArgumentException(
                    "integer " + value + " is outside 0.." + MAX_INTEGER);
        }
        if (value <= 0xfc) {
            return u8((int) value);
        }
        if (value <= 0xffff) {
            return u8(0xfd).littleEndian(value, 2);
        }
        if (value <= 0xffff_ffffL) {
            return u8(0xfe).littleEndian(value, 4);
        }
        return u8(0xff).littleEndian(value, 8);
    }

    /** A zig-zag signed integer. */
    public WireWriter sint(long value) {
        return uint(value >= 0 ? 2 * value : -2 * value - 1);
    }

    public WireWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** The bytes alone, without a length in front. */
    public WireWriter bytes(Bytes value) {
        reserve(value.length());
        value.copyTo(array, length);
        length += value.length();
        return this;
    }

    /** The bytes behind their length. */
    public WireWriter buffer(Bytes value) {
        return uint(value.length()).bytes(value);
    }

    public WireWriter optionalBuffer(@Nullable Bytes value) {
        return buffer(value == null ? Bytes.EMPTY : value);
    }

    /** UTF-8 behind its length in bytes. */
    public WireWriter string(String value) {
        return buffer(Bytes.utf8(value));
    }

    /** The elements behind their count. */
    public <T> WireWriter list(List<T> elements, Encoder<? super T> encoder) {
        uint(elements.size());
        for (T element : elements) {
            encoder.encode(this, element);
        }
        return this;
    }

    /** What was written; the writer is empty afterwards. */
    public Bytes toBytes() {
        Bytes bytes = Bytes.wrap(array, 0, length);
        array = new byte[0];
        length = 0;
        return bytes;
    }

    private WireWriter littleEndian(long value, int width) {
        reserve(width);
        for (int i = 0; i < width; i++) {
            array[length++] = (byte) (value >>> (8 * i));
        }
        return this;
    }

    private void reserve(int count) {
        int needed = Math.addExact(length, count);
        if (needed > array.length) {
            array = Arrays.copyOf(array, Math.max(needed, 2 * array.length));
        }
    }
}
