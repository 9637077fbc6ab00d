package dev.keyhole.transport.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SecretBoxTest {

    @Seeds(50)
    void whatWasSealedOpensAndNothingElseDoes(long seed) throws MalformedException {
        Random random = new Random(seed);
        Bytes key = Bytes.random(random, SecretBox.KEY_BYTES);
        Bytes nonce = Bytes.random(random, SecretBox.NONCE_BYTES);
        Bytes message = Bytes.random(random, random.nextInt(1200));

        Bytes box = SecretBox.seal(key, nonce, message);

        assertThat(box.length()).isEqualTo(message.length() + SecretBox.OVERHEAD_BYTES);
        assertThat(SecretBox.open(key, nonce, box)).isEqualTo(message);
        byte[] touched = box.toArray();
        touched[random.nextInt(touched.length)] ^= (byte) (1 << random.nextInt(8));
        assertThatThrownBy(() -> SecretBox.open(key, nonce, Bytes.wrap(touched)))
                .isInstanceOf(MalformedException.class);
    }

    @Test
    void aBoxWithoutRoomForItsMacIsRefused() {
        Bytes key = Bytes.random(new Random(1), SecretBox.KEY_BYTES);
        Bytes nonce = Bytes.random(new Random(2), SecretBox.NONCE_BYTES);

        assertThatThrownBy(() -> SecretBox.open(key, nonce, Bytes.random(new Random(3), 15)))
                .isInstanceOf(MalformedException.class);
    }
}
