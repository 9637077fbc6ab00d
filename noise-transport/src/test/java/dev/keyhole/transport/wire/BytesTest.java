package dev.keyhole.transport.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BytesTest {

    @Seeds(100)
    void aSliceIsAsGoodAsACopy(long seed) {
        Random random = new Random(seed);
        Bytes whole = Bytes.random(random, random.nextInt(100));
        int from = random.nextInt(whole.length() + 1);
        int to = from + random.nextInt(whole.length() - from + 1);

        Bytes slice = whole.slice(from, to);
        Bytes copy = Bytes.wrap(Arrays.copyOfRange(whole.toArray(), from, to));

        assertThat(slice).isEqualTo(copy).hasSameHashCodeAs(copy);
        assertThat(slice.compareTo(copy)).isZero();
        assertThat(slice.equalsInConstantTime(copy)).isTrue();
        assertThat(slice.toHex()).isEqualTo(copy.toHex());
        assertThat(slice.toArray()).isEqualTo(copy.toArray());
        assertThat(Bytes.concat(whole.slice(0, from), slice, whole.slice(to))).isEqualTo(whole);
        assertThat(Bytes.ofHex(whole.toHex())).isEqualTo(whole);
    }

    @Seeds(100)
    void bytesAreOrderedAsUnsignedNumbers(long seed) {
        Random random = new Random(seed);
        Bytes a = Bytes.random(random, random.nextInt(4));
        Bytes b = Bytes.random(random, random.nextInt(4));

        int expected = Integer.signum(Arrays.compareUnsigned(a.toArray(), b.toArray()));

        assertThat(Integer.signum(a.compareTo(b))).isEqualTo(expected);
        assertThat(Integer.signum(b.compareTo(a))).isEqualTo(-expected);
        assertThat(a.equals(b)).isEqualTo(expected == 0);
        assertThat(a.equalsInConstantTime(b)).isEqualTo(expected == 0);
    }

    @Test
    void aCopyDoesNotSeeWhatItsSourceBecomes() {
        byte[] array = {1, 2, 3};
        Bytes copy = Bytes.copyOf(array);
        Bytes part = Bytes.copyOf(array, 1, 2);
        Bytes ofBuffer = Bytes.copyOf(ByteBuffer.wrap(array, 0, 2));

        Arrays.fill(array, (byte) 9);

        assertThat(copy).isEqualTo(Bytes.of(1, 2, 3));
        assertThat(part).isEqualTo(Bytes.of(2, 3));
        assertThat(ofBuffer).isEqualTo(Bytes.of(1, 2));
    }

    @Test
    void reachingOutsideIsAMistakeOfTheCaller() {
        Bytes slice = Bytes.of(1, 2, 3, 4).slice(1, 3);

        assertThatThrownBy(() -> slice.at(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slice.at(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slice.slice(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.wrap(new byte[3], 2, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void textThatIsNotHexIsRefused() {
        assertThatThrownBy(() -> Bytes.ofHex("abc")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Bytes.ofHex("zz")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void longBytesArePrintedInPart() {
        assertThat(Bytes.wrap(new byte[64]).toString()).isEqualTo("00".repeat(64));
        assertThat(Bytes.wrap(new byte[65]).toString())
                .isEqualTo("00".repeat(64) + "... (65 bytes)");
    }
}
