package dev.keyhole.transport.crypto;

import static org.bouncycastle.math.ec.rfc7748.X25519Field.add;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.addOne;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.apm;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.carry;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.inv;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.mul;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.sqr;
import static org.bouncycastle.math.ec.rfc7748.X25519Field.sub;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Arrays;
import org.bouncycastle.math.ec.rfc7748.X25519Field;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * A point of the prime-order subgroup of edwards25519, checked once and ready to be multiplied.
 *
 * <p>Points come from the network and are public, so checking them may take its time. Scalars are
 * secret: {@link #times} runs the same steps and touches the same memory for all of them. It goes
 * through the scalar in signed digits of four bits, and finds the multiple for each by looking at
 * all eight there are. The formulas are those of RFC 8032, section 5.1.4.
 *
 * <p>The field keeps sums uncarried: a factor may be the sum of two products but not of three.
 */
public final class CurvePoint {

    private static final int ENCODED_BYTES = 32;

    /** Digits lie between -8 and 8. */
    private static final int MULTIPLES = 8;

    private static final int DIGITS = 64;

    private static final int[] D = curveConstant();
    private static final int[] TWICE_D = sum(D, D);

    /** This point times 1, 2, .. 8. */
    private final Addend[] multiples;

    private CurvePoint(Addend[] multiples) {
        this.multiples = multiples;
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
        if (!Ed25519.validatePublicKeyFull(encoded.array(), encoded.offset())) {
            throw new MalformedException("public key is no point of prime order");
        }
        return prepared(decompressed(encoded));
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
        for (int i = DIGITS - 1; i >= 0; i--) {
            if (i < DIGITS - 1) {
                for (int bit = 0; bit < 4; bit++) {
                    product.twice();
                }
            }
            choose(digits[i], chosen);
            product.plus(chosen);
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

    private void choose(int digit, Addend chosen) {
        int negative = digit >>> 31;
        int magnitude = (digit ^ -negative) + negative;
        chosen.setIdentity();
        for (int i = 0; i < MULTIPLES; i++) {
            int equal = (magnitude ^ (i + 1)) - 1 >> 31;
            chosen.setIf(equal, multiples[i]);
        }
        chosen.negateIf(negative);
    }

    private static CurvePoint prepared(Extended point) {
        Addend[] multiples = new Addend[MULTIPLES];
        for (int i = 0; i < MULTIPLES; i++) {
            multiples[i] = new Addend(point);
            point.plus(multiples[0]);
        }
        return new CurvePoint(multiples);
    }

    /** Finds x, which is the root of (y^2 - 1) / (d y^2 + 1) that has the sign of the encoding. */
    private static Extended decompressed(Bytes encoded) throws MalformedException {
        byte[] bytes = encoded.toArray();
        int sign = bytes[ENCODED_BYTES - 1] >>> 7 & 1;
        Extended point = new Extended();
        X25519Field.decode255(bytes, point.y);

        int[] numerator = element();
        int[] denominator = element();
        sqr(point.y, numerator);
        mul(D, numerator, denominator);
        X25519Field.subOne(numerator);
        addOne(denominator);
        if (!X25519Field.sqrtRatioVar(numerator, denominator, point.x)) {
            throw new MalformedException("public key is not on the curve");
        }
        X25519Field.normalize(point.x);
        X25519Field.cnegate(sign ^ point.x[0] & 1, point.x);
        mul(point.x, point.y, point.t);
        return point;
    }

    /** The d of the curve, -121665 / 121666. */
    private static int[] curveConstant() {
        int[] one = element();
        X25519Field.one(one);
        int[] numerator = element();
        int[] denominator = element();
        mul(one, -121665, numerator);
        mul(one, 121666, denominator);
        int[] d = element();
        inv(denominator, d);
        mul(numerator, d, d);
        return d;
    }

    private static int[] element() {
        return X25519Field.create();
    }

    private static int[] sum(int[] a, int[] b) {
        int[] sum = element();
        add(a, b, sum);
        carry(sum);
        return sum;
    }

    /** A point as X:Y:Z:T with x = X/Z, y = Y/Z and xy = T/Z; begins as the identity. */
    private static final class Extended {

        final int[] x = element();
        final int[] y = element();
        final int[] z = element();
        final int[] t = element();

        private final int[] a = element();
        private final int[] b = element();
        private final int[] c = element();
        private final int[] d = element();
        private final int[] e = element();
        private final int[] f = element();
        private final int[] g = element();
        private final int[] h = element();

        Extended() {
            X25519Field.one(y);
            X25519Field.one(z);
        }

        void plus(Addend other) {
            apm(y, x, b, a);
            mul(a, other.yMinusX, a);
            mul(b, other.yPlusX, b);
            mul(t, other.twiceDt, c);
            mul(z, other.twiceZ, d);
            apm(b, a, h, e);
            apm(d, c, g, f);
            multiplyOut();
        }

        void twice() {
            sqr(x, a);
            sqr(y, b);
            sqr(z, c);
            add(c, c, c);
            apm(a, b, h, g);
            add(x, y, e);
            sqr(e, e);
            sub(h, e, e);
            carry(e);
            add(c, g, f);
            carry(f);
            multiplyOut();
        }

        private void multiplyOut() {
            mul(e, f, x);
            mul(g, h, y);
            mul(f, g, z);
            mul(e, h, t);
        }

        boolean isIdentity() {
            int[] difference = element();
            sub(y, z, difference);
            X25519Field.normalize(difference);
            X25519Field.normalize(x);
            return (X25519Field.isZero(x) & X25519Field.isZero(difference)) != 0;
        }

        byte[] compressed() {
            int[] inverse = element();
            inv(z, inverse);
            mul(x, inverse, a);
            mul(y, inverse, b);
            X25519Field.normalize(a);
            X25519Field.normalize(b);
            byte[] out = new byte[ENCODED_BYTES];
            X25519Field.encode(b, out);
            out[ENCODED_BYTES - 1] |= (byte) ((a[0] & 1) << 7);
            return out;
        }

        void wipe() {
            for (int[] field : new int[][] {x, y, z, t, a, b, c, d, e, f, g, h}) {
                Arrays.fill(field, 0);
            }
        }
    }

    /** A point in the form that is quickest to add. */
    private static final class Addend {

        final int[] yMinusX = element();
        final int[] yPlusX = element();
        final int[] twiceDt = element();
        final int[] twiceZ = element();

        /** A place for a point, to be filled. */
        Addend() {}

        Addend(Extended point) {
            apm(point.y, point.x, yPlusX, yMinusX);
            carry(yPlusX);
            carry(yMinusX);
            mul(point.t, TWICE_D, twiceDt);
            add(point.z, point.z, twiceZ);
            carry(twiceZ);
        }

        void setIdentity() {
            X25519Field.one(yMinusX);
            X25519Field.one(yPlusX);
            X25519Field.zero(twiceDt);
            X25519Field.one(twiceZ);
            addOne(twiceZ);
        }

        /** Takes the value of another if the mask is -1, stays if it is 0. */
        void setIf(int mask, Addend other) {
            X25519Field.cmov(mask, other.yMinusX, 0, yMinusX, 0);
            X25519Field.cmov(mask, other.yPlusX, 0, yPlusX, 0);
            X25519Field.cmov(mask, other.twiceDt, 0, twiceDt, 0);
            X25519Field.cmov(mask, other.twiceZ, 0, twiceZ, 0);
        }

        /** Negates the point if the bit is 1. */
        void negateIf(int bit) {
            X25519Field.cswap(bit, yMinusX, yPlusX);
            X25519Field.cnegate(bit, twiceDt);
        }

        void wipe() {
            for (int[] field : new int[][] {yMinusX, yPlusX, twiceDt, twiceZ}) {
                Arrays.fill(field, 0);
            }
        }
    }
}
