package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.LittleEndian.intAt;
import static dev.keyhole.transport.crypto.LittleEndian.putInt;

import java.util.Arrays;

/** What ChaCha20 and its relatives have in common, one block at a time. */
final class ChaCha {

    private static final int KEY_BYTES = 32;

    private ChaCha() {}

    /** Writes "expand 32-byte k", the first four words of every state. */
    static void setConstants(int[] state) {
        state[0] = 0x61707865;
        state[1] = 0x3320646e;
        state[2] = 0x79622d32;
        state[3] = 0x6b206574;
    }

    /** HChaCha20: a key made of a key and 16 bytes, by the rounds of ChaCha20 without the sum. */
    static byte[] subkey(byte[] key, byte[] input) {
        int[] x = new int[16];
        setConstants(x);
        for (int i = 0; i < 8; i++) {
            x[4 + i] = intAt(key, 4 * i);
        }
        for (int i = 0; i < 4; i++) {
            x[12 + i] = intAt(input, 4 * i);
        }
        for (int i = 0; i < 10; i++) {
            quarterRound(x, 0, 4, 8, 12);
            quarterRound(x, 1, 5, 9, 13);
            quarterRound(x, 2, 6, 10, 14);
            quarterRound(x, 3, 7, 11, 15);
            quarterRound(x, 0, 5, 10, 15);
            quarterRound(x, 1, 6, 11, 12);
            quarterRound(x, 2, 7, 8, 13);
            quarterRound(x, 3, 4, 9, 14);
        }
        byte[] out = new byte[KEY_BYTES];
        for (int i = 0; i < 4; i++) {
            putInt(out, 4 * i, x[i]);
            putInt(out, 16 + 4 * i, x[12 + i]);
        }
        Arrays.fill(x, 0);
        return out;
    }

    private static void quarterRound(int[] x, int a, int b, int c, int d) {
        x[a] += x[b];
        x[d] = Integer.rotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = Integer.rotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = Integer.rotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = Integer.rotateLeft(x[b] ^ x[c], 7);
    }
}
