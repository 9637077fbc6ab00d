package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

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

    @TestFactory
    Stream<DynamicTest> theBoxesOfASessionAreTheOriginals() {
        JsonNode session = Vectors.load("transport-secret-stream-session");
        return Stream.of(
                dynamicTest(
                        "initiator",
                        () -> checkBoxes(session, "initiator", "initiatorToResponder")),
                dynamicTest(
                        "responder",
                        () -> checkBoxes(session, "responder", "responderToInitiator")));
    }

    @Test
    void aBoxWithoutRoomForItsMacIsRefused() {
        Bytes key = Bytes.random(new Random(1), SecretBox.KEY_BYTES);
        Bytes nonce = Bytes.random(new Random(2), SecretBox.NONCE_BYTES);

        assertThatThrownBy(() -> SecretBox.open(key, nonce, Bytes.random(new Random(3), 15)))
                .isInstanceOf(MalformedException.class);
    }

    /** Each envelope is eight bytes of nonce, the rest of which are zeros, and the box. */
    private static void checkBoxes(JsonNode session, String side, String keyName)
            throws MalformedException {
        Bytes key = hex(session.get("sendKeys"), keyName);
        JsonNode envelopes = session.get("boxes").get(side);
        assertThat(envelopes.size()).isEqualTo(session.get("boxPlaintexts").size());
        for (int i = 0; i < envelopes.size(); i++) {
            Bytes envelope = hex(envelopes.get(i));
            Bytes nonce = Bytes.concat(envelope.slice(0, 8), Bytes.wrap(new byte[16]));
            Bytes message = hex(session.get("boxPlaintexts").get(i));

            assertThat(SecretBox.seal(key, nonce, message)).isEqualTo(envelope.slice(8));
            assertThat(SecretBox.open(key, nonce, envelope.slice(8))).isEqualTo(message);
        }
    }
}
