package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.LittleEndian.longAt;
import static dev.keyhole.transport.crypto.LittleEndian.putLong;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Numbers modulo p = 2^255 - 19, in five limbs of 51 bits.
 *
 * <p>Limbs are signed, and sums stay uncarried: factors may be sums of up to four products. A
 * product of two limbs is taken apart at bit 51 without 128-bit arithmetic: its upper part is the
 * upper word of the product of the factors shifted left by 6 and 7 bits.
 *
 * <p>Nothing branches on a value, or looks for memory by one, except where the name says so.
 */
final class Field {

    static final int BYTES = 32;

    static final BigInteger P = BigInteger.ONE.shiftLeft(255).subtract(BigInteger.valueOf(19));

    private static final int LIMBS = 5;
    private static final int BITS = 51;
    private static final long MASK = (1L << BITS) - 1;

    private static final long[] ROOT_OF_MINUS_ONE =
            of(BigInteger.TWO.modPow(P.subtract(BigInteger.ONE).shiftRight(2), P));

    private Field() {}

    static long[] zero() {
        return new long[LIMBS];
    }

    static void setZero(long[] out) {
        Arrays.fill(out, 0);
    }

    static void setSmall(long[] out, long value) {
        Arrays.fill(out, 0);
        out[0] = value;
    }

    static long[] of(BigInteger value) {
        long[] out = zero();
        BigInteger rest = value.mod(P);
        for (int i = 0; i < LIMBS; i++) {
            out[i] = rest.longValue() & MASK;
            rest = rest.shiftRight(BITS);
        }
        return out;
    }

    /** Reads 255 bits; the highest one is ignored. */
    static void decode(byte[] in, int offset, long[] out) {
        out[0] = longAt(in, offset) & MASK;
        out[1] = longAt(in, offset + 6) >>> 3 & MASK;
        out[2] = longAt(in, offset + 12) >>> 6 & MASK;
        out[3] = longAt(in, offset + 19) >>> 1 & MASK;
        out[4] = longAt(in, offset + 24) >>> 12 & MASK;
    }

    /** Writes the one representative below p. */
    static void encode(long[] in, byte[] out, int offset) {
        long[] a = in.clone();
        carry(a);
        carry(a);
        // Now between -2^205 and 2^255 + 2^205. Adding p once makes it positive.
        a[0] += MASK - 18;
        for (int i = 1; i < LIMBS; i++) {
            a[i] += MASK;
        }
        reduceOnce(a);
        reduceOnce(a);
        putLong(out, offset, a[0] | a[1] << 51);
        putLong(out, offset + 8, a[1] >>> 13 | a[2] << 38);
        putLong(out, offset + 16, a[2] >>> 26 | a[3] << 25);
        putLong(out, offset + 24, a[3] >>> 39 | a[4] << 12);
        Arrays.fill(a, 0);
    }

    /** Takes p away if that leaves something, and makes all limbs proper. */
    private static void reduceOnce(long[] a) {
        long over = a[0] + 19;
        for (int i = 1; i < LIMBS; i++) {
            over = a[i] + (over >> BITS);
        }
        long quotient = over >> BITS; // how often 2^255 - 19 is in it, at most one too few
        a[0] += 19 * quotient;
        for (int i = 0; i < LIMBS - 1; i++) {
            a[i + 1] += a[i] >> BITS;
            a[i] &= MASK;
        }
        a[4] &= MASK;
    }

    static void add(long[] a, long[] b, long[] out) {
        for (int i = 0; i < LIMBS; i++) {
            out[i] = a[i] + b[i];
        }
    }

    static void subtract(long[] a, long[] b, long[] out) {
        for (int i = 0; i < LIMBS; i++) {
            out[i] = a[i] - b[i];
        }
    }

    /** Makes limbs of a sum as small as those of a product. */
    static void carry(long[] a) {
        settle(a, a[0], a[1], a[2], a[3], a[4]);
    }

    private static void settle(long[] out, long a, long b, long c, long d, long e) {
        long b1 = b + (a >> BITS);
        long c1 = c + (b1 >> BITS);
        long d1 = d + (c1 >> BITS);
        long e1 = e + (d1 >> BITS);
        long a1 = (a & MASK) + 19 * (e1 >> BITS);
        out[0] = a1 & MASK;
        out[1] = (b1 & MASK) + (a1 >> BITS);
        out[2] = c1 & MASK;
        out[3] = d1 & MASK;
        out[4] = e1 & MASK;
    }

    private static long high(long a, long b) {
        return Math.multiplyHigh(a, b);
    }

    static void multiply(long[] a, long[] b, long[] out) {
        long a0 = a[0];
        long a1 = a[1];
        long a2 = a[2];
        long a3 = a[3];
        long a4 = a[4];
        long b0 = b[0];
        long b1 = b[1];
        long b2 = b[2];
        long b3 = b[3];
        long b4 = b[4];
        long low0 = a0 * b0 & MASK;
        long low1 = (a0 * b1 & MASK) + (a1 * b0 & MASK);
        long low2 = (a0 * b2 & MASK) + (a1 * b1 & MASK) + (a2 * b0 & MASK);
        long low3 = (a0 * b3 & MASK) + (a1 * b2 & MASK) + (a2 * b1 & MASK) + (a3 * b0 & MASK);
        long low4 =
                (a0 * b4 & MASK)
                        + (a1 * b3 & MASK)
                        + (a2 * b2 & MASK)
                        + (a3 * b1 & MASK)
                        + (a4 * b0 & MASK);
        long low5 = (a1 * b4 & MASK) + (a2 * b3 & MASK) + (a3 * b2 & MASK) + (a4 * b1 & MASK);
        long low6 = (a2 * b4 & MASK) + (a3 * b3 & MASK) + (a4 * b2 & MASK);
        long low7 = (a3 * b4 & MASK) + (a4 * b3 & MASK);
        long low8 = a4 * b4 & MASK;
        a0 <<= 6;
        a1 <<= 6;
        a2 <<= 6;
        a3 <<= 6;
        a4 <<= 6;
        b0 <<= 7;
        b1 <<= 7;
        b2 <<= 7;
        b3 <<= 7;
        b4 <<= 7;
        long high1 = high(a0, b0);
        long high2 = high(a0, b1) + high(a1, b0);
        long high3 = high(a0, b2) + high(a1, b1) + high(a2, b0);
        long high4 = high(a0, b3) + high(a1, b2) + high(a2, b1) + high(a3, b0);
        long high5 = high(a0, b4) + high(a1, b3) + high(a2, b2) + high(a3, b1) + high(a4, b0);
        long high6 = high(a1, b4) + high(a2, b3) + high(a3, b2) + high(a4, b1);
        long high7 = high(a2, b4) + high(a3, b3) + high(a4, b2);
        long high8 = high(a3, b4) + high(a4, b3);
        long high9 = high(a4, b4);
        settle(
                out,
                low0 + 19 * (low5 + high5),
                low1 + high1 + 19 * (low6 + high6),
                low2 + high2 + 19 * (low7 + high7),
                low3 + high3 + 19 * (low8 + high8),
                low4 + high4 + 19 * high9);
    }

    static void square(long[] a, long[] out) {
        long a0 = a[0];
        long a1 = a[1];
        long a2 = a[2];
        long a3 = a[3];
        long a4 = a[4];
        long twice0 = 2 * a0;
        long twice1 = 2 * a1;
        long twice2 = 2 * a2;
        long twice3 = 2 * a3;
        long low0 = a0 * a0 & MASK;
        long low1 = twice0 * a1 & MASK;
        long low2 = (twice0 * a2 & MASK) + (a1 * a1 & MASK);
        long low3 = (twice0 * a3 & MASK) + (twice1 * a2 & MASK);
        long low4 = (twice0 * a4 & MASK) + (twice1 * a3 & MASK) + (a2 * a2 & MASK);
        long low5 = (twice1 * a4 & MASK) + (twice2 * a3 & MASK);
        long low6 = (twice2 * a4 & MASK) + (a3 * a3 & MASK);
        long low7 = twice3 * a4 & MASK;
        long low8 = a4 * a4 & MASK;
        a0 <<= 6;
        a1 <<= 6;
        a2 <<= 6;
        a3 <<= 6;
        a4 <<= 6;
        twice0 <<= 7;
        twice1 <<= 7;
        twice2 <<= 7;
        twice3 <<= 7;
        long high1 = high(a0, twice0 >> 1);
        long high2 = high(twice0, a1);
        long high3 = high(twice0, a2) + high(a1, twice1 >> 1);
        long high4 = high(twice0, a3) + high(twice1, a2);
        long high5 = high(twice0, a4) + high(twice1, a3) + high(a2, twice2 >> 1);
        long high6 = high(twice1, a4) + high(twice2, a3);
        long high7 = high(twice2, a4) + high(a3, twice3 >> 1);
        long high8 = high(twice3, a4);
        long high9 = high(a4, a4 << 1);
        settle(
                out,
                low0 + 19 * (low5 + high5),
                low1 + high1 + 19 * (low6 + high6),
                low2 + high2 + 19 * (low7 + high7),
                low3 + high3 + 19 * (low8 + high8),
                low4 + high4 + 19 * high9);
    }

    private static void square(long[] a, int times, long[] out) {
        square(a, out);
        for (int i = 1; i < times; i++) {
            square(out, out);
        }
    }

    /** a to the power of 2^252 - 3, which is (p - 5) / 8. */
    private static void power(long[] a, long[] out) {
        long[] x2 = zero(); // a^(2^2 - 1), and so on
        long[] x5 = zero();
        long[] x10 = zero();
        long[] x20 = zero();
        long[] x50 = zero();
        long[] x = zero();
        square(a, x);
        multiply(x, a, x2);
        square(x2, 2, x);
        multiply(x, x2, x);
        square(x, x);
        multiply(x, a, x5);
        square(x5, 5, x);
        multiply(x, x5, x10);
        square(x10, 10, x);
        multiply(x, x10, x20);
        square(x20, 20, x);
        multiply(x, x20, x);
        square(x, 10, x);
        multiply(x, x10, x50);
        square(x50, 50, x);
        multiply(x, x50, x20);
        square(x20, 100, x);
        multiply(x, x20, x);
        square(x, 50, x);
        multiply(x, x50, x);
        square(x, 2, x);
        multiply(x, a, out);
    }

    /** 1 / a; zero for zero. */
    static void invert(long[] a, long[] out) {
        // a^(p - 2) = (a^((p - 5) / 8))^8 a^3
        long[] x = zero();
        long[] cube = zero();
        power(a, x);
        square(x, 3, x);
        square(a, cube);
        multiply(cube, a, cube);
        multiply(x, cube, out);
        Arrays.fill(x, 0);
        Arrays.fill(cube, 0);
    }

    /**
     * Finds the root of a / b, either of the two. Takes a time that depends on the values.
     *
     * @return whether there is one
     */
    static boolean rootOfRatio(long[] a, long[] b, long[] out) {
        long[] cube = zero();
        long[] x = zero();
        square(b, cube);
        multiply(cube, b, cube);
        square(cube, x);
        multiply(x, b, x);
        multiply(x, a, x);
        power(x, x); // (a b^7)^((p - 5) / 8)
        multiply(x, cube, x);
        multiply(x, a, x);

        long[] check = zero();
        square(x, check);
        multiply(check, b, check);
        long[] difference = zero();
        subtract(check, a, difference);
        if (!isZero(difference)) {
            add(check, a, difference);
            if (!isZero(difference)) {
                return false;
            }
            multiply(x, ROOT_OF_MINUS_ONE, x);
        }
        System.arraycopy(x, 0, out, 0, LIMBS);
        return true;
    }

    static boolean isZero(long[] a) {
        byte[] encoded = new byte[BYTES];
        encode(a, encoded, 0);
        int bits = 0;
        for (byte b : encoded) {
            bits |= b;
        }
        return bits == 0;
    }

    /** The lowest bit of the representative below p. */
    static int parity(long[] a) {
        byte[] encoded = new byte[BYTES];
        encode(a, encoded, 0);
        int bit = encoded[0] & 1;
        Secrets.wipe(encoded);
        return bit;
    }

    /** Takes the value of another if the mask is -1, stays if it is 0. */
    static void setIf(long mask, long[] other, long[] out) {
        for (int i = 0; i < LIMBS; i++) {
            out[i] ^= mask & (out[i] ^ other[i]);
        }
    }

    static void swapIf(long mask, long[] a, long[] b) {
        for (int i = 0; i < LIMBS; i++) {
            long different = mask & (a[i] ^ b[i]);
            a[i] ^= different;
            b[i] ^= different;
        }
    }

    static void negateIf(long mask, long[] a) {
        for (int i = 0; i < LIMBS; i++) {
            a[i] = (a[i] ^ mask) - mask;
        }
    }
}
