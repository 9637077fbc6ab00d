package dev.keyhole.transport.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FieldTest {

    private static final BigInteger P = Field.P;

    @Seeds(200)
    void sumsOfProductsAreWhatTheyAreModuloThePrime(long seed) {
        Random random = new Random(seed);
        BigInteger a = number(random);
        BigInteger b = number(random);
        BigInteger c = number(random);
        long[] ab = Field.zero();
        Field.multiply(Field.of(a), Field.of(b), ab);
        long[] cc = Field.zero();
        Field.square(Field.of(c), cc);

        // Factors as far from being carried as they may be.
        long[] sum = Field.zero();
        Field.add(ab, cc, sum);
        Field.add(sum, ab, sum);
        Field.add(sum, cc, sum);
        long[] difference = Field.zero();
        Field.subtract(ab, cc, difference);
        Field.subtract(difference, cc, difference);
        long[] product = Field.zero();
        Field.multiply(sum, difference, product);
        long[] squared = Field.zero();
        Field.square(difference, squared);

        BigInteger sumValue = a.multiply(b).add(c.multiply(c)).shiftLeft(1);
        BigInteger differenceValue = a.multiply(b).subtract(c.multiply(c).shiftLeft(1));
        assertThat(value(sum)).isEqualTo(sumValue.mod(P));
        assertThat(value(difference)).isEqualTo(differenceValue.mod(P));
        assertThat(value(product)).isEqualTo(sumValue.multiply(differenceValue).mod(P));
        assertThat(value(squared)).isEqualTo(differenceValue.multiply(differenceValue).mod(P));
    }

    @Seeds(50)
    void inversesAndRootsUndoProductsAndSquares(long seed) {
        Random random = new Random(seed);
        BigInteger a = number(random);
        BigInteger b = number(random);
        long[] inverse = Field.zero();
        Field.invert(Field.of(a), inverse);
        long[] root = Field.zero();
        boolean found = Field.rootOfRatio(Field.of(a), Field.of(b), root);

        BigInteger ratio = b.signum() == 0 ? BigInteger.ZERO : a.multiply(b.modInverse(P)).mod(P);
        BigInteger power = P.subtract(BigInteger.ONE).shiftRight(1);
        boolean exists = b.signum() != 0 && ratio.modPow(power, P).compareTo(BigInteger.ONE) <= 0;
        assertThat(value(inverse)).isEqualTo(a.modPow(P.subtract(BigInteger.TWO), P));
        assertThat(found).isEqualTo(exists || a.signum() == 0);
        if (exists) {
            assertThat(value(root).multiply(value(root)).mod(P)).isEqualTo(ratio);
        }
    }

    @Test
    void everyNumberIsWrittenAsTheOneBelowThePrime() {
        for (long i = -40; i <= 40; i++) {
            BigInteger near = BigInteger.valueOf(i);
            long[] multiple = Field.of(BigInteger.ZERO);
            multiple[0] = i;
            assertThat(value(multiple)).isEqualTo(near.mod(P));
            multiple = Field.of(P.subtract(BigInteger.ONE));
            multiple[0] += i + 1;
            assertThat(value(multiple)).isEqualTo(near.mod(P));
            Field.carry(multiple);
            assertThat(value(multiple)).isEqualTo(near.mod(P));
        }
    }

    /** Random, or near the ends. */
    private static BigInteger number(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> BigInteger.valueOf(random.nextInt(20));
            case 1 -> P.subtract(BigInteger.valueOf(1 + random.nextInt(20)));
            default -> new BigInteger(255, random).mod(P);
        };
    }

    private static BigInteger value(long[] a) {
        byte[] encoded = new byte[Field.BYTES];
        Field.encode(a, encoded, 0);
        BigInteger value = BigInteger.ZERO;
        for (int i = Field.BYTES - 1; i >= 0; i--) {
            value = value.shiftLeft(8).or(BigInteger.valueOf(encoded[i] & 0xff));
        }
        long[] again = Field.zero();
        Field.decode(encoded, 0, again);
        byte[] twice = new byte[Field.BYTES];
        Field.encode(again, twice, 0);
        assertThat(twice).isEqualTo(encoded);
        return value;
    }
}
