package dev.keyhole.transport.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a handshake does not do: go on after its end, start with a bad key, or tell its secrets. */
class HandshakeRulesTest {

    private static final KeyPair ALICE = keyPair(1);
    private static final KeyPair BOB = keyPair(2);
    private static final Bytes PROLOGUE = Bytes.utf8("prologue");
    private static final Bytes NOTHING = Bytes.EMPTY;

    private final Random random = new Random(7);

    @Seeds(10)
    void bothSidesEndWithTheSameKeysWhateverThePayloads(long seed) throws HandshakeException {
        Random draws = new Random(seed);
        Bytes question = Bytes.random(draws, draws.nextInt(2000));
        Bytes answer = Bytes.random(draws, draws.nextInt(2000));
        Bytes last = Bytes.random(draws, draws.nextInt(2000));

        IkInitiator ik = IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, question, draws);
        Finished ikBob = IkResponder.read(BOB, PROLOGUE, ik.message()).reply(answer, draws);
        Finished ikAlice = ik.read(ikBob.message());
        XxInitiator xx = XxInitiator.write(ALICE, PROLOGUE, question, draws);
        XxResponder.Replied replied =
                XxResponder.read(BOB, PROLOGUE, xx.message()).reply(answer, draws);
        Finished xxAlice = xx.read(replied.message()).write(last);
        Finished xxBob = replied.read(xxAlice.message());

        assertThat(ikAlice.payload()).isEqualTo(answer);
        assertThat(xxBob.payload()).isEqualTo(last);
        checkMatching(ikAlice.session(), ikBob.session());
        checkMatching(xxAlice.session(), xxBob.session());
        assertThat(ikAlice.session().hash()).isNotEqualTo(xxAlice.session().hash());
    }

    @Test
    void aStepIsTakenOnce() throws HandshakeException {
        IkInitiator initiator = ikInitiator();
        IkResponder responder = IkResponder.read(BOB, PROLOGUE, initiator.message());
        Bytes answer = responder.reply(NOTHING, random).message();
        initiator.read(answer);

        assertThatThrownBy(() -> responder.reply(NOTHING, random))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> initiator.read(answer)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aStepOfStrangersIsTakenOnce() throws HandshakeException {
        XxInitiator initiator = XxInitiator.write(ALICE, PROLOGUE, NOTHING, random);
        XxResponder responder = XxResponder.read(BOB, PROLOGUE, initiator.message());
        XxResponder.Replied replied = responder.reply(NOTHING, random);
        XxInitiator.Answered answered = initiator.read(replied.message());
        Bytes last = answered.write(NOTHING).message();
        replied.read(last);

        assertThatThrownBy(() -> responder.reply(NOTHING, random))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> initiator.read(replied.message()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> answered.write(NOTHING)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> replied.read(last)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void nothingFollowsAFailure() throws HandshakeException {
        IkInitiator initiator = ikInitiator();
        Bytes answer =
                IkResponder.read(BOB, PROLOGUE, initiator.message())
                        .reply(NOTHING, random)
                        .message();

        assertThatThrownBy(() -> initiator.read(answer.slice(1)))
                .isInstanceOf(HandshakeException.class);
        assertThatThrownBy(() -> initiator.read(answer)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void nothingFollowsADiscardedHandshake() throws HandshakeException {
        IkInitiator initiator = ikInitiator();
        IkResponder responder = IkResponder.read(BOB, PROLOGUE, initiator.message());
        responder.discard();
        initiator.discard();

        assertThatThrownBy(() -> responder.reply(NOTHING, random))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> initiator.read(NOTHING)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void lowOrderAndMixedOrderPointsAreRefused() throws HandshakeException {
        JsonNode cases = Vectors.load("transport-ed25519-dh", "edgeCases");
        List<Bytes> points = new ArrayList<>();
        for (JsonNode edgeCase : cases) {
            boolean bad = !edgeCase.get("ok").asBoolean();
            if (bad && !edgeCase.get("label").asText().contains("scalar")) {
                points.add(Vectors.hex(edgeCase, "point"));
            }
        }

        assertThat(points).hasSizeGreaterThan(10);
        for (Bytes point : points) {
            PublicKey asKey = new PublicKey(point);
            assertThatThrownBy(() -> IkInitiator.write(ALICE, asKey, PROLOGUE, NOTHING, random))
                    .as("static key %s", point)
                    .isInstanceOf(HandshakeException.class)
                    .hasMessageStartingWith("public key is no");
            Bytes message = Bytes.concat(point, ikInitiator().message().slice(32));
            assertThatThrownBy(() -> IkResponder.read(BOB, PROLOGUE, message))
                    .as("the initiator's ephemeral key %s", point)
                    .isInstanceOf(HandshakeException.class)
                    .hasMessageStartingWith("public key is no");
            Bytes reply = Bytes.concat(point, Bytes.wrap(new byte[16]));
            IkInitiator initiator = ikInitiator();
            assertThatThrownBy(() -> initiator.read(reply))
                    .as("the responder's ephemeral key %s", point)
                    .isInstanceOf(HandshakeException.class)
                    .hasMessageStartingWith("public key is no");
        }
    }

    @Test
    void aMessageAboveTheLimitOfNoiseIsNeitherWrittenNorRead() {
        Bytes fits = Bytes.wrap(new byte[Handshake.MAX_MESSAGE_BYTES - 96]);
        Bytes tooLong = Bytes.wrap(new byte[fits.length() + 1]);
        Bytes message = Bytes.wrap(new byte[Handshake.MAX_MESSAGE_BYTES + 1]);

        assertThatThrownBy(
                        () -> IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, tooLong, random))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("65535");
        assertThatThrownBy(() -> IkResponder.read(BOB, PROLOGUE, message))
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining("65536");
    }

    @Test
    void theLongestMessageIsWrittenAndRead() throws HandshakeException {
        Bytes fits = Bytes.wrap(new byte[Handshake.MAX_MESSAGE_BYTES - 96]);

        IkInitiator initiator = IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, fits, random);

        assertThat(initiator.message().length()).isEqualTo(Handshake.MAX_MESSAGE_BYTES);
        assertThat(IkResponder.read(BOB, PROLOGUE, initiator.message()).payload()).isEqualTo(fits);
    }

    @Test
    void aFailureHasNoStackTraceToPayFor() {
        assertThatThrownBy(() -> IkResponder.read(BOB, PROLOGUE, NOTHING))
                .isInstanceOf(HandshakeException.class)
                .satisfies(e -> assertThat(e.getStackTrace()).isEmpty());
    }

    @Test
    void secretsNeverAppearInTextAndAreWipedAfterUse() throws Exception {
        IkInitiator initiator = ikInitiator();
        IkResponder responder = IkResponder.read(BOB, PROLOGUE, initiator.message());
        Finished finished = responder.reply(Bytes.utf8("secret payload"), random);
        Session session = finished.session();
        XxInitiator xx = XxInitiator.write(ALICE, PROLOGUE, NOTHING, random);
        XxResponder.Replied replied =
                XxResponder.read(BOB, PROLOGUE, xx.message()).reply(NOTHING, random);

        List<Object> printed =
                List.of(
                        ALICE,
                        ALICE.seed(),
                        session,
                        finished,
                        initiator,
                        responder,
                        xx,
                        replied,
                        xx.read(replied.message()));

        List<Bytes> secrets =
                List.of(
                        ALICE.seed().secret(),
                        BOB.seed().secret(),
                        session.tx(),
                        session.rx(),
                        session.hash(),
                        Bytes.utf8("secret payload"));
        for (Object object : printed) {
            for (Bytes secret : secrets) {
                assertThat(object.toString()).doesNotContain(secret.toHex().substring(0, 8));
            }
        }
        assertThat(session.toString()).contains(ALICE.publicKey().toHex());

        initiator.read(finished.message());
        checkWiped(initiator);
        checkWiped(responder);
    }

    @Test
    void theSecretsOfAFailedHandshakeAreOverwritten() throws Exception {
        IkInitiator initiator = ikInitiator();

        assertThatThrownBy(() -> initiator.read(Bytes.wrap(new byte[48])))
                .isInstanceOf(HandshakeException.class);

        checkWiped(initiator);
    }

    /** Looks at every array of the handshake and of its symmetric state. */
    private static void checkWiped(Object step) throws ReflectiveOperationException {
        Object handshake = field(step, "handshake");
        Object symmetric = field(handshake, "symmetric");
        for (Object owner : List.of(handshake, symmetric)) {
            List<Field> arrays =
                    Arrays.stream(owner.getClass().getDeclaredFields())
                            .filter(field -> field.getType() == byte[].class)
                            .toList();
            assertThat(arrays).hasSizeGreaterThan(1);
            for (Field array : arrays) {
                assertThat((byte[]) field(owner, array.getName()))
                        .as(array.getName())
                        .containsOnly(0);
            }
        }
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    private static void checkMatching(Session alice, Session bob) {
        assertThat(alice.initiator()).isTrue();
        assertThat(bob.initiator()).isFalse();
        assertThat(alice.tx()).isEqualTo(bob.rx()).isNotEqualTo(alice.rx());
        assertThat(alice.rx()).isEqualTo(bob.tx());
        assertThat(alice.hash()).isEqualTo(bob.hash());
        assertThat(alice.remotePublicKey()).isEqualTo(bob.localPublicKey());
        assertThat(bob.remotePublicKey()).isEqualTo(alice.localPublicKey());
    }

    private IkInitiator ikInitiator() throws HandshakeException {
        return IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, NOTHING, random);
    }

    private static KeyPair keyPair(long seed) {
        return KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), Seed.LENGTH)));
    }
}
