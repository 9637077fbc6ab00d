package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class Blake2bTest {

    private static final JsonNode VECTORS = Vectors.load("transport-blake2b");

    @TestFactory
    Stream<DynamicTest> theDigestOfAnInputIsTheOriginals() {
        return each(
                VECTORS.get("blake2b"),
                vector -> {
                    Bytes key = vector.has("key") ? hex(vector, "key") : Bytes.EMPTY;
                    assertThat(hash(vector.get("outLen").asInt(), key, hex(vector, "input")))
                            .isEqualTo(hex(vector, "out"));
                });
    }

    @TestFactory
    Stream<DynamicTest> partsAreHashedAsOneInput() {
        return each(
                VECTORS.get("batch"),
                vector -> {
                    int length = vector.get("outLen").asInt();
                    Bytes[] parts =
                            StreamSupport.stream(vector.get("parts").spliterator(), false)
                                    .map(Vectors::hex)
                                    .toArray(Bytes[]::new);

                    assertThat(hash(length, Bytes.EMPTY, parts)).isEqualTo(hex(vector, "out"));
                    assertThat(hash(length, hex(vector, "key64"), parts))
                            .isEqualTo(hex(vector, "keyedOut"));
                });
    }

    private static Bytes hash(int length, Bytes key, Bytes... parts) {
        if (length == 32) {
            return key.isEmpty() ? Blake2b.hash256(parts) : Blake2b.keyed256(key, parts);
        }
        return key.isEmpty() ? Blake2b.hash512(parts) : Blake2b.keyed512(key, parts);
    }
}
