package dev.keyhole.dht.request;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundTripTokensTest {

    private static final JsonNode VECTORS = Vectors.load("dht-rpc-messages", "tokens");
    private static final Address ASKER = Address.parse("10.1.2.3:40001");
    private static final long ROTATION = RoundTripTokens.ROTATION_NANOS;

    @Test
    void secretsRotateAsTheOriginals() {
        RoundTripTokens tokens =
                new RoundTripTokens(
                        Vectors.hex(VECTORS.get("secrets").get(0)),
                        Vectors.hex(VECTORS.get("secrets").get(1)));

        for (JsonNode step : VECTORS.get("steps")) {
            if (step.get("rotation").asInt() > 0) {
                tokens.rotateOnce();
            }
            for (JsonNode token : step.get("tokens")) {
                Address host = Address.of(Vectors.text(token, "host"), 1);
                assertThat(tokens.issue(host, 0)).isEqualTo(Vectors.hex(token, "outgoing"));
                assertThat(tokens.accepts(Vectors.hex(token, "outgoing"), host, 0)).isTrue();
                assertThat(tokens.accepts(Vectors.hex(token, "alsoAccepted"), host, 0)).isTrue();
            }
        }
    }

    @Test
    void tokenIsGoodForSevenAndAHalfToFifteenSeconds() {
        RoundTripTokens tokens = new RoundTripTokens(new Random(1));
        Bytes first = tokens.issue(ASKER, 100);

        assertThat(tokens.accepts(first, ASKER, 100 + ROTATION)).isTrue();
        assertThat(tokens.accepts(first, ASKER, 99 + 2 * ROTATION)).isTrue();
        assertThat(tokens.accepts(first, ASKER, 100 + 2 * ROTATION)).isFalse();
    }

    @Test
    void tokenBelongsToAHostAndNotToAPort() {
        RoundTripTokens tokens = new RoundTripTokens(new Random(1));
        Bytes token = tokens.issue(ASKER, 0);

        assertThat(tokens.accepts(token, ASKER.withPort(9), 0)).isTrue();
        assertThat(tokens.accepts(token, Address.parse("10.1.2.4:40001"), 0)).isFalse();
    }

    @Test
    void longSilenceLeavesNoOldTokenValid() {
        RoundTripTokens tokens = new RoundTripTokens(new Random(1));
        Bytes token = tokens.issue(ASKER, 0);

        assertThat(tokens.accepts(token, ASKER, 1_000_000 * ROTATION)).isFalse();
    }
}
