package dev.keyhole.transport.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class SecretStreamSessionVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("transport-secret-stream-session");

    private final RawPair net = new RawPair();
    private final RawPair.Plain peer = new RawPair.Plain();
    private final Diary diary = new Diary();

    @Test
    void theInitiatorWritesWhatTheOriginalWrote() {
        Bytes wire = wire("initiator");
        EncryptedStream stream = start(sessions().initiator(), wire);
        List<Bytes> messages = all(VECTORS, "received", "byResponder");

        net.right.raw.write(wire("responder").slice(0, 59), net.now);
        stream.write(messages.get(0), net.now);
        stream.write(messages.get(1), net.now);
        net.pump();
        for (int i = 0; i < 2; i++) {
            net.now = stream.deadlineNanos();
            stream.expire(net.now);
            net.pump();
        }
        stream.end(net.now);
        net.pump();

        assertThat(peer.received).isEqualTo(wire);
        assertThat(peer.ended).isTrue();
    }

    @Test
    void theResponderWritesWhatTheOriginalWrote() {
        Bytes wire = wire("responder");
        EncryptedStream stream = start(sessions().responder(), wire);

        all(VECTORS, "received", "byInitiator").forEach(m -> stream.write(m, net.now));
        stream.end(net.now);
        net.pump();

        assertThat(peer.received).isEqualTo(wire);
        assertThat(peer.ended).isTrue();
    }

    @Test
    void theInitiatorReadsWhatTheOriginalWrote() {
        start(sessions().initiator(), wire("initiator"));

        net.right.raw.write(wire("responder"), net.now);
        net.right.raw.end(net.now);
        net.pump();

        assertThat(diary.verified).isEqualTo(1);
        assertThat(diary.messages).isEqualTo(all(VECTORS, "received", "byInitiator"));
        assertThat(diary.ended).isEqualTo(1);
    }

    @Test
    void theResponderReadsWhatTheOriginalWroteAndSwallowsItsKeepAlives() {
        start(sessions().responder(), wire("responder"));

        net.right.raw.write(wire("initiator"), net.now);
        net.right.raw.end(net.now);
        net.pump();

        assertThat(diary.messages)
                .isEqualTo(
                        all(VECTORS, "received", "byResponder").stream()
                                .filter(message -> !message.isEmpty())
                                .toList());
        assertThat(diary.ended).isEqualTo(1);
    }

    @Test
    void unorderedMessagesUseTheirOwnNamespace() throws MalformedException {
        long first = firstCounter();
        Unordered initiator = new Unordered(sessions().initiator(), first);
        Unordered responder = new Unordered(sessions().responder(), first);
        List<Bytes> plain = all(VECTORS, "boxPlaintexts");

        for (int i = 0; i < plain.size(); i++) {
            Bytes fromInitiator = all(VECTORS, "boxes", "initiator").get(i);
            Bytes fromResponder = all(VECTORS, "boxes", "responder").get(i);
            assertThat(initiator.seal(plain.get(i))).isEqualTo(fromInitiator);
            assertThat(responder.seal(plain.get(i))).isEqualTo(fromResponder);
            assertThat(responder.open(fromInitiator)).isEqualTo(plain.get(i));
            assertThat(initiator.open(fromResponder)).isEqualTo(plain.get(i));
        }
    }

    @TestFactory
    Stream<DynamicTest> streamsAreNamedAndKeyedAsByTheOriginal() {
        return Vectors.each(
                Vectors.field(VECTORS, "streamIdCases"),
                vector -> {
                    Sessions sessions =
                            Sessions.of(
                                    key("publicKey"),
                                    key("remotePublicKey"),
                                    Vectors.hex(vector, "handshakeHash"),
                                    Bytes.EMPTY,
                                    Bytes.EMPTY);
                    Bytes toResponder = Vectors.hex(vector, "initiatorToResponder");
                    Bytes toInitiator = Vectors.hex(vector, "responderToInitiator");

                    assertThat(EncryptedStream.streamId(sessions.initiator(), true))
                            .isEqualTo(EncryptedStream.streamId(sessions.responder(), true))
                            .isEqualTo(Vectors.hex(vector, "initiatorId"));
                    assertThat(EncryptedStream.streamId(sessions.initiator(), false))
                            .isEqualTo(EncryptedStream.streamId(sessions.responder(), false))
                            .isEqualTo(Vectors.hex(vector, "responderId"));
                    assertThat(new Unordered(sessions.initiator(), 0).keys())
                            .containsExactly(toResponder, toInitiator);
                    assertThat(new Unordered(sessions.responder(), 0).keys())
                            .containsExactly(toInitiator, toResponder);
                });
    }

    private EncryptedStream start(Session session, Bytes wire) {
        Bytes header = wire.slice(3 + 32, 3 + 56);
        net.connect();
        EncryptedStream stream =
                new EncryptedStream(session, net.left.raw, diary, entropy(header), net.now);
        net.left.listener = stream;
        net.right.listener = peer;
        return stream;
    }

    /** Gives the bytes of the header, and then whatever. */
    private static Random entropy(Bytes header) {
        return new Random(1) {
            private static final long serialVersionUID = 1;

            @Override
            public void nextBytes(byte[] target) {
                header.copyTo(target, 0);
            }
        };
    }

    private static long firstCounter() {
        Bytes little = Vectors.hex(VECTORS, "boxCounterInitial");
        long value = 0;
        for (int i = 7; i >= 0; i--) {
            value = value << 8 | little.unsignedAt(i);
        }
        return value;
    }

    private static Sessions sessions() {
        JsonNode handshake = Vectors.field(VECTORS, "handshake");
        return Sessions.of(
                key("publicKey"),
                key("remotePublicKey"),
                Vectors.hex(handshake, "hash"),
                Vectors.hex(handshake, "tx"),
                Vectors.hex(handshake, "rx"));
    }

    private static PublicKey key(String field) {
        return new PublicKey(Vectors.hex(Vectors.field(VECTORS, "handshake"), field));
    }

    private static Bytes wire(String side) {
        Bytes all = Bytes.EMPTY;
        for (JsonNode chunk : Vectors.field(Vectors.field(VECTORS, "wire"), side)) {
            if (chunk.get("kind").asText().equals("data")) {
                all = Bytes.concat(all, Vectors.hex(chunk, "bytes"));
            }
        }
        return all;
    }

    private static List<Bytes> all(JsonNode node, String... fields) {
        JsonNode at = node;
        for (String field : fields) {
            at = Vectors.field(at, field);
        }
        List<Bytes> found = new ArrayList<>();
        at.forEach(text -> found.add(Vectors.hex(text)));
        return found;
    }
}
