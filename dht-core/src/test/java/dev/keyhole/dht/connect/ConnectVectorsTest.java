package dev.keyhole.dht.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ConnectVectorsTest {

    @TestFactory
    Stream<DynamicTest> handshakeValuesAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "handshakes"),
                vector -> {
                    Bytes wire = Vectors.hex(vector, "hex");
                    HandshakeValue value =
                            new HandshakeValue(
                                    Mode.valueOf(Vectors.text(vector, "modeName")),
                                    Vectors.hex(vector, "noise"),
                                    Json.address(vector.path("peerAddress")),
                                    Json.address(vector.path("relayAddress")));

                    assertThat(value.encode()).isEqualTo(wire);
                    assertThat(HandshakeValue.decode(wire)).isEqualTo(value);
                });
    }

    @TestFactory
    Stream<DynamicTest> holepunchValuesAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "holepunches"),
                vector -> {
                    Bytes wire = Vectors.hex(vector, "hex");
                    HolepunchValue value =
                            new HolepunchValue(
                                    Mode.valueOf(Vectors.text(vector, "modeName")),
                                    vector.get("id").asLong(),
                                    Vectors.hex(vector, "payload"),
                                    Json.address(vector.path("peerAddress")));

                    assertThat(value.encode()).isEqualTo(wire);
                    assertThat(HolepunchValue.decode(wire)).isEqualTo(value);
                });
    }

    @TestFactory
    Stream<DynamicTest> noisePayloadsAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "noisePayloads"),
                vector -> {
                    Bytes wire = Vectors.hex(vector, "hex");

                    NoisePayload payload = NoisePayload.decode(wire);

                    JsonNode decoded = vector.get("decoded");
                    assertThat(payload.addresses6()).hasSize(decoded.get("addresses6").size());
                    assertThat(payload).isEqualTo(Json.noisePayload(decoded, payload.addresses6()));
                    assertThat(payload.encode()).isEqualTo(wire);
                    assertThat(
                                    Json.noisePayload(vector.get("payload"), payload.addresses6())
                                            .encode())
                            .isEqualTo(wire);
                });
    }

    @TestFactory
    Stream<DynamicTest> ofAnotherVersionNothingButTheVersionIsRead() {
        return Vectors.each(
                Vectors.load("dht-handshake", "otherVersion"),
                vector -> {
                    NoisePayload payload = NoisePayload.decode(Vectors.hex(vector, "hex"));

                    assertThat(payload.version()).isEqualTo(vector.get("version").asLong());
                    assertThat(payload.udx()).isNull();
                });
    }

    @TestFactory
    Stream<DynamicTest> localAddressesAreMatchedAsInTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-compact-encoding", "matchAddress"),
                vector -> {
                    Address best = LanMatch.best(hosts(vector, "mine"), hosts(vector, "theirs"));

                    assertThat(best == null ? null : best.hostText())
                            .isEqualTo(vector.get("picked").textValue());
                });
    }

    @Test
    void damagedValuesAreMalformedAtWorst() {
        JsonNode vectors = Vectors.load("dht-handshake");
        Random random = new Random(5);
        for (Bytes original : Vectors.allHex(vectors)) {
            for (int i = 0; i < 40; i++) {
                Bytes damaged = damage(original, random);
                assertThatCode(() -> decodeAll(damaged)).doesNotThrowAnyException();
            }
        }
    }

    private static void decodeAll(Bytes damaged) {
        List<WireReader.Decoder<?>> decoders =
                List.of(
                        reader -> HandshakeValue.decode(damaged),
                        reader -> HolepunchValue.decode(damaged),
                        reader -> NoisePayload.decode(damaged),
                        reader -> Router.handshake(damaged, Address.loopback(1), false, null),
                        reader ->
                                Router.holepunch(
                                        damaged, Address.loopback(1), true, Address.loopback(2)));
        for (WireReader.Decoder<?> decoder : decoders) {
            try {
                decoder.decode(new WireReader(damaged));
            } catch (MalformedException expected) {
                assertThat(expected).hasMessageNotContaining("null");
            }
        }
    }

    private static Bytes damage(Bytes original, Random random) {
        byte[] bytes = original.toArray();
        for (int flips = random.nextInt(4); flips >= 0 && bytes.length > 0; flips--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return Bytes.wrap(bytes).slice(0, random.nextInt(bytes.length + 1));
    }

    private static List<Address> hosts(JsonNode vector, String field) {
        List<Address> hosts = new ArrayList<>();
        vector.get(field).forEach(host -> hosts.add(Address.of(host.asText(), 1)));
        return hosts;
    }
}
