package dev.keyhole.dht.connect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RouterTest {

    private static final Address CLIENT = Address.parse("10.1.1.1:1111");
    private static final Address ROUTE = Address.parse("10.9.9.9:49737");
    private static final Bytes NOISE_ANSWER = Bytes.ofHex("0910171e252c");

    @TestFactory
    Stream<DynamicTest> everyModeIsTreatedAsInTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-handshake", "routing"),
                vector -> {
                    Outcome outcome = route(vector);

                    JsonNode expected = vector.get("outcome");
                    assertThat(outcome.action)
                            .isEqualTo(
                                    expected.isTextual()
                                            ? expected.asText()
                                            : expected.get("action").asText());
                    if (!expected.isTextual()) {
                        assertThat(outcome.to)
                                .isEqualTo(Address.parse(expected.get("sentTo").asText()));
                        assertThat(outcome.value).isEqualTo(Json.hex(expected.get("value")));
                        assertThat(outcome.closerNodes)
                                .isEqualTo(expected.path("closerNodes").asBoolean());
                    }
                });
    }

    @Test
    void aHandshakeSentStraightToTheServerComesFromItsSource() throws Exception {
        Address claimed = Address.parse("10.7.7.7:7");
        HandshakeValue value = new HandshakeValue(Mode.FROM_CLIENT, Bytes.of(1), claimed, null);

        RelayDecision decision = Router.handshake(value.encode(), CLIENT, true, null);

        assertThat(decision).isEqualTo(new Serve(Bytes.of(1), 0, CLIENT, CLIENT));
        assertThat(((Serve) decision).direct()).isTrue();
    }

    @Test
    void aRelayedHandshakeWithoutClientIsNobodysBusiness() throws Exception {
        for (Mode mode : Mode.values()) {
            if (mode == Mode.FROM_CLIENT) {
                continue;
            }
            HandshakeValue value = new HandshakeValue(mode, Bytes.of(1), null, CLIENT);

            assertThat(Router.handshake(value.encode(), ROUTE, true, null))
                    .isEqualTo(RelayDecision.SILENT);
        }
    }

    @Test
    void anEmptyNoiseMessageIsMetWithSilence() throws Exception {
        Bytes value = HandshakeValue.fromClient(Bytes.EMPTY).encode();

        assertThat(Router.handshake(value, CLIENT, false, ROUTE)).isEqualTo(RelayDecision.SILENT);
        assertThat(Router.handshake(value, CLIENT, true, null)).isEqualTo(RelayDecision.SILENT);
    }

    private static Outcome route(JsonNode vector) {
        boolean punch = Vectors.text(vector, "command").equals("PEER_HOLEPUNCH");
        String node = Vectors.text(vector, "node");
        boolean serving = node.startsWith("the server itself");
        boolean knows =
                node.equals("a node the server announced to")
                        && !Vectors.text(vector, "name").equals("no target");
        Address from = Address.parse(Vectors.text(vector, "from"));
        Bytes value = Vectors.hex(vector.get("received"), "value");
        Outcome outcome = new Outcome(from, node.endsWith("refuses"), punch);
        try {
            Address route = knows ? ROUTE : null;
            RelayDecision decision =
                    punch
                            ? Router.holepunch(value, from, serving, route)
                            : Router.handshake(value, from, serving, route);
            decision.carryOut(outcome);
        } catch (MalformedException e) {
            outcome.action = "silent";
        }
        return outcome;
    }

    /** Writes down what would be sent. */
    private static final class Outcome implements RelayDecision.Hands {
        private final Address from;
        private final boolean refuses;
        private final boolean punch;
        private String action = "silent";
        private @Nullable Address to;
        private @Nullable Bytes value;
        private boolean closerNodes;

        private Outcome(Address from, boolean refuses, boolean punch) {
            this.from = from;
            this.refuses = refuses;
            this.punch = punch;
        }

        @Override
        public void forward(Address to, Bytes value) {
            record("relay", to, value);
        }

        @Override
        public void answer(Address to, Bytes value) {
            record("reply", to, value);
        }

        @Override
        public void closerNodes() {
            record("reply", from, null);
            closerNodes = true;
        }

        @Override
        public void serve(Serve serve) {
            if (refuses) {
                return;
            }
            RelayDecision answer =
                    punch
                            ? serve.answerHolepunch(sealedAnswer())
                            : serve.answerHandshake(NOISE_ANSWER);
            answer.carryOut(this);
        }

        private void record(String action, Address to, @Nullable Bytes value) {
            this.action = action;
            this.to = to;
            this.value = value;
        }

        private static Bytes sealedAnswer() {
            byte[] bytes = new byte[44];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (9 + 7 * i);
            }
            return Bytes.wrap(bytes);
        }
    }
}
