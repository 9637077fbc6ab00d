package dev.keyhole.cli;

import dev.keyhole.transport.wire.Bytes;

/**
 * A stream of bytes that two programs can make from the same number: xorshift32 with shifts 13, 17
 * and 5, four little-endian bytes a step.
 */
final class Payload {

    private int state;
    private int word;
    private int left;

    /**
     * Begins a stream.
     *
     * @throws IllegalArgumentException if the seed is 0, from which the generator never leaves
     */
    Payload(int seed) {
        if (seed == 0) {
            throw new IllegalArgumentException("the payload seed must not be 0");
        }
        state = seed;
    }

    /** The next bytes of the stream. */
    Bytes next(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = nextByte();
        }
        return Bytes.wrap(bytes);
    }

    private byte nextByte() {
        if (left == 0) {
            state ^= state << 13;
            state ^= state >>> 17;
            state ^= state << 5;
            word = state;
            left = 4;
        }
        byte next = (byte) word;
        word >>>= 8;
        left--;
        return next;
    }
}
