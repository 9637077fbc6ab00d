package dev.keyhole.transport.noise;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static dev.keyhole.transport.noise.NoiseVectors.message;
import static dev.keyhole.transport.noise.NoiseVectors.payload;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.Ed25519Dh;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class NoiseXxVectorsTest {

    private static final NoiseVectors VECTORS =
            new NoiseVectors(Vectors.load("transport-noise-xx"));

    @TestFactory
    Stream<DynamicTest> bothSidesSayAndLearnWhatTheOriginalDoes() {
        return each(
                transcripts(),
                run -> {
                    Bytes prologue = hex(run, "prologue");
                    Bytes hash = hex(run, "handshakeHash");

                    XxInitiator initiator =
                            XxInitiator.write(
                                    VECTORS.initiator(),
                                    prologue,
                                    payload(run, 0),
                                    VECTORS.initiatorEntropy());
                    assertThat(initiator.message()).isEqualTo(message(run, 0));

                    XxResponder responder =
                            XxResponder.read(VECTORS.responder(), prologue, initiator.message());
                    assertThat(responder.payload()).isEqualTo(payload(run, 0));

                    XxResponder.Replied replied =
                            responder.reply(payload(run, 1), VECTORS.responderEntropy());
                    assertThat(replied.message()).isEqualTo(message(run, 1));

                    XxInitiator.Answered answered = initiator.read(replied.message());
                    assertThat(answered.payload()).isEqualTo(payload(run, 1));
                    assertThat(answered.remotePublicKey())
                            .isEqualTo(VECTORS.responder().publicKey());

                    Finished atInitiator = answered.write(payload(run, 2));
                    assertThat(atInitiator.message()).isEqualTo(message(run, 2));
                    VECTORS.check(run.get("initiator"), hash, atInitiator.session(), true);

                    Finished atResponder = replied.read(atInitiator.message());
                    assertThat(atResponder.payload()).isEqualTo(payload(run, 2));
                    VECTORS.check(run.get("responder"), hash, atResponder.session(), false);

                    JsonNode derived = run.get("derived");
                    assertThat(Blake2b.keyed256(hash, Namespace.STREAM_INITIATOR))
                            .isEqualTo(hex(derived, "initiatorStreamId"));
                    assertThat(Blake2b.keyed256(hash, Namespace.STREAM_RESPONDER))
                            .isEqualTo(hex(derived, "responderStreamId"));
                });
    }

    @Test
    void theFramesOfAStreamThatShakesHandsItselfCarryTheMessages() throws Exception {
        JsonNode run = runWith("frames");
        JsonNode frames = run.get("frames");

        XxInitiator initiator =
                XxInitiator.write(
                        VECTORS.initiator(), Bytes.EMPTY, Bytes.EMPTY, VECTORS.initiatorEntropy());
        XxResponder responder =
                XxResponder.read(VECTORS.responder(), Bytes.EMPTY, body(frames.get(0)));
        XxResponder.Replied replied = responder.reply(Bytes.EMPTY, VECTORS.responderEntropy());
        Finished atInitiator = initiator.read(body(frames.get(1))).write(Bytes.EMPTY);
        Finished atResponder = replied.read(body(frames.get(2)));

        assertThat(initiator.message()).isEqualTo(body(frames.get(0)));
        assertThat(replied.message()).isEqualTo(body(frames.get(1)));
        assertThat(atInitiator.message()).isEqualTo(body(frames.get(2)));
        Bytes hash = hex(run.get("initiator"), "hash");
        VECTORS.check(run.get("initiator"), hash, atInitiator.session(), true);
        VECTORS.check(run.get("responder"), hash, atResponder.session(), false);
    }

    @Test
    void everyStepLeavesTheInitiatorsStateAsTheOriginalHasIt() throws Exception {
        JsonNode run = runWith("initiatorTrace");
        Bytes reply = message(run, 1);
        Bytes s = VECTORS.initiator().seed().secret();
        Bytes e = VECTORS.keyPair("initiatorEphemeral").seed().secret();
        Bytes re = reply.slice(0, 32);
        SymmetricState state = new SymmetricState(XxInitiator.PROTOCOL);
        Trace trace = new Trace(state, run.get("initiatorTrace"));

        state.mixHash(hex(run, "prologue"));
        trace.next("mixHash 0");
        state.mixHash(VECTORS.keyPair("initiatorEphemeral").publicKey().bytes());
        trace.next("mixHash 32");
        state.encryptAndHash(payload(run, 0));
        trace.next("encryptAndHash 3");
        state.mixHash(re);
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(e, re));
        trace.next("mixKey");
        Bytes rs = state.decryptAndHash(reply.slice(32, 80));
        trace.next("decryptAndHash 48");
        state.mixKey(Ed25519Dh.shared(e, rs));
        trace.next("mixKey");
        assertThat(state.decryptAndHash(reply.slice(80))).isEqualTo(payload(run, 1));
        trace.next("decryptAndHash 19");
        state.encryptAndHash(VECTORS.initiator().publicKey().bytes());
        trace.next("encryptAndHash 32");
        state.mixKey(Ed25519Dh.shared(s, re));
        trace.next("mixKey");
        state.encryptAndHash(payload(run, 2));
        trace.next("encryptAndHash 5");
        trace.end();
    }

    @Test
    void everyStepLeavesTheRespondersStateAsTheOriginalHasIt() throws Exception {
        JsonNode run = runWith("responderTrace");
        Bytes last = message(run, 2);
        Bytes s = VECTORS.responder().seed().secret();
        Bytes e = VECTORS.keyPair("responderEphemeral").seed().secret();
        Bytes re = message(run, 0).slice(0, 32);
        SymmetricState state = new SymmetricState(XxInitiator.PROTOCOL);
        Trace trace = new Trace(state, run.get("responderTrace"));

        state.mixHash(hex(run, "prologue"));
        trace.next("mixHash 0");
        state.mixHash(re);
        trace.next("mixHash 32");
        assertThat(state.decryptAndHash(message(run, 0).slice(32))).isEqualTo(payload(run, 0));
        trace.next("decryptAndHash 3");
        state.mixHash(VECTORS.keyPair("responderEphemeral").publicKey().bytes());
        trace.next("mixHash 32");
        state.mixKey(Ed25519Dh.shared(e, re));
        trace.next("mixKey");
        state.encryptAndHash(VECTORS.responder().publicKey().bytes());
        trace.next("encryptAndHash 32");
        state.mixKey(Ed25519Dh.shared(s, re));
        trace.next("mixKey");
        state.encryptAndHash(payload(run, 1));
        trace.next("encryptAndHash 3");
        Bytes rs = state.decryptAndHash(last.slice(0, 48));
        trace.next("decryptAndHash 48");
        state.mixKey(Ed25519Dh.shared(e, rs));
        trace.next("mixKey");
        assertThat(state.decryptAndHash(last.slice(48))).isEqualTo(payload(run, 2));
        trace.next("decryptAndHash 21");
        trace.end();
    }

    private static ArrayNode transcripts() {
        ArrayNode transcripts = ((ArrayNode) VECTORS.file().get("runs")).arrayNode();
        for (JsonNode run : VECTORS.file().get("runs")) {
            if (run.has("messages")) {
                transcripts.add(run);
            }
        }
        return transcripts;
    }

    private static JsonNode runWith(String field) {
        for (JsonNode run : VECTORS.file().get("runs")) {
            if (run.has(field)) {
                return run;
            }
        }
        throw new AssertionError("no run has " + field);
    }

    private static Bytes body(JsonNode frame) throws MalformedException {
        WireReader reader = new WireReader(hex(frame, "bytes"));
        assertThat(reader.u24()).isEqualTo(reader.remaining());
        return reader.rest();
    }
}
