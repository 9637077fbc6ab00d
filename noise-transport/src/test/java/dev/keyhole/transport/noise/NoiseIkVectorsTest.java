package dev.keyhole.transport.noise;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static dev.keyhole.transport.noise.NoiseVectors.message;
import static dev.keyhole.transport.noise.NoiseVectors.payload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.Ed25519Dh;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.wire.Bytes;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class NoiseIkVectorsTest {

    private static final NoiseVectors VECTORS =
            new NoiseVectors(Vectors.load("transport-noise-ik"));

    @TestFactory
    Stream<DynamicTest> bothSidesSayAndLearnWhatTheOriginalDoes() {
        return each(
                VECTORS.file().get("runs"),
                run -> {
                    Bytes prologue = hex(run, "prologue");
                    Bytes hash = hex(run, "handshakeHash");

                    IkInitiator initiator =
                            IkInitiator.write(
                                    VECTORS.initiator(),
                                    VECTORS.responder().publicKey(),
                                    prologue,
                                    payload(run, 0),
                                    VECTORS.initiatorEntropy());
                    assertThat(initiator.message()).isEqualTo(message(run, 0));

                    IkResponder responder =
                            IkResponder.read(VECTORS.responder(), prologue, initiator.message());
                    assertThat(responder.payload()).isEqualTo(payload(run, 0));
                    assertThat(responder.remotePublicKey())
                            .isEqualTo(VECTORS.initiator().publicKey());

                    Finished atResponder =
                            responder.reply(payload(run, 1), VECTORS.responderEntropy());
                    assertThat(atResponder.message()).isEqualTo(message(run, 1));
                    assertThat(atResponder.payload()).isEqualTo(Bytes.EMPTY);
                    VECTORS.check(run.get("responder"), hash, atResponder.session(), false);

                    Finished atInitiator = initiator.read(atResponder.message());
                    assertThat(atInitiator.message()).isEqualTo(Bytes.EMPTY);
                    assertThat(atInitiator.payload()).isEqualTo(payload(run, 1));
                    VECTORS.check(run.get("initiator"), hash, atInitiator.session(), true);

                    checkDerived(run.get("derived"), atInitiator.session());
                });
    }

    @Test
    void theHandshakeOfTheNetworkIsReproduced() throws HandshakeException {
        JsonNode run = VECTORS.file().get("hyperdht");
        Bytes prologue = hex(run, "prologue");
        Bytes hash = hex(run.get("initiator"), "hash");

        IkInitiator initiator =
                IkInitiator.write(
                        VECTORS.initiator(),
                        VECTORS.responder().publicKey(),
                        Namespace.PEER_HANDSHAKE,
                        hex(run, "payload1Encoded"),
                        VECTORS.initiatorEntropy());
        IkResponder responder =
                IkResponder.read(VECTORS.responder(), prologue, hex(run, "message1"));
        Finished atResponder =
                responder.reply(hex(run, "payload2Encoded"), VECTORS.responderEntropy());
        Finished atInitiator = initiator.read(hex(run, "message2"));

        assertThat(prologue).isEqualTo(Namespace.PEER_HANDSHAKE);
        assertThat(initiator.message()).isEqualTo(hex(run, "message1"));
        assertThat(responder.payload()).isEqualTo(hex(run, "payload1Encoded"));
        assertThat(atResponder.message()).isEqualTo(hex(run, "message2"));
        assertThat(atInitiator.payload()).isEqualTo(hex(run, "payload2Encoded"));
        VECTORS.check(run.get("initiator"), hash, atInitiator.session(), true);
        VECTORS.check(run.get("responder"), hash, atResponder.session(), false);
        assertThat(Blake2b.keyed256(hash, Namespace.PEER_HOLEPUNCH))
                .isEqualTo(hex(run.get("initiator"), "holepunchSecret"));
    }

    @TestFactory
    Stream<DynamicTest> theResponderRefusesWhatTheOriginalRefuses() {
        return each(
                VECTORS.file().get("responderNegative"),
                vector -> {
                    Bytes prologue = hex(vector, "prologue");
                    Bytes message = hex(vector, "message");

                    if (vector.get("accepted").asBoolean()) {
                        assertThat(
                                        IkResponder.read(VECTORS.responder(), prologue, message)
                                                .remotePublicKey())
                                .isEqualTo(VECTORS.initiator().publicKey());
                    } else {
                        assertThatThrownBy(
                                        () ->
                                                IkResponder.read(
                                                        VECTORS.responder(), prologue, message))
                                .isInstanceOf(HandshakeException.class);
                    }
                });
    }

    @Test
    void everyStepLeavesTheInitiatorsStateAsTheOriginalHasIt() throws Exception {
        JsonNode run = tracedRun();
        Bytes reply = message(run, 1);
        Bytes s = VECTORS.initiator().seed().secret();
        Bytes e = VECTORS.keyPair("initiatorEphemeral").seed().secret();
        Bytes rs = VECTORS.responder().publicKey().bytes();
        Bytes re = reply.slice(0, 32);
        SymmetricState state = new SymmetricState(IkInitiator.PROTOCOL);
        Trace trace = new Trace(state, run.get("initiatorTrace"));

        state.mixHash(hex(run, "prologue"));
        trace.next("mixHash 32");
        state.mixHash(rs);
        trace.next("mixHash 32");
        state.mixHash(VECTORS.keyPair("initiatorEphemeral").publicKey().bytes());
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(e, rs));
        trace.next("mixKey");
        state.encryptAndHash(VECTORS.initiator().publicKey().bytes());
        trace.next("encryptAndHash 32");
        state.mixKey(Ed25519Dh.shared(s, rs));
        trace.next("mixKey");
        state.encryptAndHash(payload(run, 0));
        trace.next("encryptAndHash 15");
        state.mixHash(re);
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(e, re));
        trace.next("mixKey");
        state.mixKey(Ed25519Dh.shared(s, re));
        trace.next("mixKey");
        assertThat(state.decryptAndHash(reply.slice(32))).isEqualTo(payload(run, 1));
        trace.next("decryptAndHash 31");
        trace.end();
    }

    @Test
    void everyStepLeavesTheRespondersStateAsTheOriginalHasIt() throws Exception {
        JsonNode run = tracedRun();
        Bytes first = message(run, 0);
        Bytes s = VECTORS.responder().seed().secret();
        Bytes e = VECTORS.keyPair("responderEphemeral").seed().secret();
        Bytes re = first.slice(0, 32);
        SymmetricState state = new SymmetricState(IkInitiator.PROTOCOL);
        Trace trace = new Trace(state, run.get("responderTrace"));

        state.mixHash(hex(run, "prologue"));
        trace.next("mixHash 32");
        state.mixHash(VECTORS.responder().publicKey().bytes());
        trace.next("mixHash 32");
        state.mixHash(re);
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(s, re));
        trace.next("mixKey");
        Bytes rs = state.decryptAndHash(first.slice(32, 80));
        trace.next("decryptAndHash 48");
        state.mixKey(Ed25519Dh.shared(s, rs));
        trace.next("mixKey");
        assertThat(state.decryptAndHash(first.slice(80))).isEqualTo(payload(run, 0));
        trace.next("decryptAndHash 31");
        state.mixHash(VECTORS.keyPair("responderEphemeral").publicKey().bytes());
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(e, re));
        trace.next("mixKey");
        state.mixKey(Ed25519Dh.shared(e, rs));
        trace.next("mixKey");
        state.encryptAndHash(payload(run, 1));
        trace.next("encryptAndHash 15");
        trace.end();
    }

    private static JsonNode tracedRun() {
        for (JsonNode run : VECTORS.file().get("runs")) {
            if (run.has("initiatorTrace")) {
                return run;
            }
        }
        throw new AssertionError("no run has a trace");
    }

    private static void checkDerived(JsonNode derived, Session session) {
        assertThat(Blake2b.keyed256(session.hash(), Namespace.STREAM_INITIATOR))
                .isEqualTo(hex(derived, "initiatorStreamId"));
        assertThat(Blake2b.keyed256(session.hash(), Namespace.STREAM_RESPONDER))
                .isEqualTo(hex(derived, "responderStreamId"));
        assertThat(Blake2b.keyed256(session.hash(), Namespace.PEER_HOLEPUNCH))
                .isEqualTo(hex(derived, "holepunchSecret"));
    }
}
