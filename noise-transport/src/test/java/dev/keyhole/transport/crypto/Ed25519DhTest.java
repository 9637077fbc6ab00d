package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class Ed25519DhTest {

    private static final JsonNode VECTORS = Vectors.load("transport-ed25519-dh");

    @TestFactory
    Stream<DynamicTest> bothSidesOfAPairShareTheSecret() {
        return each(
                VECTORS.get("pairs"),
                pair -> {
                    Bytes a = hex(pair, "seedA");
                    Bytes b = hex(pair, "seedB");

                    assertThat(Ed25519.publicKey(a)).isEqualTo(hex(pair, "publicKeyA"));
                    assertThat(Ed25519.publicKey(b)).isEqualTo(hex(pair, "publicKeyB"));
                    assertThat(Bytes.wrap(Ed25519Dh.shared(a, hex(pair, "publicKeyB"))))
                            .isEqualTo(hex(pair, "shared"));
                    assertThat(Bytes.wrap(Ed25519Dh.shared(b, hex(pair, "publicKeyA"))))
                            .isEqualTo(hex(pair, "shared"));
                });
    }

    @TestFactory
    Stream<DynamicTest> aPointTimesAScalarIsWhatTheOriginalSays() {
        return each(VECTORS.get("raw"), Ed25519DhTest::check);
    }

    @TestFactory
    Stream<DynamicTest> lowOrderAndMixedOrderPointsAreRefused() {
        return each(VECTORS.get("edgeCases"), Ed25519DhTest::check);
    }

    @Seeds(20)
    void theOrderOfTwoScalarsDoesNotMatter(long seed) throws MalformedException {
        Random random = new Random(seed);
        byte[] a = Bytes.random(random, 32).toArray();
        byte[] b = Bytes.random(random, 32).toArray();
        CurvePoint point = CurvePoint.decode(Ed25519.publicKey(Bytes.random(random, 32)));

        byte[] ab = CurvePoint.decode(Bytes.wrap(point.times(a))).times(b);
        byte[] ba = CurvePoint.decode(Bytes.wrap(point.times(b))).times(a);

        assertThat(ab).isEqualTo(ba);
    }

    private static void check(JsonNode product) throws MalformedException {
        Bytes point = hex(product, "point");
        byte[] scalar = hex(product, "scalar").toArray();

        if (product.get("ok").asBoolean()) {
            assertThat(Bytes.wrap(CurvePoint.decode(point).times(scalar)))
                    .isEqualTo(hex(product, "out"));
        } else {
            assertThatThrownBy(() -> CurvePoint.decode(point).times(scalar))
                    .isInstanceOf(MalformedException.class);
        }
    }
}
