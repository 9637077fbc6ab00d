package dev.keyhole.transport.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in byte arrays, the lowest byte first, at any offset. */
final class LittleEndian {

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    static int intAt(byte[] array, int offset) {
        return (int) INT.get(array, offset);
    }

    static void putInt(byte[] array, int offset, int value) {
        INT.set(array, offset, value);
    }

    static long longAt(byte[] array, int offset) {
        return (long) LONG.get(array, offset);
    }

    static void putLong(byte[] array, int offset, long value) {
        LONG.set(array, offset, value);
    }
}
