package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.Field.add;
import static dev.keyhole.transport.crypto.Field.multiply;
import static dev.keyhole.transport.crypto.Field.square;
import static dev.keyhole.transport.crypto.Field.subtract;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A point of the prime-order subgroup of edwards25519, checked once and ready to be multiplied.
 *
 * <p>Points come from the network and are public, so checking them may take its time. Scalars are
 * secret: {@link #times} runs the same steps and touches the same memory for all of them. A scalar
 * is written in signed digits of four bits, in four rows of sixteen. Each row has its own multiples
 * of the point at hand, so that four digits at a time share the doublings of one; the multiple for
 * each is found by looking at all eight there are. The formulas are those of RFC 8032, section
 * 5.1.4.
 */
public final class CurvePoint {

    private static final int ENCODED_BYTES = 32;

    /** Digits lie between -8 and 8. */
    private static final int MULTIPLES = 8;

    private static final int DIGITS = 64;
    private static final int ROWS = 4;
    private static final int ROW_DIGITS = DIGITS / ROWS;

    /** How many points a thread keeps ready: those it met last. */
    private static final int MAX_FAMILIAR = 64;

    private static final long[] ONE = Field.of(BigInteger.ONE);

    /** The d of the curve. */
    private static final long[] D =
            Field.of(
                    BigInteger.valueOf(-121665)
                            .multiply(BigInteger.valueOf(121666).modInverse(Field.P)));

    private static final long[] TWICE_D = sum(D, D);

    /** The order of the subgroup. */
    private static final byte[] ORDER =
            signedDigits(
                    littleEndian(
                            BigInteger.ONE
                                    .shiftLeft(252)
                                    .add(
                                            new BigInteger(
                                                    "27742317777372353535851937790883648493"))));

    private static final ThreadLocal<Map<Bytes, CurvePoint>> FAMILIAR =
            ThreadLocal.withInitial(Familiar::new);

    /** This point times 1, 2, .. 8; those times 2^64, 2^128 and 2^192. */
    private final Addend[] multiples;

    private CurvePoint(Addend[] multiples) {
        this.multiples = multiples;
    }

    /** The points met last, by their encoding. */
    private static final class Familiar extends LinkedHashMap<Bytes, CurvePoint> {

        private static final long serialVersionUID = 1;

        private Familiar() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Bytes, CurvePoint> eldest) {
            return size() > MAX_FAMILIAR;
        }
    }

    /**
     * The point that 32 bytes encode.
     *
     * @throws MalformedException if they encode none, not in the canonical way, or one outside the
     *     prime-order subgroup; the identity and the other points of small order are outside
     */
    public static CurvePoint decode(Bytes encoded) throws MalformedException {
        if (encoded.length() != ENCODED_BYTES) {
            throw new MalformedException("public key of " + encoded.length() + " bytes");
        }
        CurvePoint point = prepared(decompressed(encoded.toArray()));
        if (!point.isOfPrimeOrder()) {
            throw new MalformedException("public key is no point of prime order");
        }
        return point;
    }

    /** The same for a point that may come again, and is then ready at once. */
    public static CurvePoint decodeFamiliar(Bytes encoded) throws MalformedException {
        Map<Bytes, CurvePoint> familiar = FAMILIAR.get();
        CurvePoint known = familiar.get(encoded);
        if (known == null) {
            known = decode(encoded);
            familiar.put(Bytes.wrap(encoded.toArray()), known);
        }
        return known;
    }

    /**
     * This point times a little-endian scalar of 32 bytes, whose highest bit is ignored.
     *
     * @return the compressed point
     * @throws MalformedException if that is the identity
     */
    public byte[] times(byte[] scalar) throws MalformedException {
        byte[] digits = signedDigits(scalar);
        Extended product = new Extended();
        Addend chosen = new Addend();
        for (int i = ROW_DIGITS - 1; i >= 0; i--) {
            if (i < ROW_DIGITS - 1) {
                product.timesSixteen();
            }
            for (int row = 0; row < ROWS; row++) {
                choose(row, digits[row * ROW_DIGITS + i], chosen);
                product.plus(chosen);
            }
        }
        byte[] out = product.compressed();
        boolean identity = product.isIdentity();
        Secrets.wipe(digits);
        product.wipe();
        chosen.wipe();
        if (identity) {
            Secrets.wipe(out);
            throw new MalformedException("the product is the identity");
        }
        return out;
    }

    /** Whether this point times the order is the identity; points are no secret. */
    private boolean isOfPrimeOrder() {
        Extended product = new Extended();
        Addend negative = new Addend();
        for (int i = ROW_DIGITS - 1; i >= 0; i--) {
            if (i < ROW_DIGITS - 1) {
                product.timesSixteen();
            }
            for (int row = 0; row < ROWS; row++) {
                int digit = ORDER[row * ROW_DIGITS + i];
                if (digit > 0) {
                    product.plus(multiples[row * MULTIPLES + digit - 1]);
                } else if (digit < 0) {
                    negative.setIdentity();
                    negative.setIf(-1, multiples[row * MULTIPLES - digit - 1]);
                    negative.negateIf(-1);
                    product.plus(negative);
                }
            }
        }
        return product.isIdentity() && !isIdentity();
    }

    private boolean isIdentity() {
        Extended point = new Extended();
        point.plus(multiples[0]);
        return point.isIdentity();
    }

    /** Writes the scalar as 64 digits d of weight 16^i with -8 <= d < 8, the last one up to 8. */
    private static byte[] signedDigits(byte[] scalar) {
        byte[] digits = new byte[DIGITS];
        int over = 0;
        for (int i = 0; i < DIGITS; i++) {
            int nibble = scalar[i >> 1] >>> (4 * (i & 1)) & 15;
            if (i == DIGITS - 1) {
                nibble &= 7;
            }
            int digit = nibble + over;
            over = i == DIGITS - 1 ? 0 : digit + 8 >>> 4;
            digits[i] = (byte) (digit - (over << 4));
        }
        return digits;
    }

    private static byte[] littleEndian(BigInteger number) {
        byte[] out = new byte[ENCODED_BYTES];
        for (int i = 0; i < ENCODED_BYTES; i++) {
            out[i] = number.shiftRight(8 * i).byteValue();
        }
        return out;
    }

    private void choose(int row, int digit, Addend chosen) {
        int negative = digit >> 31;
        int magnitude = (digit ^ negative) - negative;
        chosen.setIdentity();
        for (int i = 0; i < MULTIPLES; i++) {
            int equal = (magnitude ^ (i + 1)) - 1 >> 31;
            chosen.setIf(equal, multiples[row * MULTIPLES + i]);
        }
        chosen.negateIf(negative);
    }

    private static CurvePoint prepared(Extended point) {
        Addend[] multiples = new Addend[ROWS * MULTIPLES];
        Extended multiple = new Extended();
        for (int row = 0; row < ROWS; row++) {
            if (row > 0) {
                for (int i = 0; i < ROW_DIGITS; i++) {
                    point.timesSixteen();
                }
            }
            int first = row * MULTIPLES;
            multiples[first] = new Addend(point);
            multiple.set(point);
            for (int i = 1; i < MULTIPLES; i++) {
                multiple.plus(multiples[first]);
                multiples[first + i] = new Addend(multiple);
            }
        }
        return new CurvePoint(multiples);
    }

    /** Finds x, which is the root of (y^2 - 1) / (d y^2 + 1) that has the sign of the encoding. */
    private static Extended decompressed(byte[] encoded) throws MalformedException {
        Extended point = new Extended();
        Field.decode(encoded, 0, point.y);
        int sign = encoded[ENCODED_BYTES - 1] >>> 7 & 1;
        byte[] again = new byte[ENCODED_BYTES];
        Field.encode(point.y, again, 0);
        again[ENCODED_BYTES - 1] |= (byte) (sign << 7);
        if (!Arrays.equals(again, encoded)) {
            throw new MalformedException("public key is not in canonical form");
        }

        long[] numerator = Field.zero();
        long[] denominator = Field.zero();
        square(point.y, numerator);
        multiply(D, numerator, denominator);
        subtract(numerator, ONE, numerator);
        add(denominator, ONE, denominator);
        if (!Field.rootOfRatio(numerator, denominator, point.x)) {
            throw new MalformedException("public key is not on the curve");
        }
        Field.negateIf(-(sign ^ Field.parity(point.x)), point.x);
        multiply(point.x, point.y, point.t);
        return point;
    }

    private static long[] sum(long[] a, long[] b) {
        long[] sum = Field.zero();
        add(a, b, sum);
        Field.carry(sum);
        return sum;
    }

    /** A point as X:Y:Z:T with x = X/Z, y = Y/Z and xy = T/Z; begins as the identity. */
    private static final class Extended {

        final long[] x = Field.zero();
        final long[] y = Field.zero();
        final long[] z = Field.zero();
        final long[] t = Field.zero();

        private final long[] a = Field.zero();
        private final long[] b = Field.zero();
        private final long[] c = Field.zero();
        private final long[] d = Field.zero();
        private final long[] e = Field.zero();
        private final long[] f = Field.zero();
        private final long[] g = Field.zero();
        private final long[] h = Field.zero();

        Extended() {
            Field.setSmall(y, 1);
            Field.setSmall(z, 1);
        }

        void set(Extended other) {
            System.arraycopy(other.x, 0, x, 0, x.length);
            System.arraycopy(other.y, 0, y, 0, y.length);
            System.arraycopy(other.z, 0, z, 0, z.length);
            System.arraycopy(other.t, 0, t, 0, t.length);
        }

        void plus(Addend other) {
            subtract(y, x, a);
            add(y, x, b);
            multiply(a, other.yMinusX, a);
            multiply(b, other.yPlusX, b);
            multiply(t, other.twiceDt, c);
            multiply(z, other.twiceZ, d);
            subtract(b, a, e);
            subtract(d, c, f);
            add(d, c, g);
            add(b, a, h);
            multiply(e, f, x);
            multiply(g, h, y);
            multiply(f, g, z);
            multiply(e, h, t);
        }

        /** Doublings need no T, which only the last of them has to make. */
        void timesSixteen() {
            twice();
            twice();
            twice();
            twice();
            multiply(e, h, t);
        }

        private void twice() {
            square(x, a);
            square(y, b);
            square(z, c);
            add(c, c, c);
            add(a, b, h);
            subtract(a, b, g);
            add(x, y, e);
            square(e, e);
            subtract(h, e, e);
            add(c, g, f);
            multiply(e, f, x);
            multiply(g, h, y);
            multiply(f, g, z);
        }

        boolean isIdentity() {
            subtract(y, z, a);
            return Field.isZero(x) && Field.isZero(a);
        }

        byte[] compressed() {
            long[] inverse = Field.zero();
            Field.invert(z, inverse);
            multiply(x, inverse, a);
            multiply(y, inverse, b);
            byte[] out = new byte[ENCODED_BYTES];
            Field.encode(b, out, 0);
            out[ENCODED_BYTES - 1] |= (byte) (Field.parity(a) << 7);
            Field.setZero(inverse);
            return out;
        }

        void wipe() {
            for (long[] field : new long[][] {x, y, z, t, a, b, c, d, e, f, g, h}) {
                Field.setZero(field);
            }
        }
    }

    /** A point in the form that is quickest to add. */
    private static final class Addend {

        final long[] yMinusX = Field.zero();
        final long[] yPlusX = Field.zero();
        final long[] twiceDt = Field.zero();
        final long[] twiceZ = Field.zero();

        /** A place for a point, to be filled. */
        Addend() {}

        Addend(Extended point) {
            add(point.y, point.x, yPlusX);
            subtract(point.y, point.x, yMinusX);
            Field.carry(yPlusX);
            Field.carry(yMinusX);
            multiply(point.t, TWICE_D, twiceDt);
            add(point.z, point.z, twiceZ);
            Field.carry(twiceZ);
        }

        void setIdentity() {
            Field.setSmall(yMinusX, 1);
            Field.setSmall(yPlusX, 1);
            Field.setZero(twiceDt);
            Field.setSmall(twiceZ, 2);
        }

        /** Takes the value of another if the mask is -1, stays if it is 0. */
        void setIf(long mask, Addend other) {
            Field.setIf(mask, other.yMinusX, yMinusX);
            Field.setIf(mask, other.yPlusX, yPlusX);
            Field.setIf(mask, other.twiceDt, twiceDt);
            Field.setIf(mask, other.twiceZ, twiceZ);
        }

        /** Negates the point if the mask is -1. */
        void negateIf(long mask) {
            Field.swapIf(mask, yMinusX, yPlusX);
            Field.negateIf(mask, twiceDt);
        }

        void wipe() {
            for (long[] field : new long[][] {yMinusX, yPlusX, twiceDt, twiceZ}) {
                Field.setZero(field);
            }
        }
    }
}
