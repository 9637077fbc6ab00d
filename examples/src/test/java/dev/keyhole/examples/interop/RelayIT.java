package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Relays, servers and clients of ours and of the original, in all combinations that have both. */
@Timeout(180)
class RelayIT {

    private static final int MEBIBYTE = 1 << 20;
    private static final String HASH_OF_64_MEBIBYTES =
            "4a4fe2777bc8e73751c86c23dc1906f372e9c66be4323b6b45b6e94807e67bea";

    private static final Networks NETWORKS = new Networks();
    private static String bootstrap = "";
    private static final Map<Whose, Peer> RELAYS = new EnumMap<>(Whose.class);
    private static final Map<Whose, String> RELAY_KEYS = new EnumMap<>(Whose.class);

    private final Deque<Peer> open = new ArrayDeque<>();

    /** Whose program something is. */
    enum Whose {
        ORIGINAL,
        KEYHOLE
    }

    @BeforeAll
    static void startNetworkAndRelays() {
        bootstrap = NETWORKS.bootstrap(Networks.Kind.ORIGINAL);
        RELAYS.put(Whose.ORIGINAL, Peer.original("relay.mjs", "--bootstrap", bootstrap));
        RELAYS.put(
                Whose.KEYHOLE,
                Peer.keyhole(
                        "relay",
                        "--open",
                        "--bootstrap",
                        bootstrap,
                        "--host",
                        "127.0.0.1",
                        "--port",
                        0));
        RELAY_KEYS.put(Whose.ORIGINAL, RELAYS.get(Whose.ORIGINAL).await("RELAY"));
        RELAY_KEYS.put(Whose.KEYHOLE, RELAYS.get(Whose.KEYHOLE).await("Relay public key"));
    }

    @AfterAll
    static void stopNetworkAndRelays() {
        RELAYS.values().forEach(Peer::close);
        NETWORKS.close();
    }

    @AfterEach
    void close() {
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
        String relayKey = RELAY_KEYS.get(relay);
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
        String relayKey = RELAY_KEYS.get(relay);
        Peer serving = peer(server, "echo-server", "--no-punch", "--relay-through", relayKey);
        String key = serving.await("PUBKEY");

        Peer asking =
                peer(client, "echo-client", "--no-punch", "--connect", key, "--bytes", MEBIBYTE);

        asking.await("OK");
        assertThat(asking.status()).isZero();
        assertThat(serving.await("CLOSE")).endsWith(" -");
    }

    @ParameterizedTest(name = "relay {0}, server {1}, client {2}")
    @CsvSource({
        "KEYHOLE, ORIGINAL, ORIGINAL",
        "KEYHOLE, KEYHOLE, ORIGINAL",
        "KEYHOLE, ORIGINAL, KEYHOLE",
        "ORIGINAL, KEYHOLE, ORIGINAL",
        "ORIGINAL, ORIGINAL, KEYHOLE"
    })
    void relayedConnectionMovesToTheDirectPath(Whose relay, Whose server, Whose client) {
        String relayKey = RELAY_KEYS.get(relay);
        Peer serving = peer(server, "echo-server", shut(server));
        String key = serving.await("PUBKEY");
        Peer asking =
                peer(
                        client,
                        "echo-client",
                        join(
                                shut(client),
                                "--relay-through",
                                relayKey,
                                "--connect",
                                key,
                                "--hold",
                                "--bytes",
                                64 * MEBIBYTE));
        asking.await("OPEN");

        openNat(server, serving);
        openNat(client, asking);

        List<String> said = awaitBoth(asking, "OK", "MOVED");
        assertThat(said).anyMatch(line -> line.startsWith("OK " + HASH_OF_64_MEBIBYTES));
        asking.send("QUIT");
        assertThat(asking.status()).isZero();
    }

    /** The original has its NAT shut until it is told to open it; ours punches as always. */
    private static Object[] shut(Whose whose) {
        return whose == Whose.ORIGINAL ? new Object[] {"--shut"} : new Object[0];
    }

    private static void openNat(Whose whose, Peer peer) {
        if (whose == Whose.ORIGINAL) {
            peer.send("OPEN NAT");
        }
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
