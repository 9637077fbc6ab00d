package dev.keyhole.transport;

import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.crypto.CurvePoint;
import dev.keyhole.transport.crypto.SecretBox;
import dev.keyhole.transport.crypto.SecretStream.Decryptor;
import dev.keyhole.transport.identity.DhtAddress;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.noise.XxInitiator;
import dev.keyhole.transport.noise.XxResponder;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whatever bytes arrive, they are understood or refused; nothing else happens. */
class MalformedInputTest {

    private static final KeyPair ALICE = keyPair(1);
    private static final KeyPair BOB = keyPair(2);
    private static final Bytes PROLOGUE = Bytes.utf8("prologue");
    private static final Bytes PAYLOAD = Bytes.utf8("payload");

    /** A way to read bytes, which may refuse them. */
    @FunctionalInterface
    private interface Reading {
        void of(Bytes bytes) throws MalformedException, HandshakeException;
    }

    @Test
    void damagedEncodingsAreReadOrMalformed() {
        List<Reading> readings =
                List.of(
                        bytes -> new WireReader(bytes).uint(),
                        bytes -> new WireReader(bytes).sint(),
                        bytes -> new WireReader(bytes).u24(),
                        bytes -> new WireReader(bytes).u32(),
                        bytes -> new WireReader(bytes).u64(),
                        bytes -> new WireReader(bytes).bool(),
                        bytes -> new WireReader(bytes).buffer(),
                        bytes -> new WireReader(bytes).optionalBuffer(),
                        bytes -> new WireReader(bytes).string(),
                        bytes -> new WireReader(bytes).bytes(32),
                        bytes -> new WireReader(bytes).list(WireReader::uint),
                        bytes -> new WireReader(bytes).list(WireReader::buffer),
                        bytes -> new WireReader(bytes).list(Address::decode),
                        bytes -> Address.decode(new WireReader(bytes)),
                        bytes -> PublicKey.decode(new WireReader(bytes)),
                        DhtAddress::decode);

        for (Bytes encoding :
                new LinkedHashSet<>(Vectors.allHex(Vectors.load("dht-compact-encoding")))) {
            Damage.of(encoding.slice(0, Math.min(encoding.length(), 48)), 17)
                    .forEach(
                            damaged ->
                                    readings.forEach(reading -> readOrRefused(reading, damaged)));
        }
    }

    @Test
    void damagedPointsAreUsedOrMalformed() {
        Bytes key = ALICE.publicKey().bytes();
        Stream.concat(Damage.flipped(key), Damage.scrambled(key, 17, 100))
                .forEach(damaged -> readOrRefused(CurvePoint::decode, damaged));
        Damage.truncated(key).forEach(damaged -> refused(CurvePoint::decode, damaged));
    }

    @Test
    void damagedSignaturesDoNotVerify() {
        Bytes signature = ALICE.sign(PAYLOAD);
        Damage.of(signature, 17)
                .filter(damaged -> !damaged.equals(signature))
                .forEach(
                        damaged ->
                                assertThat(ALICE.publicKey().verify(PAYLOAD, damaged)).isFalse());
    }

    @Test
    void aDamagedFirstMessageOfIkIsRefused() throws HandshakeException {
        Bytes message = ikInitiator().message();
        damagedSparingly(message)
                .forEach(damaged -> refused(b -> IkResponder.read(BOB, PROLOGUE, b), damaged));
    }

    @Test
    void aDamagedAnswerOfIkIsRefused() throws HandshakeException {
        Bytes answer =
                IkResponder.read(BOB, PROLOGUE, ikInitiator().message())
                        .reply(PAYLOAD, new Random(4))
                        .message();
        damagedSparingly(answer).forEach(damaged -> refused(b -> ikInitiator().read(b), damaged));
    }

    @Test
    void aDamagedFirstMessageOfXxIsReadOrRefused() {
        damagedSparingly(xxInitiator().message())
                .forEach(
                        damaged -> readOrRefused(b -> XxResponder.read(BOB, PROLOGUE, b), damaged));
    }

    @Test
    void aDamagedAnswerOfXxIsRefused() throws HandshakeException {
        Bytes answer = xxReplied().message();
        damagedSparingly(answer).forEach(damaged -> refused(b -> xxInitiator().read(b), damaged));
    }

    @Test
    void aDamagedLastMessageOfXxIsRefused() throws HandshakeException {
        Bytes last = xxInitiator().read(xxReplied().message()).write(PAYLOAD).message();
        damagedSparingly(last).forEach(damaged -> refused(b -> xxReplied().read(b), damaged));
    }

    @Test
    void damagedMessagesOfAStreamAreRefused() {
        JsonNode vectors = Vectors.load("transport-secretstream");
        Bytes key = hex(vectors, "key");
        Bytes header = hex(vectors, "header");
        for (JsonNode vector : vectors.get("firstMessage")) {
            Bytes encrypted = hex(vector, "ciphertext");
            Decryptor decryptor = Decryptor.with(key, header);
            Damage.of(encrypted, 17)
                    .filter(damaged -> !damaged.equals(encrypted))
                    .limit(1500)
                    .forEach(damaged -> refused(decryptor::decrypt, damaged));
        }
    }

    @Test
    void damagedBoxesAreRefused() {
        Bytes key = Bytes.random(new Random(1), SecretBox.KEY_BYTES);
        Bytes nonce = Bytes.random(new Random(2), SecretBox.NONCE_BYTES);
        Bytes box = SecretBox.seal(key, nonce, PAYLOAD);
        Damage.of(box, 17)
                .filter(damaged -> !damaged.equals(box))
                .forEach(damaged -> refused(b -> SecretBox.open(key, nonce, b), damaged));
    }

    /** Fewer than there could be, since each costs several multiplications. */
    private static Stream<Bytes> damagedSparingly(Bytes message) {
        return Stream.of(
                        Damage.truncated(message),
                        Damage.flipped(message).filter(b -> b.hashCode() % 4 == 0),
                        Damage.scrambled(message, 17, 50),
                        Damage.noise(17, 20, 300))
                .flatMap(damaged -> damaged)
                .filter(damaged -> !damaged.equals(message));
    }

    private static void refused(Reading reading, Bytes damaged) {
        if (isRead(reading, damaged)) {
            throw new AssertionError("read, though damaged: " + damaged);
        }
    }

    private static void readOrRefused(Reading reading, Bytes damaged) {
        isRead(reading, damaged);
    }

    private static boolean isRead(Reading reading, Bytes damaged) {
        try {
            reading.of(damaged);
            return true;
        } catch (MalformedException | HandshakeException e) {
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError("not refused in order: " + damaged, e);
        }
    }

    private static IkInitiator ikInitiator() throws HandshakeException {
        return IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, PAYLOAD, new Random(3));
    }

    private static XxInitiator xxInitiator() {
        return XxInitiator.write(ALICE, PROLOGUE, PAYLOAD, new Random(3));
    }

    private static XxResponder.Replied xxReplied() throws HandshakeException {
        return XxResponder.read(BOB, PROLOGUE, xxInitiator().message())
                .reply(PAYLOAD, new Random(4));
    }

    private static KeyPair keyPair(long seed) {
        return KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), Seed.LENGTH)));
    }
}
