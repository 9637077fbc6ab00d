package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a node finds out about itself and about keys, in a network of our own nodes. */
class DiagnosisTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final SecureRandom ENTROPY = new SecureRandom();

    private static Testnet testnet;

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(5);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @Test
    void everyNodeAskedSeesTheSameFreshSocketWhereThereIsNoNat() {
        try (Dht node = Dht.bind(testnet.config().withFirewalled(true))) {
            node.joined().block(LIMIT);

            Reachability found = node.reachability().block(LIMIT);

            assertThat(found.natType()).isEqualTo(NatType.CONSISTENT);
            assertThat(found.sightings()).hasSizeGreaterThanOrEqualTo(4);
            assertThat(found.sightings())
                    .extracting(sighting -> sighting.seenAs().port())
                    .containsOnly(found.sightings().get(0).seenAs().port())
                    .doesNotContain(node.address().port());
            assertThat(testnet.addresses())
                    .containsAll(
                            found.sightings().stream().map(Reachability.Sighting::by).toList());
            assertThat(found.storing()).isFalse();
            assertThat(found.publicAddress().map(Address::host))
                    .contains(Address.of("127.0.0.1", 0).host());
        }
    }

    @Test
    void aListeningKeyIsKnownToItsThreeRelays() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener =
                    server.listen(
                            KeyPair.random(ENTROPY), ListenConfig.of(Firewall.open()), Echo::serve);
            listener.ready().block(LIMIT);

            KeySearch found = client.findPeer(listener.publicKey()).block(LIMIT);

            assertThat(found.answered()).isEqualTo(5);
            assertThat(found.holders()).hasSize(3);
            assertThat(testnet.addresses()).containsAll(found.holders());
        }
    }

    @Test
    void aKeyThatNobodyServesIsKnownToNobody() {
        try (Dht client = Dht.bind(testnet.config())) {
            KeySearch found = client.findPeer(KeyPair.random(ENTROPY).publicKey()).block(LIMIT);

            assertThat(found.holders()).isEmpty();
            assertThat(found.answered()).isEqualTo(5);
        }
    }
}
