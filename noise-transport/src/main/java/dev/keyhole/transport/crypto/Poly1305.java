package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.LittleEndian.longAt;
import static dev.keyhole.transport.crypto.LittleEndian.putLong;

/**
 * The one-time authenticator Poly1305 (RFC 8439, section 2.5), fed piece by piece.
 *
 * <p>The sum is held in 64-bit limbs h0, h1 and a few bits of h2. Clamping leaves r so small that
 * the products of a block fit two limbs and a bit, and r1 divisible by four, so that folding what
 * lies above bit 130 back in is a multiplication by s1 = 5/4 r1. Nothing branches on a secret.
 */
final class Poly1305 {

    static final int KEY_BYTES = 32;
    static final int TAG_BYTES = 16;

    private static final int BLOCK_BYTES = 16;
    private static final long CLAMP_0 = 0x0ffffffc0fffffffL;
    private static final long CLAMP_1 = 0x0ffffffc0ffffffcL;

    private final byte[] partial = new byte[BLOCK_BYTES];
    private int held;
    private long r0;
    private long r1;
    private long pad0;
    private long pad1;
    private long h0;
    private long h1;
    private long h2;

    /** Starts anew under a key, which must serve for this once only. */
    void init(byte[] key, int offset) {
        r0 = longAt(key, offset) & CLAMP_0;
        r1 = longAt(key, offset + 8) & CLAMP_1;
        pad0 = longAt(key, offset + 16);
        pad1 = longAt(key, offset + 24);
        h0 = 0;
        h1 = 0;
        h2 = 0;
        held = 0;
    }

    void update(byte[] in, int offset, int length) {
        int at = offset;
        int left = length;
        if (held > 0) {
            int taken = Math.min(left, BLOCK_BYTES - held);
            System.arraycopy(in, at, partial, held, taken);
            held += taken;
            at += taken;
            left -= taken;
            if (held < BLOCK_BYTES) {
                return;
            }
            blocks(partial, 0, 1, 1);
            held = 0;
        }
        int whole = left / BLOCK_BYTES;
        blocks(in, at, whole, 1);
        held = left - whole * BLOCK_BYTES;
        System.arraycopy(in, at + whole * BLOCK_BYTES, partial, 0, held);
    }

    /** Writes the 16-byte tag of everything since {@link #init}, and forgets the key. */
    void finish(byte[] out, int offset) {
        if (held > 0) {
            partial[held] = 1;
            for (int i = held + 1; i < BLOCK_BYTES; i++) {
                partial[i] = 0;
            }
            blocks(partial, 0, 1, 0);
        }
        // The sum is below 2^130 + 2^129 or so: subtract p = 2^130 - 5 if it is not below it.
        long g0 = h0 + 5;
        long carry = carry(h0, 5, g0);
        long g1 = h1 + carry;
        carry = carry(h1, carry, g1);
        long reduced = -((h2 + carry) >>> 2);
        long t0 = h0 ^ (h0 ^ g0) & reduced;
        long t1 = h1 ^ (h1 ^ g1) & reduced;
        long tag0 = t0 + pad0;
        putLong(out, offset, tag0);
        putLong(out, offset + 8, t1 + pad1 + carry(t0, pad0, tag0));
        wipe();
    }

    void wipe() {
        r0 = 0;
        r1 = 0;
        pad0 = 0;
        pad1 = 0;
        h0 = 0;
        h1 = 0;
        h2 = 0;
        Secrets.wipe(partial);
    }

    /** h = (h + block) r mod p, for each block, to which the bit above its 128 belongs. */
    private void blocks(byte[] in, int offset, int count, int topBit) {
        long a0 = h0;
        long a1 = h1;
        long a2 = h2;
        long s1 = r1 + (r1 >>> 2);
        for (int i = 0; i < count; i++) {
            long m0 = longAt(in, offset + BLOCK_BYTES * i);
            long m1 = longAt(in, offset + BLOCK_BYTES * i + 8);
            long b0 = a0 + m0;
            long carry = carry(a0, m0, b0);
            long b1 = a1 + m1;
            long carry1 = carry(a1, m1, b1);
            a1 = b1 + carry;
            long b2 = a2 + topBit + carry1 + carry(b1, carry, a1);
            b1 = a1;

            // low limb: b0 r0 + b1 s1
            long low = b0 * r0;
            long other = b1 * s1;
            a0 = low + other;
            long d1 = high(b0, r0) + high(b1, s1) + carry(low, other, a0);
            // middle limb: b0 r1 + b1 r0 + b2 s1 + what came up
            long middle = b0 * r1;
            other = b1 * r0;
            long sum = middle + other;
            long up = high(b0, r1) + high(b1, r0) + carry(middle, other, sum);
            other = b2 * s1;
            middle = sum + other;
            up += carry(sum, other, middle);
            a1 = middle + d1;
            up += carry(middle, d1, a1);
            // top: b2 r0 + what came up; what is above bit 130 comes back times 5
            long top = b2 * r0 + up;
            long fold = (top >>> 2) + (top & ~3L);
            b0 = a0 + fold;
            carry = carry(a0, fold, b0);
            a0 = b0;
            b1 = a1 + carry;
            a2 = (top & 3) + carry(a1, carry, b1);
            a1 = b1;
        }
        h0 = a0;
        h1 = a1;
        h2 = a2;
    }

    /** The upper half of the product of an unsigned and a small positive number. */
    private static long high(long unsigned, long positive) {
        return Math.multiplyHigh(unsigned, positive) + (unsigned >> 63 & positive);
    }

    /** The bit that was carried out of sum = a + b. */
    private static long carry(long a, long b, long sum) {
        return (a & b | (a | b) & ~sum) >>> 63;
    }
}
