package dev.keyhole.transport.wire;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.checkFromToIndex;
import static java.util.Objects.checkIndex;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.apache.commons.codec.DecoderException;
import org.apache.commons.codec.binary.Hex;
import org.jspecify.annotations.Nullable;

/**
 * A run of bytes that nobody changes any more, compared by content.
 *
 * <p>A view over an array: slicing copies nothing. Whoever calls {@link #wrap} gives the array away;
 * whoever reads {@link #array()} promises not to write to it.
 */
public final class Bytes implements Comparable<Bytes> {

    public static final Bytes EMPTY = new Bytes(new byte[0], 0, 0);

    private final byte[] array;
    private final int offset;
    private final int length;

    private Bytes(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /** The given bytes, each cut to its low eight bits. */
    public static Bytes of(int... values) {
        byte[] array = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            array[i] = (byte) values[i];
        }
        return wrap(array);
    }

    /** A copy of an array that its owner goes on using. */
    public static Bytes copyOf(byte[] array) {
        return wrap(array.clone());
    }

    /** A copy of a part of an array that its owner goes on using. */
    public static Bytes copyOf(byte[] array, int offset, int length) {
        return wrap(Arrays.copyOfRange(array, offset, offset + length));
    }

    /** A copy of what remains in the buffer; its position moves to its limit. */
    public static Bytes copyOf(ByteBuffer buffer) {
        byte[] array = new byte[buffer.remaining()];
        buffer.get(array);
        return wrap(array);
    }

    /** The array itself, which from now on nobody writes to. */
    public static Bytes wrap(byte[] array) {
        return new Bytes(array, 0, array.length);
    }

    /** A part of an array which from now on nobody writes to. */
    public static Bytes wrap(byte[] array, int offset, int length) {
        checkFromIndexSize(offset, length, array.length);
        return new Bytes(array, offset, length);
    }

    /**
     * The bytes that pairs of hex digits of either case stand for.
     *
     * @throws IllegalArgumentException if the text is not that
     */
    public static Bytes ofHex(String hex) {
        try {
            return wrap(Hex.decodeHex(hex));
        } catch (DecoderException e) {
            throw new IllegalArgumentException("not hex: " + e.getMessage(), e);
        }
    }

    public static Bytes utf8(String text) {
        return wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    public static Bytes random(Random random, int length) {
        byte[] array = new byte[length];
        random.nextBytes(array);
        return wrap(array);
    }

    public static Bytes concat(Bytes... parts) {
        int length = 0;
        for (Bytes part : parts) {
            length = Math.addExact(length, part.length);
        }
        byte[] array = new byte[length];
        int at = 0;
        for (Bytes part : parts) {
            part.copyTo(array, at);
            at += part.length;
        }
        return wrap(array);
    }

    public int length() {
        return length;
    }

    public boolean isEmpty() {
        return length == 0;
    }

    public byte at(int index) {
        return array[offset + checkIndex(index, length)];
    }

    /** The byte at the index as a number from 0 to 255. */
    public int unsignedAt(int index) {
        return at(index) & 0xff;
    }

    /** The bytes from one index up to, but not with, another; shares the array. */
    public Bytes slice(int from, int to) {
        checkFromToIndex(from, to, length);
        return from == 0 && to == length ? this : new Bytes(array, offset + from, to - from);
    }

    public Bytes slice(int from) {
        return slice(from, length);
    }

    /** The same bytes without anything around them in memory, for whoever keeps them. */
    public Bytes compact() {
        return length == array.length ? this : wrap(toArray());
    }

    /** The same bytes in an array of their own, for whoever keeps what is only lent. */
    public Bytes copy() {
        return wrap(toArray());
    }

    public byte[] toArray() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }

    public void copyTo(byte[] target, int at) {
        System.arraycopy(array, offset, target, at, length);
    }

    public void copyTo(ByteBuffer target) {
        target.put(array, offset, length);
    }

    /** The array behind this view, for reading only; the view begins at {@link #offset()}. */
    public byte[] array() {
        return array;
    }

    public int offset() {
        return offset;
    }

    public String toHex() {
        return Hex.encodeHexString(toArray(), true);
    }

    /** The text these bytes encode; a malformed sequence becomes U+FFFD. */
    public String toUtf8() {
        return new String(array, offset, length, StandardCharsets.UTF_8);
    }

    /** Compares in a time that depends on the lengths alone. */
    public boolean equalsInConstantTime(Bytes other) {
        if (length != other.length) {
            return false;
        }
        int difference = 0;
        for (int i = 0; i < length; i++) {
            difference |= array[offset + i] ^ other.array[other.offset + i];
        }
        return difference == 0;
    }

    /** Orders as unsigned bytes, by the first difference, the shorter before the longer. */
    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(
                array,
                offset,
                offset + length,
                other.array,
                other.offset,
                other.offset + other.length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Bytes that
                && Arrays.equals(
                        array,
                        offset,
                        offset + length,
                        that.array,
                        that.offset,
                        that.offset + that.length);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    /** Hex, shortened beyond 64 bytes. */
    @Override
    public String toString() {
        return length <= 64 ? toHex() : slice(0, 64).toHex() + "... (" + length + " bytes)";
    }
}
