package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class HmacHkdfTest {

    private static final JsonNode VECTORS = Vectors.load("transport-hmac-hkdf");

    @TestFactory
    Stream<DynamicTest> theCodeOfAMessageIsTheOriginals() {
        return each(
                VECTORS.get("hmac"),
                vector -> {
                    byte[] key = hex(vector, "key").toArray();
                    Bytes message = hex(vector, "message");
                    int middle = message.length() / 2;

                    assertThat(Bytes.wrap(Hmac.blake2b512(key, message.toArray())))
                            .isEqualTo(hex(vector, "out"));
                    assertThat(
                                    Bytes.wrap(
                                            Hmac.blake2b512(
                                                    key,
                                                    message.slice(0, middle).toArray(),
                                                    message.slice(middle).toArray())))
                            .isEqualTo(hex(vector, "out"));
                });
    }

    @TestFactory
    Stream<DynamicTest> twoOrThreeKeysAreDerivedAsTheOriginalDoes() {
        return each(
                VECTORS.get("hkdf"),
                vector -> {
                    byte[] chainingKey = hex(vector, "chainingKey").toArray();
                    byte[] material = hex(vector, "inputKeyMaterial").toArray();

                    byte[][] two = Hkdf.outputs(2, chainingKey, material);
                    byte[][] three = Hkdf.outputs(3, chainingKey, material);

                    assertThat(Bytes.wrap(two[0])).isEqualTo(hex(vector, "out1"));
                    assertThat(Bytes.wrap(two[1])).isEqualTo(hex(vector, "out2"));
                    for (int i = 0; i < 3; i++) {
                        assertThat(Bytes.wrap(three[i]))
                                .isEqualTo(hex(vector.get("threeOutputs").get(i)));
                    }
                });
    }

    @Test
    void noiseHasNoUseForOneOutputOrFour() {
        assertThatThrownBy(() -> Hkdf.outputs(1, new byte[64], new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Hkdf.outputs(4, new byte[64], new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
