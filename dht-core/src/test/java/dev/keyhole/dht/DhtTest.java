package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.dht.message.Command;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

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
            Listener listener = listen(server, Echo::serve);

            Connection connection = client.connect(listener.publicKey()).block(LIMIT);
            Bytes answer = Echo.ask(connection, megabyte).block(LIMIT);

            assertThat(answer).isEqualTo(megabyte);
            assertThat(connection.remotePublicKey()).isEqualTo(listener.publicKey());
            assertThat(connection.localPublicKey()).isEqualTo(client.defaultKeyPair().publicKey());
        }
    }

    @Test
    void statisticsTellWhatANodeDidAndWhatCameOfIt() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener = listen(server, Echo::serve);
            PublicKey nobody = KeyPair.random(ENTROPY).publicKey();

            Connection connection = client.connect(listener.publicKey()).block(LIMIT);
            assertThatThrownBy(() -> client.connect(nobody).block(LIMIT))
                    .isInstanceOf(DhtException.class);

            DhtStatistics asked = client.statistics().block(LIMIT);
            assertThat(asked.connects().begun()).isEqualTo(2);
            assertThat(asked.connects().failed()).isEqualTo(1);
            assertThat(asked.connects().connected()).containsEntry(connection.path(), 1L);
            assertThat(asked.online()).isTrue();
            assertThat(asked.persistent()).isFalse();
            assertThat(asked.rpc().nodes()).isPositive();
            assertThat(asked.rpc().queries()).isGreaterThanOrEqualTo(2);
            assertThat(asked.rpc().sent().get(Command.Internal.FIND_NODE)).isPositive();
            assertThat(asked.rpc().requests())
                    .isGreaterThanOrEqualTo(asked.rpc().answers() + asked.rpc().timeouts());
            DhtStatistics served = server.statistics().block(LIMIT);
            assertThat(served.served().connections()).isEqualTo(1);
            assertThat(served.openStreams()).isPositive();
        }
    }

    @Test
    void aKeyNobodyAnnouncedIsNotFound() {
        try (Dht client = Dht.bind(testnet.config())) {
            assertThatThrownBy(
                            () -> client.connect(KeyPair.random(ENTROPY).publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.PeerNotFound.class)
                    .hasMessageContaining("closest to the key, knows");
        }
    }

    @Test
    void aTighterFirewallLetsGoOfThoseItNoLongerAdmits() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Sinks.One<Connection> accepted = Sinks.one();
            Listener listener = listen(server, accepted::tryEmitValue);
            Connection connection = client.connect(listener.publicKey()).block(LIMIT);
            Connection serverSide = accepted.asMono().block(LIMIT);

            listener.firewall(Firewall.deny(client.defaultKeyPair().publicKey()));

            assertThat(serverSide.closed().block(LIMIT)).isInstanceOf(CloseReason.Refused.class);
            assertThat(connection.closed().block(LIMIT)).isInstanceOf(CloseReason.ByPeer.class);
        }
    }

    @Test
    void aNodeThatIsClosedLetsGoOfThoseItConnectedTo() {
        try (Dht server = Dht.bind(testnet.config())) {
            Sinks.One<Connection> accepted = Sinks.one();
            Listener listener = listen(server, accepted::tryEmitValue);
            Dht client = Dht.bind(testnet.config());
            client.connect(listener.publicKey()).block(LIMIT);
            Connection serverSide = accepted.asMono().block(LIMIT);

            client.close();

            assertThat(serverSide.closed().block(LIMIT)).isInstanceOf(CloseReason.ByPeer.class);
        }
    }

    @Test
    void whatWasWrittenArrivesThoughConnectionAndNodeAreClosedAtOnce() {
        Bytes part = Bytes.random(new Random(1), 50_000);
        try (Dht server = Dht.bind(testnet.config())) {
            Sinks.One<Long> heard = Sinks.one();
            Listener listener =
                    listen(server, connection -> connection.start(new Counter(connection, heard)));

            try (Dht client = Dht.bind(testnet.config());
                    Connection connection = client.connect(listener.publicKey()).block(LIMIT)) {
                connection
                        .loop()
                        .execute(
                                () -> {
                                    for (int i = 0; i < 40; i++) {
                                        connection.write(part);
                                    }
                                });
            }

            assertThat(heard.asMono().block(LIMIT)).isEqualTo(40L * part.length());
        }
    }

    @Test
    void aConnectionMayBeLetGoOfAtOnce() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener = listen(server, c -> {});
            Connection connection = client.connect(listener.publicKey()).block(LIMIT);

            connection.close();
            connection.close(Duration.ZERO);

            assertThat(connection.isOpen()).isFalse();
            assertThat(connection.closed().block(Duration.ofSeconds(1)))
                    .isEqualTo(new CloseReason.ByUs("closed"));
        }
    }

    /** Listens under a key of its own, to everybody. */
    private static Listener listen(Dht server, Consumer<Connection> onConnection) {
        Listener listener =
                server.listen(
                        KeyPair.random(ENTROPY), ListenConfig.of(Firewall.open()), onConnection);
        listener.ready().block(LIMIT);
        return listener;
    }

    /** Counts what comes until the peer ends, and ends then. */
    private static final class Counter implements Link.Receiver {

        private final Link link;
        private final Sinks.One<Long> heard;
        private long bytes;

        private Counter(Link link, Sinks.One<Long> heard) {
            this.link = link;
            this.heard = heard;
        }

        @Override
        public void message(Bytes message) {
            bytes += message.length();
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {
            link.end();
            heard.tryEmitValue(bytes);
        }

        @Override
        public void closed(CloseReason reason) {
            heard.tryEmitValue(-1L);
        }
    }

    @Test
    void oneKeyHasNoMoreConnectionsThanItsShare() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener =
                    server.listen(
                            KeyPair.random(ENTROPY),
                            ListenConfig.of(Firewall.open()).withMaxConnectionsPerKey(1),
                            Echo::serve);
            listener.ready().block(LIMIT);
            Connection first = client.connect(listener.publicKey()).block(LIMIT);

            assertThatThrownBy(() -> client.connect(listener.publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.ServerError.class)
                    .hasMessageContaining("try later");
            first.close();
        }
    }

    @Test
    void aListenerThatIsClosedIsNotFoundAnyMore() {
        try (Dht server = Dht.bind(testnet.config());
                Dht client = Dht.bind(testnet.config())) {
            Listener listener = listen(server, Echo::serve);

            listener.close();
            listener.closed().block(LIMIT);

            assertThatThrownBy(() -> client.connect(listener.publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.PeerNotFound.class);
        }
    }

    @Test
    void aKeyIsServedOnce() {
        try (Dht server = Dht.bind(testnet.config())) {
            KeyPair keyPair = KeyPair.random(ENTROPY);
            ListenConfig config = ListenConfig.of(Firewall.open());
            server.listen(keyPair, config, Echo::serve).ready().block(LIMIT);

            assertThatThrownBy(
                            () -> server.listen(keyPair, config, Echo::serve).ready().block(LIMIT))
                    .isInstanceOf(DhtException.KeyPairInUse.class);
        }
    }

    @Test
    void aPortInUseIsNamed() {
        int taken = testnet.addresses().get(0).port();

        assertThatThrownBy(() -> Dht.bind(testnet.config().withPort(taken)))
                .isInstanceOf(DhtException.BindFailed.class)
                .hasMessageContaining("127.0.0.1:" + taken);
    }

    @Test
    void aConnectEndsWithTheCallersPatience() {
        ConnectOptions hasty = ConnectOptions.defaults().withTimeout(Duration.ofMillis(300));
        try (Dht alone = Dht.bind(DhtConfig.of("127.0.0.1:1").withPort(0).withEphemeral(true))) {
            assertThatThrownBy(
                            () ->
                                    alone.connect(KeyPair.random(ENTROPY).publicKey(), hasty)
                                            .block(LIMIT))
                    .isInstanceOf(DhtException.TimedOut.class)
                    .hasMessageContaining("300 ms");
        }
    }

    @Test
    void aListenerTellsHowManyNodesRelayForIt() {
        try (Dht server = Dht.bind(testnet.config())) {
            ListenConfig config = ListenConfig.of(Firewall.open());
            Listener listener = server.listen(KeyPair.random(ENTROPY), config, Echo::serve);

            assertThat(listener.announced().block(LIMIT)).isPositive();
            assertThat(listener.ready().block(LIMIT)).isEqualTo(listener.relays());
        }
    }

    @Test
    void closingIsIdempotentAndEndsEveryPendingAnswer() {
        Dht server = Dht.bind(testnet.config());
        Listener listener =
                server.listen(
                        KeyPair.random(ENTROPY), ListenConfig.of(Firewall.open()), Echo::serve);
        listener.ready().block(LIMIT);
        try (Dht client = Dht.bind(testnet.config())) {
            Connection connection = client.connect(listener.publicKey()).block(LIMIT);
            Listener silent =
                    client.listen(
                            KeyPair.random(ENTROPY), ListenConfig.of(Firewall.allow()), c -> {});
            silent.ready().block(LIMIT);
            CompletableFuture<Connection> pending = server.connect(silent.publicKey()).toFuture();

            listener.close();
            listener.close();
            listener.closed().block(LIMIT);
            server.close();
            server.close();

            assertThatThrownBy(pending::join).hasCauseInstanceOf(DhtException.Closed.class);
            assertThat(connection.closed().block(LIMIT)).isInstanceOf(CloseReason.ByPeer.class);
            assertThatThrownBy(() -> server.connect(listener.publicKey()).block(LIMIT))
                    .isInstanceOf(DhtException.Closed.class);
        }
    }

    @Test
    void aPeerIsFoundUnderATopicUntilItIsWithdrawn() {
        Bytes topic = Bytes.random(ENTROPY, 32);
        KeyPair keyPair = KeyPair.random(ENTROPY);
        try (Dht node = Dht.bind(testnet.config())) {
            Announcement announcement = node.announce(topic, keyPair);
            assertThat(announcement.ready().block(LIMIT)).isPositive();

            assertThat(found(node, topic)).containsOnly(keyPair.publicKey());

            announcement.close();
            announcement.closed().block(LIMIT);
            assertThat(found(node, topic)).isEmpty();
        }
    }

    @Test
    void whoeverIsFoundUnderSeveralTopicsIsConnectedToOnce() {
        Bytes one = Bytes.random(ENTROPY, 32);
        Bytes two = Bytes.random(ENTROPY, 32);
        try (Dht first = Dht.bind(testnet.config());
                Dht second = Dht.bind(testnet.config());
                Dht seeker = Dht.bind(testnet.config())) {
            Listener a =
                    first.listen(
                            KeyPair.random(ENTROPY), ListenConfig.of(Firewall.open()), Echo::serve);
            KeyPair keyPair = KeyPair.random(ENTROPY);
            Listener b = second.listen(keyPair, ListenConfig.of(Firewall.open()), Echo::serve);
            Mono.when(a.ready(), b.ready()).block(LIMIT);
            KeyPair gone = KeyPair.random(ENTROPY);
            Mono.when(
                            second.announce(one, keyPair).ready(),
                            second.announce(two, keyPair).ready(),
                            first.announce(two, gone).ready(),
                            seeker.announce(two, seeker.defaultKeyPair()).ready())
                    .block(LIMIT);

            List<Connection> connections =
                    seeker.connectToPeers(List.of(one, two), ConnectOptions.defaults())
                            .collectList()
                            .block(LIMIT);

            assertThat(connections)
                    .extracting(Connection::remotePublicKey)
                    .containsExactly(b.publicKey());
        }
    }

    @Test
    void whatANodeAnnouncedGoesWithIt() {
        Bytes topic = Bytes.random(ENTROPY, 32);
        Dht node = Dht.bind(testnet.config());
        node.announce(topic, KeyPair.random(ENTROPY)).ready().block(LIMIT);

        node.close();

        try (Dht other = Dht.bind(testnet.config())) {
            assertThat(found(other, topic)).isEmpty();
        }
    }

    @Test
    void valuesAreFoundByHashAndByKey() {
        Bytes value = Bytes.utf8("worth keeping");
        KeyPair keyPair = KeyPair.random(ENTROPY);
        try (Dht node = Dht.bind(testnet.config())) {
            Bytes hash = node.putImmutable(value).block(LIMIT);
            node.putMutable(keyPair, 7, value).block(LIMIT);

            assertThat(node.getImmutable(hash).block(LIMIT)).isEqualTo(value);
            assertThat(node.getMutable(keyPair.publicKey(), 7).block(LIMIT).value())
                    .isEqualTo(value);
            assertThat(node.getMutable(keyPair.publicKey(), 8).block(LIMIT)).isNull();
            assertThatThrownBy(() -> node.putMutable(keyPair, 6, value).block(LIMIT))
                    .isInstanceOf(DhtException.Refused.class)
                    .extracting("code")
                    .isEqualTo("SEQ_TOO_LOW");
        }
    }

    private static List<PublicKey> found(Dht node, Bytes topic) {
        return node.lookup(topic)
                .flatMapIterable(FoundPeers::peers)
                .map(FoundPeers.Peer::publicKey)
                .collectList()
                .block(LIMIT);
    }
}
