package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.crypto.SecretStream.Decryptor;
import dev.keyhole.transport.crypto.SecretStream.Encryptor;
import dev.keyhole.transport.crypto.SecretStream.State;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class SecretStreamVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("transport-secretstream");
    private static final Bytes KEY = hex(VECTORS, "key");
    private static final Bytes HEADER = hex(VECTORS, "header");

    private final Encryptor encryptor = Encryptor.with(KEY, HEADER);
    private final Decryptor decryptor = Decryptor.with(KEY, HEADER);

    @TestFactory
    Stream<DynamicTest> aSubkeyIsTheOriginals() {
        return each(
                VECTORS.get("hchacha20"),
                vector ->
                        assertThat(
                                        Bytes.wrap(
                                                ChaCha.subkey(
                                                        hex(vector, "key").toArray(),
                                                        hex(vector, "input16").toArray())))
                                .isEqualTo(hex(vector, "out")));
    }

    @Test
    void aStreamStartsAsTheOriginalDoes() {
        checkState(encryptor.state(), VECTORS.get("initialState"));
        checkState(decryptor.state(), VECTORS.get("initialState"));
    }

    @TestFactory
    Stream<DynamicTest> aFirstMessageOfAnyLengthIsTheOriginals() {
        return each(
                VECTORS.get("firstMessage"),
                vector -> {
                    checkMessage(Encryptor.with(KEY, HEADER), Decryptor.with(KEY, HEADER), vector);
                });
    }

    @Test
    void messagesBehindEachOtherAreTheOriginals() throws MalformedException {
        for (JsonNode vector : VECTORS.get("consecutive")) {
            checkMessage(encryptor, decryptor, vector);
        }
    }

    @Test
    void tagsChangeKeysAsTheyDoInTheOriginal() throws MalformedException {
        for (JsonNode vector : VECTORS.get("rekey")) {
            if (vector.has("ciphertext")) {
                checkMessage(encryptor, decryptor, vector);
            } else {
                encryptor.rekey();
                decryptor.rekey();
                checkState(encryptor.state(), vector.get("stateAfter"));
                checkState(decryptor.state(), vector.get("stateAfter"));
            }
        }
    }

    @Test
    void keysChangeBeforeTheCounterRepeats() throws MalformedException {
        JsonNode wrap = VECTORS.get("counterWrap");
        Bytes plaintext = hex(wrap, "plaintext");
        encryptor.state().setCounter(0xffff_ffff);
        decryptor.state().setCounter(0xffff_ffff);
        checkState(encryptor.state(), wrap.get("before"));

        Bytes ciphertext = encryptor.encrypt(plaintext);

        assertThat(ciphertext).isEqualTo(hex(wrap, "ciphertext"));
        assertThat(decryptor.decrypt(ciphertext)).isEqualTo(plaintext);
        checkState(encryptor.state(), wrap.get("after"));
        checkState(decryptor.state(), wrap.get("after"));
    }

    @TestFactory
    Stream<DynamicTest> associatedDataIsAuthenticatedAsInTheOriginal() {
        return each(
                VECTORS.get("associatedData"),
                vector -> {
                    Bytes ad = hex(vector, "ad");
                    byte[] plaintext = hex(vector, "plaintext").toArray();
                    byte[] out = new byte[plaintext.length + SecretStream.OVERHEAD_BYTES];
                    byte[] back = new byte[plaintext.length];

                    Encryptor.with(KEY, HEADER)
                            .encrypt(ad, plaintext, 0, plaintext.length, 0, out, 0);
                    Decryptor.with(KEY, HEADER).decrypt(ad, out, 0, out.length, back, 0);

                    assertThat(Bytes.wrap(out)).isEqualTo(hex(vector, "ciphertext"));
                    assertThat(back).isEqualTo(plaintext);
                });
    }

    @TestFactory
    Stream<DynamicTest> streamsWithHeadersOfTheirOwnAreTheOriginals() {
        return each(
                VECTORS.get("liveHeaders"),
                stream -> {
                    Encryptor out = Encryptor.with(hex(stream, "key"), hex(stream, "header"));
                    Decryptor in = Decryptor.with(hex(stream, "key"), hex(stream, "header"));
                    for (JsonNode vector : stream.get("messages")) {
                        checkMessage(out, in, vector);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> aMessageThatWasTouchedIsRefused() {
        return each(
                VECTORS.get("negative"),
                vector -> {
                    Bytes ciphertext = hex(vector, "ciphertext");
                    Decryptor fresh = Decryptor.with(KEY, HEADER);

                    if (vector.get("accepted").asBoolean()) {
                        assertThat(fresh.decrypt(ciphertext).length())
                                .isEqualTo(ciphertext.length() - SecretStream.OVERHEAD_BYTES);
                    } else {
                        assertThatThrownBy(() -> fresh.decrypt(ciphertext))
                                .isInstanceOf(MalformedException.class);
                        checkState(fresh.state(), VECTORS.get("initialState"));
                    }
                });
    }

    private static void checkMessage(Encryptor encryptor, Decryptor decryptor, JsonNode vector)
            throws MalformedException {
        Bytes plaintext = plaintext(vector);
        Bytes ciphertext = hex(vector, "ciphertext");
        int tag = vector.path("tag").asInt(SecretStream.TAG_MESSAGE);
        byte[] out = new byte[plaintext.length() + SecretStream.OVERHEAD_BYTES];

        int written =
                encryptor.encrypt(
                        plaintext.array(), plaintext.offset(), plaintext.length(), tag, out, 0);

        assertThat(written).isEqualTo(out.length);
        assertThat(Bytes.wrap(out)).isEqualTo(ciphertext);
        assertThat(decryptor.decrypt(ciphertext)).isEqualTo(plaintext);
        assertThat(decryptor.tag()).isEqualTo(tag);
        if (vector.has("stateAfter")) {
            checkState(encryptor.state(), vector.get("stateAfter"));
            checkState(decryptor.state(), vector.get("stateAfter"));
        }
    }

    private static Bytes plaintext(JsonNode vector) {
        if (vector.has("plaintext")) {
            return hex(vector, "plaintext");
        }
        int first = vector.get("plaintextPattern").asInt();
        byte[] plaintext = new byte[vector.get("length").asInt()];
        for (int i = 0; i < plaintext.length; i++) {
            plaintext[i] = (byte) (first + 7 * i + (i >> 8));
        }
        return Bytes.wrap(plaintext);
    }

    private static void checkState(State state, JsonNode expected) {
        assertThat(state.key()).isEqualTo(hex(expected, "k"));
        assertThat(state.nonce())
                .isEqualTo(Bytes.concat(hex(expected, "counter"), hex(expected, "inonce")));
    }
}
