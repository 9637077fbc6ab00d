package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.dht.relay.RelayClient;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A relay and its clients, each on sockets of its own. */
class RelayTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final SecureRandom ENTROPY = new SecureRandom();
    private static final Bytes TOKEN = Bytes.random(new Random(1), 32);

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
    void clientsWithOneTokenArePaired() {
        try (Dht host = Dht.bind(testnet.config());
                Dht first = Dht.bind(testnet.config());
                Dht second = Dht.bind(testnet.config())) {
            Relay relay = host.serveRelay(KeyPair.random(ENTROPY), RelayConfig.of(Firewall.open()));
            assertThat(relay.ready().block(LIMIT)).isPositive();

            Mono<String> atFirst = pair(first, relay, true);
            Mono<String> atSecond = pair(second, relay, false);

            assertThat(atSecond.block(LIMIT)).startsWith("paired");
            assertThat(atFirst.block(LIMIT)).startsWith("paired");
            assertThat(relay.statistics().block(LIMIT).pairs()).isEqualTo(1);

            relay.close();
            relay.closed().block(LIMIT);

            assertThat(relay.statistics().block(LIMIT).pairs()).isZero();
        }
    }

    @Test
    void onlyThoseAdmittedCanUseIt() {
        try (Dht host = Dht.bind(testnet.config());
                Dht admitted = Dht.bind(testnet.config());
                Dht stranger = Dht.bind(testnet.config())) {
            Relay relay =
                    host.serveRelay(
                            KeyPair.random(ENTROPY),
                            RelayConfig.of(Firewall.allow(admitted.defaultKeyPair().publicKey())));
            relay.ready().block(LIMIT);

            assertThat(admitted.connect(relay.publicKey()).block(LIMIT)).isNotNull();
            assertThatThrownBy(() -> stranger.connect(relay.publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.class);
        }
    }

    private static Mono<String> pair(Dht dht, Relay relay, boolean initiator) {
        Sinks.One<String> outcome = Sinks.one();
        Connection connection = dht.connect(relay.publicKey()).block(LIMIT);
        RelayClient client = new RelayClient(connection, () -> {});
        connection
                .loop()
                .execute(
                        () -> {
                            client.start();
                            client.pair(initiator, TOKEN, 7, new Asker(outcome));
                        });
        return outcome.asMono();
    }

    private record Asker(Sinks.One<String> outcome) implements RelayClient.Asker {

        @Override
        public void paired(int relayStreamId) {
            outcome.tryEmitValue("paired " + relayStreamId);
        }

        @Override
        public void lost() {
            outcome.tryEmitValue("lost");
        }
    }
}
