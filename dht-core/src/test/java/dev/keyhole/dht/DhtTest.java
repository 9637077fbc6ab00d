package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Real sockets on loopback, in a network of our own nodes. */
class DhtTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final SecureRandom ENTROPY = new SecureRandom();

    private static Testnet testnet;

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(4);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @Test
    void aMegabyteComesBackFromAPeerKnownByItsKeyAlone() {
        Bytes megabyte = Bytes.random(new Random(1), 1 << 20);
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener =
                    server.listen(
                            KeyPair.random(ENTROPY), ListenConfig.of(Firewall.open()), Echo::serve);
            listener.ready().block(LIMIT);

            Connection connection = client.connect(listener.publicKey()).block(LIMIT);
            Bytes answer = Echo.ask(connection, megabyte).block(LIMIT);

            assertThat(answer).isEqualTo(megabyte);
            assertThat(connection.remotePublicKey()).isEqualTo(listener.publicKey());
            assertThat(connection.localPublicKey()).isEqualTo(client.defaultKeyPair().publicKey());
        }
    }

    @Test
    void aKeyNobodyAnnouncedIsNotFound() {
        try (Dht client = Dht.bind(testnet.config())) {
            assertThatThrownBy(
                            () -> client.connect(KeyPair.random(ENTROPY).publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.PeerNotFound.class)
                    .hasMessageContaining("no node of the network knows");
        }
    }
}
