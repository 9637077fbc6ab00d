package dev.keyhole.dht.holepunch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.connect.Json;
import dev.keyhole.dht.connect.NoisePayload;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Replays the handshakes that were recorded between nodes of the original. */
class RecordedHandshakesTest {

    @TestFactory
    Stream<DynamicTest> everyRecordedHandshakeIsReproduced() {
        return StreamSupport.stream(Vectors.load("dht-live-flows", "flows").spliterator(), false)
                .flatMap(
                        flow ->
                                StreamSupport.stream(flow.get("handshakes").spliterator(), false)
                                        .map(
                                                handshake ->
                                                        DynamicTest.dynamicTest(
                                                                Vectors.text(flow, "title")
                                                                        + ", "
                                                                        + Vectors.text(
                                                                                handshake, "role"),
                                                                () -> replay(handshake))));
    }

    private static void replay(JsonNode handshake) throws Exception {
        KeyPair local = KeyPair.fromSeed(Seed.of(Vectors.hex(handshake, "staticSeed")));
        if (Vectors.text(handshake, "role").equals("initiator")) {
            replayInitiator(handshake, local);
        } else {
            replayResponder(handshake, local);
        }
    }

    private static void replayInitiator(JsonNode handshake, KeyPair local) throws Exception {
        IkInitiator initiator =
                IkInitiator.write(
                        local,
                        PublicKey.ofHex(Vectors.text(handshake, "remotePublicKey")),
                        Namespace.PEER_HANDSHAKE,
                        offered(handshake),
                        new Fixed(Vectors.hex(handshake, "ephemeralSeed")));

        assertThat(initiator.message()).isEqualTo(Vectors.hex(handshake, "sent"));
        if (handshake.hasNonNull("received")) {
            Finished finished = initiator.read(Vectors.hex(handshake, "received"));
            checkPayload(handshake, finished.payload());
            checkSession(handshake, finished.session());
        }
    }

    private static void replayResponder(JsonNode handshake, KeyPair local) throws Exception {
        IkResponder responder =
                IkResponder.read(
                        local, Namespace.PEER_HANDSHAKE, Vectors.hex(handshake, "received"));

        checkPayload(handshake, responder.payload());
        assertThat(responder.remotePublicKey().toHex())
                .isEqualTo(Vectors.text(handshake, "remotePublicKey"));
        if (handshake.hasNonNull("sent")) {
            Finished finished =
                    responder.reply(
                            offered(handshake), new Fixed(Vectors.hex(handshake, "ephemeralSeed")));
            assertThat(finished.message()).isEqualTo(Vectors.hex(handshake, "sent"));
            checkSession(handshake, finished.session());
        }
    }

    /** Our own encoding of the fields the original was given. */
    private static Bytes offered(JsonNode handshake) {
        NoisePayload payload = Json.noisePayload(handshake.get("sentPayloadFields"), List.of());

        assertThat(payload.encode()).isEqualTo(Vectors.hex(handshake, "sentPayload"));
        return payload.encode();
    }

    private static void checkPayload(JsonNode handshake, Bytes payload) throws Exception {
        assertThat(NoisePayload.decode(payload))
                .isEqualTo(Json.noisePayload(handshake.get("receivedPayloadFields"), List.of()));
    }

    private static void checkSession(JsonNode handshake, Session session) {
        assertThat(session.hash()).isEqualTo(Vectors.hex(handshake, "handshakeHash"));
        assertThat(session.tx()).isEqualTo(Vectors.hex(handshake, "tx"));
        assertThat(session.rx()).isEqualTo(Vectors.hex(handshake, "rx"));
        assertThat(SecurePayload.secretOf(session.hash()))
                .isEqualTo(Vectors.hex(handshake, "holepunchSecret"));
    }

    /** Entropy that was recorded. */
    private static final class Fixed extends Random {

        private static final long serialVersionUID = 1;

        private final transient Bytes bytes;

        private Fixed(Bytes bytes) {
            this.bytes = bytes;
        }

        @Override
        public void nextBytes(byte[] out) {
            bytes.copyTo(out, 0);
        }
    }
}
