package dev.keyhole.transport.fuzz;

import dev.keyhole.transport.wire.Bytes;

/** Bytes that a fuzzer chose, read as choices. Behind its end, it reads zeros. */
public final class FuzzInput {

    private final byte[] bytes;
    private int at;

    public FuzzInput(byte[] bytes) {
        this.bytes = bytes;
    }

    public boolean isEmpty() {
        return at >= bytes.length;
    }

    /** A number from 0 to 255. */
    public int u8() {
        return isEmpty() ? 0 : bytes[at++] & 0xff;
    }

    /** A number from 0 to 65535. */
    public int u16() {
        return u8() | u8() << 8;
    }

    public int int32() {
        return u16() | u16() << 16;
    }

    /** A number below a limit of 65536 at most. */
    public int below(int limit) {
        return u16() % limit;
    }

    /** So many bytes, or as many as are left. */
    public Bytes bytes(int count) {
        int length = Math.min(count, bytes.length - Math.min(at, bytes.length));
        Bytes taken = Bytes.wrap(bytes, Math.min(at, bytes.length), length);
        at += length;
        return taken;
    }

    /** All that is left. */
    public Bytes rest() {
        return bytes(bytes.length);
    }
}
