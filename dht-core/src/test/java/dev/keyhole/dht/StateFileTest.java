package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.node.RpcStatistics;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node keeps in a file, over real sockets. */
class StateFileTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static Testnet testnet;
    @TempDir private Path folder;

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(4);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @Test
    void aRestartedNodeReachesItsPeerWithoutItsBootstrapNodes() {
        Path file = folder.resolve("below").resolve("state");
        try (Dht server = Dht.bind(testnet.config())) {
            Listener listener = listen(server);
            try (Dht first = Dht.bind(testnet.config().withStateFile(file))) {
                first.connect(listener.publicKey()).block(LIMIT).close();
            }
            assertThat(file).isNotEmptyFile();

            // Nobody is there.
            DhtConfig lost = DhtConfig.of("127.0.0.1:9").withStateFile(file);
            try (Dht second = Dht.bind(lost)) {
                Connection connection = second.connect(listener.publicKey()).block(LIMIT);

                assertThat(Echo.ask(connection, Bytes.utf8("again")).block(LIMIT))
                        .isEqualTo(Bytes.utf8("again"));
            }
        }
    }

    @Test
    void aBrokenFileIsIgnoredAndReplaced() throws IOException {
        Path file = folder.resolve("state");
        Files.write(file, Bytes.random(new Random(1), 5000).toArray());

        try (Dht dht = Dht.bind(testnet.config().withStateFile(file))) {
            dht.bootstrapped().block(LIMIT);
        }

        assertThat(Files.size(file)).isBetween(10L, 1000L);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aFileThatCannotBeWrittenHarmsNobody() throws IOException {
        Path taken = Files.createDirectory(folder.resolve("taken"));
        Files.createFile(taken.resolve("inside"));

        try (Dht dht = Dht.bind(testnet.config().withStateFile(taken))) {
            dht.bootstrapped().block(LIMIT);
        }

        assertThat(taken).isDirectory();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(taken);
        }
    }

    @Test
    void warmConnectNeedsAtMostTwoRequests() {
        try (Dht server = Dht.bind(testnet.config().withFirewalled(false));
                Dht client = Dht.bind(testnet.config())) {
            Listener listener = listen(server);
            client.bootstrapped().block(LIMIT);
            long first = requests(client);
            client.connect(listener.publicKey()).block(LIMIT).close();
            long before = requests(client);

            client.connect(listener.publicKey()).block(LIMIT).close();

            assertThat(before - first).isGreaterThan(2);
            assertThat(requests(client) - before).isBetween(1L, 2L);
        }
    }

    /** Those it has sent, but for the pings that every node sends now and then. */
    private static long requests(Dht dht) {
        RpcStatistics statistics = dht.statistics().block(LIMIT).rpc();
        long internal = statistics.sent().values().stream().mapToLong(Long::longValue).sum();
        return statistics.requests() - internal;
    }

    private static Listener listen(Dht server) {
        Listener listener =
                server.listen(
                        KeyPair.random(new SecureRandom()),
                        ListenConfig.of(Firewall.open()),
                        Echo::serve);
        listener.ready().block(LIMIT);
        return listener;
    }
}
