package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Relays, servers and clients of ours and of the original, in all combinations that have both. */
@Timeout(180)
class RelayIT {

    private static final int MEBIBYTE = 1 << 20;
    private static final String HASH_OF_64_MEBIBYTES =
            "4a4fe2777bc8e73751c86c23dc1906f372e9c66be4323b6b45b6e94807e67bea";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private String bootstrap = "";

    /** Whose program something is. */
    enum Whose {
        ORIGINAL,
        KEYHOLE
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @ParameterizedTest(name = "relay {0}, server {1}, client {2}, named by the client")
    @CsvSource({
        "KEYHOLE, ORIGINAL, ORIGINAL",
        "KEYHOLE, KEYHOLE, ORIGINAL",
        "KEYHOLE, ORIGINAL, KEYHOLE",
        "ORIGINAL, KEYHOLE, ORIGINAL",
        "ORIGINAL, ORIGINAL, KEYHOLE",
        "ORIGINAL, KEYHOLE, KEYHOLE"
    })
    void sixtyFourMebibytesArriveThroughTheClientsRelay(Whose relay, Whose server, Whose client) {
        String relayKey = relay(relay);
        Peer serving = peer(server, "echo-server", "--no-punch");
        String key = serving.await("PUBKEY");

        Peer asking =
                peer(
                        client,
                        "echo-client",
                        "--no-punch",
                        "--relay-through",
                        relayKey,
                        "--connect",
                        key,
                        "--bytes",
                        64 * MEBIBYTE);

        assertThat(asking.await("OK", Duration.ofMinutes(2))).startsWith(HASH_OF_64_MEBIBYTES);
        assertThat(asking.await("DONE")).startsWith("1 0 ");
        assertThat(asking.status()).isZero();
        assertThat(serving.await("CLOSE")).endsWith(" -");
    }

    @ParameterizedTest(name = "relay {0}, server {1}, client {2}, named by the server")
    @CsvSource({
        "KEYHOLE, ORIGINAL, ORIGINAL",
        "KEYHOLE, KEYHOLE, ORIGINAL",
        "KEYHOLE, ORIGINAL, KEYHOLE",
        "ORIGINAL, KEYHOLE, ORIGINAL",
        "ORIGINAL, ORIGINAL, KEYHOLE",
        "ORIGINAL, KEYHOLE, KEYHOLE"
    })
    void aMebibyteArrivesThroughTheServersRelay(Whose relay, Whose server, Whose client) {
        String relayKey = relay(relay);
        Peer serving = peer(server, "echo-server", "--no-punch", "--relay-through", relayKey);
        String key = serving.await("PUBKEY");

        Peer asking =
                peer(client, "echo-client", "--no-punch", "--connect", key, "--bytes", MEBIBYTE);

        asking.await("OK");
        assertThat(asking.status()).isZero();
        assertThat(serving.await("CLOSE")).endsWith(" -");
    }

    @ParameterizedTest(name = "relay {0}, server {1}, client {2}")
    @CsvSource({"KEYHOLE, ORIGINAL, ORIGINAL", "ORIGINAL, KEYHOLE, ORIGINAL"})
    void relayedConnectionMovesToTheDirectPath(Whose relay, Whose server, Whose client) {
        movesInMidTransfer(relay, server, client);
    }

    /**
     * These depend on luck: on a fast machine all is through before a server of the original opens
     * its NAT, and an idle connection stays relayed; and on a busy one the first of them has once
     * not been acknowledged from its beginning on. {@code mvn verify -Dinterop.excluded.tags=}.
     */
    @ParameterizedTest(name = "relay {0}, server {1}, client {2}")
    @Tag("restless")
    @CsvSource({
        "KEYHOLE, KEYHOLE, ORIGINAL",
        "KEYHOLE, ORIGINAL, KEYHOLE",
        "ORIGINAL, ORIGINAL, KEYHOLE"
    })
    void otherMixturesMoveMostTimes(Whose relay, Whose server, Whose client) {
        movesInMidTransfer(relay, server, client);
    }

    private void movesInMidTransfer(Whose relay, Whose server, Whose client) {
        String relayKey = relay(relay);
        Peer serving = peer(server, "echo-server", late(server));
        String key = serving.await("PUBKEY");

        Peer asking =
                peer(
                        client,
                        "echo-client",
                        join(
                                late(client),
                                "--relay-through",
                                relayKey,
                                "--connect",
                                key,
                                "--hold",
                                "--bytes",
                                64 * MEBIBYTE));

        List<String> said = awaitBoth(asking, "OK", "MOVED");
        assertThat(said).anyMatch(line -> line.startsWith("OK " + HASH_OF_64_MEBIBYTES));
        asking.send("QUIT");
        assertThat(asking.status()).isZero();
    }

    /** The original has its NAT open late; ours punches as always. */
    private static Object[] late(Whose whose) {
        return whose == Whose.ORIGINAL ? new Object[] {"--punch-after", 6000} : new Object[0];
    }

    private static List<String> awaitBoth(Peer peer, String first, String second) {
        List<String> said = new ArrayList<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!(saidOf(said, first) && saidOf(said, second)) && System.nanoTime() < deadline) {
            peer.next(Duration.ofSeconds(1)).ifPresent(said::add);
        }
        assertThat(saidOf(said, first) && saidOf(said, second))
                .as("%s and %s in %s", first, second, said)
                .isTrue();
        return said;
    }

    private static boolean saidOf(List<String> lines, String word) {
        return lines.stream().anyMatch(line -> line.equals(word) || line.startsWith(word + " "));
    }

    /** Starts a network and a relay on it. */
    private String relay(Whose whose) {
        Peer testnet = Peer.original("testnet.mjs", "--nodes", 6);
        open.push(testnet);
        bootstrap = testnet.await("BOOTSTRAP");
        Peer relay =
                whose == Whose.ORIGINAL
                        ? Peer.original("relay.mjs", "--bootstrap", bootstrap)
                        : Peer.keyhole(
                                "relay",
                                "--open",
                                "--bootstrap",
                                bootstrap,
                                "--host",
                                "127.0.0.1",
                                "--port",
                                0);
        open.push(relay);
        return relay.await(whose == Whose.ORIGINAL ? "RELAY" : "Relay public key");
    }

    /** A server or a client that is behind a firewall, and not on our network. */
    private Peer peer(Whose whose, String what, Object... more) {
        Object[] options =
                join(new Object[] {"--bootstrap", bootstrap, "--firewalled", "--no-lan"}, more);
        Peer peer =
                whose == Whose.KEYHOLE
                        ? Peer.keyhole("interop-endpoint", join(new Object[] {what}, options))
                        : Peer.original(what + ".mjs", options);
        open.push(peer);
        return peer;
    }

    private static Object[] join(Object[] first, Object... then) {
        return Stream.concat(Stream.of(first), Stream.of(then)).toArray();
    }
}
