package dev.keyhole.dht.connect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.connect.RelayDecision.Answer;
import dev.keyhole.dht.connect.RelayDecision.Forward;
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
    private static final Address PEER = Address.parse("10.7.7.7:7");
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

    @Test
    void handshakesAndPunchesOfOtherPeersAreForwarded() throws Exception {
        Bytes noise = Bytes.of(1);

        assertThat(handshake(Mode.FROM_CLIENT, null, null, ROUTE))
                .isEqualTo(
                        new Forward(
                                ROUTE,
                                new HandshakeValue(Mode.FROM_RELAY, noise, CLIENT, null).encode()));
        assertThat(handshake(Mode.FROM_RELAY, PEER, null, ROUTE))
                .isEqualTo(
                        new Forward(
                                ROUTE,
                                new HandshakeValue(Mode.FROM_SECOND_RELAY, noise, PEER, CLIENT)
                                        .encode()));
        assertThat(handshake(Mode.FROM_SERVER, PEER, null, null))
                .isEqualTo(
                        new Answer(
                                PEER,
                                new HandshakeValue(Mode.REPLY, noise, CLIENT, null).encode()));
        assertThat(punch(Mode.FROM_CLIENT, PEER, false))
                .isEqualTo(
                        new Forward(
                                PEER,
                                new HolepunchValue(Mode.FROM_RELAY, 3, noise, CLIENT).encode()));
        assertThat(punch(Mode.FROM_SERVER, PEER, false))
                .isEqualTo(
                        new Answer(
                                PEER, new HolepunchValue(Mode.REPLY, 3, noise, CLIENT).encode()));
    }

    @Test
    void relayedHandshakeIsAnsweredWithARequestToTheRelay() throws Exception {
        HandshakeValue value = new HandshakeValue(Mode.FROM_RELAY, Bytes.of(1), PEER, null);
        Serve serve = (Serve) Router.handshake(value.encode(), CLIENT, true, null);

        assertThat(serve.answerHandshake(NOISE_ANSWER))
                .isEqualTo(
                        new Forward(
                                CLIENT,
                                new HandshakeValue(Mode.FROM_SERVER, NOISE_ANSWER, PEER, null)
                                        .encode()));
    }

    @Test
    void secondRelaysAnswerGoesToTheFirstRelay() throws Exception {
        HandshakeValue value = new HandshakeValue(Mode.FROM_SECOND_RELAY, Bytes.of(1), PEER, ROUTE);
        Serve serve = (Serve) Router.handshake(value.encode(), CLIENT, true, null);

        assertThat(serve.answerHandshake(NOISE_ANSWER))
                .isEqualTo(
                        new Forward(
                                ROUTE,
                                new HandshakeValue(Mode.FROM_SERVER, NOISE_ANSWER, PEER, null)
                                        .encode()));
        HandshakeValue nowhere =
                new HandshakeValue(Mode.FROM_SECOND_RELAY, Bytes.of(1), PEER, null);
        assertThat(Router.handshake(nowhere.encode(), CLIENT, true, null))
                .isEqualTo(RelayDecision.SILENT);
    }

    @Test
    void onlyRelayedHolepunchMessagesReachTheServer() throws Exception {
        for (Mode mode : Mode.values()) {
            boolean served = punch(mode, PEER, true) instanceof Serve;
            assertThat(served).as(mode.name()).isEqualTo(mode == Mode.FROM_RELAY);
            assertThat(punch(mode, null, true)).as(mode.name()).isNotInstanceOf(Serve.class);
        }
    }

    @Test
    void nodeWithoutARouteSendsCloserNodes() throws Exception {
        assertThat(handshake(Mode.FROM_CLIENT, null, null, null))
                .isEqualTo(RelayDecision.CLOSER_NODES);
        assertThat(punch(Mode.FROM_CLIENT, null, false)).isEqualTo(RelayDecision.SILENT);
    }

    @Test
    void aClientAtPortZeroIsNobody() throws Exception {
        HandshakeValue value =
                new HandshakeValue(Mode.FROM_RELAY, Bytes.of(1), PEER.withPort(0), null);

        assertThat(Router.handshake(value.encode(), CLIENT, true, null))
                .isEqualTo(RelayDecision.SILENT);
    }

    private static RelayDecision handshake(
            Mode mode, @Nullable Address peer, @Nullable Address relay, @Nullable Address route)
            throws MalformedException {
        HandshakeValue value = new HandshakeValue(mode, Bytes.of(1), peer, relay);
        return Router.handshake(value.encode(), CLIENT, false, route);
    }

    private static RelayDecision punch(Mode mode, @Nullable Address peer, boolean serving)
            throws MalformedException {
        HolepunchValue value = new HolepunchValue(mode, 3, Bytes.of(1), peer);
        return Router.holepunch(value.encode(), CLIENT, serving, null);
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
