package dev.keyhole.transport.identity;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static dev.keyhole.transport.Vectors.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.Ed25519Dh;
import dev.keyhole.transport.wire.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class IdentityVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("transport-identity");
    private static final JsonNode DHT = Vectors.load("dht-namespaces");

    @TestFactory
    Stream<DynamicTest> aSeedMakesTheKeysTheOriginalMakesOfIt() {
        return each(
                VECTORS.get("keyPairs"),
                vector -> {
                    KeyPair pair = KeyPair.fromSeed(Seed.of(hex(vector, "seed")));
                    Bytes message = hex(vector, "message");

                    assertThat(pair.publicKey().bytes()).isEqualTo(hex(vector, "publicKey"));
                    assertThat(Bytes.concat(pair.seed().secret(), pair.publicKey().bytes()))
                            .isEqualTo(hex(vector, "secretKey"));
                    assertThat(Bytes.wrap(Ed25519Dh.scalar(pair.seed().secret())))
                            .isEqualTo(hex(vector, "clampedScalar"));
                    assertThat(pair.publicKey().target()).isEqualTo(hex(vector, "dhtTarget"));
                    assertThat(pair.sign(message)).isEqualTo(hex(vector, "signature"));
                    assertThat(pair.publicKey().verify(message, hex(vector, "signature"))).isTrue();
                });
    }

    @TestFactory
    Stream<DynamicTest> aNameAndANumberMakeTheOriginalsNamespace() {
        return each(
                VECTORS.get("namespaces"),
                vector -> {
                    assertThat(Blake2b.hash256(Bytes.utf8(text(vector, "name"))))
                            .isEqualTo(hex(vector, "nameHash"));
                    for (int i = 0; i < vector.get("ids").size(); i++) {
                        int id = vector.get("ids").get(i).asInt();
                        assertThat(Namespace.entry(text(vector, "name"), id))
                                .isEqualTo(hex(vector.get("out").get(i)));
                    }
                });
    }

    @Test
    void theNamespacesWeNameAreTheOriginals() {
        Map<String, Bytes> original = new HashMap<>();
        for (JsonNode space : VECTORS.get("namespaces")) {
            for (int i = 0; i < space.get("labels").size(); i++) {
                original.put(
                        text(space, "name") + " " + space.get("labels").get(i).asText(),
                        hex(space.get("out").get(i)));
            }
        }
        for (JsonNode entry : DHT.get("namespaces")) {
            original.put(text(DHT, "name") + " " + text(entry, "name"), hex(entry, "value"));
        }

        assertThat(original)
                .containsEntry("hyperswarm/secret-stream INITIATOR", Namespace.STREAM_INITIATOR)
                .containsEntry("hyperswarm/secret-stream RESPONDER", Namespace.STREAM_RESPONDER)
                .containsEntry("hyperswarm/secret-stream SEND", Namespace.STREAM_SEND)
                .containsEntry("hyperswarm/dht PEER_HANDSHAKE", Namespace.PEER_HANDSHAKE)
                .containsEntry("hyperswarm/dht PEER_HOLEPUNCH", Namespace.PEER_HOLEPUNCH)
                .containsEntry("hyperswarm/dht ANNOUNCE", Namespace.ANNOUNCE)
                .containsEntry("hyperswarm/dht UNANNOUNCE", Namespace.UNANNOUNCE)
                .containsEntry("hyperswarm/dht MUTABLE_PUT", Namespace.MUTABLE_PUT)
                .containsEntry("hyperswarm/dht PLUGIN", Namespace.PLUGIN);
    }

    @TestFactory
    Stream<DynamicTest> theNumbersOfTheNamespacesAreTheOriginals() {
        return each(
                DHT.get("namespaces"),
                vector ->
                        assertThat(Namespace.entry(text(DHT, "name"), vector.get("idByte").asInt()))
                                .isEqualTo(hex(vector, "value")));
    }
}
