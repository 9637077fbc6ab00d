package dev.keyhole.transport.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.crypto.SecretStream.Decryptor;
import dev.keyhole.transport.crypto.SecretStream.Encryptor;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SecretStreamTest {

    private final Random random = new Random(7);
    private final Bytes key = Bytes.random(random, SecretStream.KEY_BYTES);
    private final Encryptor encryptor = Encryptor.start(key, random);
    private final Decryptor decryptor = Decryptor.with(key, encryptor.header());

    @Test
    void everyKeyStreamMakesTheSameBytesAtEveryLength() throws MalformedException {
        KeyStream platform = PlatformKeyStream.ifPresent();
        assumeTrue(platform != null, "no ChaCha20 here");
        Encryptor other = Encryptor.with(key, encryptor.header(), platform);
        int[] lengths =
                IntStream.concat(IntStream.rangeClosed(0, 2048), IntStream.of(16384, 65536, 70001))
                        .toArray();

        for (int length : lengths) {
            Bytes message = Bytes.random(random, length);

            Bytes encrypted = encryptor.encrypt(message);

            assertThat(other.encrypt(message)).as("length %d", length).isEqualTo(encrypted);
            assertThat(decryptor.decrypt(encrypted)).isEqualTo(message);
        }
    }

    @Seeds(50)
    void messagesArriveInOrderWhateverTheirTagsAndPlaces(long seed) throws MalformedException {
        Random draws = new Random(seed);
        for (int i = 0; i < 20; i++) {
            Bytes message = Bytes.random(draws, draws.nextInt(300));
            int tag = draws.nextInt(256);
            int at = draws.nextInt(10);
            byte[] array = new byte[at + message.length() + SecretStream.OVERHEAD_BYTES + 5];
            message.copyTo(array, at + 1);

            int written = encryptor.encrypt(array, at + 1, message.length(), tag, array, at);
            int read = decryptor.decrypt(array, at, written, array, at + 1);

            assertThat(Bytes.wrap(array, at + 1, read)).isEqualTo(message);
            assertThat(decryptor.tag()).isEqualTo(tag);
        }
    }

    @Test
    void nothingIsReleasedOfAMessageThatWasTouched() {
        byte[] encrypted = encryptor.encrypt(Bytes.random(random, 100)).toArray();
        byte[] out = new byte[100];

        for (int i = 0; i < encrypted.length; i++) {
            byte[] touched = encrypted.clone();
            touched[i] ^= 1;
            assertThatThrownBy(() -> decryptor.decrypt(touched, 0, touched.length, out, 0))
                    .isInstanceOf(MalformedException.class);
        }

        assertThat(out).containsOnly(0);
    }

    @Test
    void aMessageOutOfPlaceIsRefusedAndTheRightOneStillRead() throws MalformedException {
        Bytes first = encryptor.encrypt(Bytes.utf8("first"));
        Bytes second = encryptor.encrypt(Bytes.utf8("second"));

        assertThatThrownBy(() -> decryptor.decrypt(second)).isInstanceOf(MalformedException.class);
        assertThat(decryptor.decrypt(first)).isEqualTo(Bytes.utf8("first"));
        assertThatThrownBy(() -> decryptor.decrypt(first)).isInstanceOf(MalformedException.class);
        assertThat(decryptor.decrypt(second)).isEqualTo(Bytes.utf8("second"));
    }

    @Test
    void lessThanTheOverheadIsRefused() {
        for (int length = 0; length < SecretStream.OVERHEAD_BYTES; length++) {
            Bytes tooShort = Bytes.random(random, length);
            assertThatThrownBy(() -> decryptor.decrypt(tooShort))
                    .isInstanceOf(MalformedException.class);
        }
    }

    @Test
    void aKeyOrHeaderOfAnotherLengthIsAMistakeOfTheCaller() {
        assertThatThrownBy(() -> Encryptor.with(key.slice(1), encryptor.header()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Decryptor.with(key, encryptor.header().slice(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void keysAreGoneOnceWiped() {
        Bytes before = encryptor.state().key();

        encryptor.wipe();
        decryptor.wipe();

        assertThat(before.toArray()).isNotEqualTo(new byte[32]);
        assertThat(encryptor.state().key().toArray()).containsOnly(0);
        assertThat(encryptor.state().nonce().toArray()).containsOnly(0);
        assertThat(decryptor.state().key().toArray()).containsOnly(0);
    }
}
