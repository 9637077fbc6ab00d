package dev.keyhole.dht.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClientHandshakeTest {

    private static final SecureRandom ENTROPY = new SecureRandom();

    private final KeyPair client = KeyPair.random(ENTROPY);
    private final KeyPair server = KeyPair.random(ENTROPY);
    private final ClientHandshake handshake =
            ClientHandshake.make(client, server.publicKey(), Bytes.utf8("offer"), ENTROPY);

    @Test
    void forgedAnswersDoNotSpoilTheGenuineOne() throws Exception {
        Bytes first = handshake.message();
        Finished answer = answer(first);

        for (int i = 0; i < 3; i++) {
            assertThat(handshake.read(Bytes.random(ENTROPY, answer.message().length()))).isNull();
        }
        Finished finished = handshake.read(answer.message());

        assertThat(finished).isNotNull();
        assertThat(finished.payload()).isEqualTo(Bytes.utf8("answer"));
        assertThat(finished.session().hash()).isEqualTo(answer.session().hash());
    }

    @Test
    void theFirstMessageStaysTheSameAfterAForgedAnswer() {
        Bytes first = handshake.message();

        handshake.read(Bytes.random(ENTROPY, 100));

        assertThat(handshake.message()).isEqualTo(first);
    }

    @Test
    void endlessForgeriesAreNotReadForEver() throws Exception {
        for (int i = 0; i < ClientHandshake.MAX_FORGED; i++) {
            handshake.read(Bytes.random(ENTROPY, 100));
        }

        assertThat(handshake.read(answer(handshake.message()).message())).isNull();
    }

    @Test
    void aKeyThatIsNoPointMakesNoHandshake() {
        Random random = new Random(1);
        ClientHandshake made = handshake;
        for (int i = 0; i < 20 && made != null; i++) {
            made =
                    ClientHandshake.make(
                            client, new PublicKey(Bytes.random(random, 32)), Bytes.EMPTY, ENTROPY);
        }

        assertThat(made).isNull();
    }

    private Finished answer(Bytes first) throws Exception {
        return IkResponder.read(server, Namespace.PEER_HANDSHAKE, first)
                .reply(Bytes.utf8("answer"), ENTROPY);
    }
}
