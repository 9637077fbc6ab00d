package dev.keyhole.dht.holepunch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.connect.Json;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class HolepunchVectorsTest {

    @TestFactory
    Stream<DynamicTest> payloadsAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "holepunchPayloads"),
                vector -> {
                    Bytes plain = Vectors.hex(vector, "plain");
                    HolepunchPayload payload = payload(vector.get("payload"));

                    assertThat(payload.encode()).isEqualTo(plain);
                    assertThat(HolepunchPayload.decode(plain)).isEqualTo(payload);
                });
    }

    @TestFactory
    Stream<DynamicTest> payloadsAreSealedAsInTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "holepunchPayloads"),
                vector -> {
                    HolepunchPayload payload = payload(vector.get("payload"));
                    Bytes sealed = Vectors.hex(vector, "sealed");

                    assertThat(vectorSecret().seal(payload, Vectors.hex(vector, "nonce")))
                            .isEqualTo(sealed);
                    assertThat(vectorSecret().open(sealed)).isEqualTo(payload);
                });
    }

    @TestFactory
    Stream<DynamicTest> whatDoesNotOpenDoesNotExist() {
        return Vectors.each(
                Vectors.load("dht-handshake", "sealedNegative"),
                vector -> assertThat(vectorSecret().open(Vectors.hex(vector, "hex"))).isNull());
    }

    @TestFactory
    Stream<DynamicTest> secretsFollowFromTheHandshake() {
        return Vectors.each(
                Vectors.load("dht-handshake", "holepunchSecretDerivation"),
                vector ->
                        assertThat(SecurePayload.secretOf(Vectors.hex(vector, "handshakeHash")))
                                .isEqualTo(Vectors.hex(vector, "holepunchSecret")));
    }

    @TestFactory
    Stream<DynamicTest> tokensAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "holepunchTokens"),
                vector -> {
                    HolepunchTokens tokens =
                            new HolepunchTokens(Vectors.hex(vector, "localSecret"));

                    assertThat(tokens.tokenFor(Address.of(Vectors.text(vector, "host"), 1234)))
                            .isEqualTo(Vectors.hex(vector, "token"));
                });
    }

    @TestFactory
    Stream<DynamicTest> natsAreJudgedAsInTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "nats"),
                vector -> {
                    NatAnalysis nat = new NatAnalysis(vector.get("firewalled").asBoolean());
                    int remote = 0;
                    for (JsonNode step : vector.get("steps")) {
                        nat.add(
                                Address.parse(Vectors.text(step, "sample")),
                                Address.loopback(++remote),
                                0);

                        assertThat(nat.sampled()).isEqualTo(step.get("sampled").asInt());
                        assertThat(nat.type().name()).isEqualTo(Vectors.text(step, "firewall"));
                        if (nat.type() != NatType.OPEN) {
                            // Those that are open list what they look like; the original's do not.
                            assertThat(nat.addresses()).isEqualTo(addresses(step.get("addresses")));
                        }
                        assertThat(nat.decided(NatAnalysis.FOURTH_SAMPLE_NANOS))
                                .isEqualTo(step.get("decided").asBoolean());
                    }
                });
    }

    @Test
    void punchPayloadIsNeverReadUnauthenticated() {
        HolepunchPayload payload = HolepunchPayload.ofError(PeerError.ABORTED, 3);
        SecurePayload secret = vectorSecret();
        Bytes sealed = secret.seal(payload, new Random(7));

        assertThat(secret.open(sealed)).isEqualTo(payload);
        for (int i = 0; i < sealed.length(); i++) {
            byte[] damaged = sealed.toArray();
            damaged[i] ^= 1;
            assertThat(secret.open(Bytes.wrap(damaged))).isNull();
            assertThat(secret.open(sealed.slice(0, i))).isNull();
        }
        assertThat(secret.open(payload.encode())).isNull();
        assertThat(new SecurePayload(Bytes.random(new Random(8), 32)).open(sealed)).isNull();
    }

    private static SecurePayload vectorSecret() {
        return new SecurePayload(Vectors.hex(Vectors.load("dht-handshake", "holepunchSecret")));
    }

    private static HolepunchPayload payload(JsonNode fields) {
        return new HolepunchPayload(
                fields.get("error").asLong(),
                Json.natType(fields.get("firewall")),
                fields.get("round").asLong(),
                fields.get("connected").asBoolean(),
                fields.get("punching").asBoolean(),
                Json.addresses(fields.get("addresses")),
                Json.address(fields.get("remoteAddress")),
                Json.hex(fields.get("token")),
                Json.hex(fields.get("remoteToken")));
    }

    private static List<Address> addresses(JsonNode node) {
        return node.isNull()
                ? null
                : StreamSupport.stream(node.spliterator(), false)
                        .map(address -> Address.parse(address.asText()))
                        .toList();
    }
}
