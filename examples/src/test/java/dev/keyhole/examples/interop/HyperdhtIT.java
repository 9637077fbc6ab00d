package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.examples.interop.Networks.Kind;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our servers and clients with those of the original, over networks of either. */
@Timeout(180)
class HyperdhtIT {

    private static final int MEBIBYTE = 1 << 20;
    private static final String HASH_OF_64_MEBIBYTES =
            "4a4fe2777bc8e73751c86c23dc1906f372e9c66be4323b6b45b6e94807e67bea";
    private static final String CLIENT_SEED = "22".repeat(32);

    private static final Networks NETWORKS = new Networks();

    private final Deque<Peer> open = new ArrayDeque<>();

    /** Who is at which end. */
    enum Ends {
        ORIGINAL_TO_KEYHOLE,
        KEYHOLE_TO_ORIGINAL,
        KEYHOLE_TO_KEYHOLE
    }

    @AfterAll
    static void stopNetworks() {
        NETWORKS.close();
    }

    @AfterEach
    void close() {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void anEchoOfOneMebibyteOverTheOriginalNetwork(Ends ends) {
        echo(ends, NETWORKS.bootstrap(Kind.ORIGINAL), MEBIBYTE);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void anEchoOfOneMebibyteOverOurNetwork(Ends ends) {
        echo(ends, NETWORKS.bootstrap(Kind.KEYHOLE), MEBIBYTE);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void anEchoOf64MebibytesArrivesWhole(Ends ends) {
        String hash = echo(ends, NETWORKS.bootstrap(Kind.ORIGINAL), 64 * MEBIBYTE);

        assertThat(hash).isEqualTo(HASH_OF_64_MEBIBYTES);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void fiftyConcurrentConnectsAllSucceed(Ends ends) {
        String bootstrap = NETWORKS.bootstrap(Kind.KEYHOLE);
        Peer server = server(ends, bootstrap);

        Peer client = client(ends, bootstrap, key(server), "--count", 50, "--concurrency", 50);

        assertThat(client.await("DONE")).startsWith("50 0 ");
        assertThat(client.status()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void whoeverIsNotAllowedHearsNothing(Ends ends) {
        String bootstrap = NETWORKS.bootstrap(Kind.KEYHOLE);
        String somebodyElse = "00".repeat(32);
        Peer server = server(ends, bootstrap, "--firewall-allow", somebodyElse);

        Peer client = client(ends, bootstrap, key(server), "--seed", CLIENT_SEED);

        assertThat(client.await("ERR")).startsWith("PEER_CONNECTION_FAILED");
        assertThat(server.await("DENY"))
                .isEqualTo(KeyPair.fromSeed(Seed.ofHex(CLIENT_SEED)).publicKey().toHex());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aKeyThatNobodyHasIsNotFound(Kind network) {
        String bootstrap = NETWORKS.bootstrap(network);
        String nobody = KeyPair.fromSeed(Seed.ofHex("77".repeat(32))).publicKey().toHex();

        Peer client = client(Ends.KEYHOLE_TO_KEYHOLE, bootstrap, nobody);

        assertThat(client.await("ERR")).startsWith("PEER_NOT_FOUND");
        assertThat(client.status()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void aServerThatIsKilledIsNoticed(Ends ends) {
        String bootstrap = NETWORKS.bootstrap(Kind.KEYHOLE);
        Peer server = server(ends, bootstrap);
        Peer client = client(ends, bootstrap, key(server), "--hold");
        client.await("HELD");

        server.kill();

        assertThat(client.await("CLOSE", Duration.ofSeconds(40))).isEqualTo("ETIMEDOUT");
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void aClientThatIsKilledIsNoticed(Ends ends) {
        String bootstrap = NETWORKS.bootstrap(Kind.KEYHOLE);
        Peer server = server(ends, bootstrap);
        Peer client = client(ends, bootstrap, key(server), "--hold");
        client.await("HELD");

        client.kill();

        assertThat(server.await("CLOSE", Duration.ofSeconds(40))).endsWith(" ETIMEDOUT");
    }

    @Test
    void aServerThatEndsInGoodOrderIsNotFoundAnyMore() {
        String bootstrap = NETWORKS.bootstrap(Kind.ORIGINAL);
        Peer server = server(Ends.ORIGINAL_TO_KEYHOLE, bootstrap);
        String key = key(server);

        server.send("QUIT");
        assertThat(server.status()).isZero();

        Peer client = client(Ends.ORIGINAL_TO_KEYHOLE, bootstrap, key);
        assertThat(client.await("ERR")).startsWith("PEER_NOT_FOUND");
    }

    private String echo(Ends ends, String bootstrap, int bytes) {
        Peer server = server(ends, bootstrap);

        Peer client = client(ends, bootstrap, key(server), "--bytes", bytes);

        String ok = client.await("OK", Duration.ofMinutes(2));
        assertThat(client.await("DONE")).startsWith("1 0 ");
        assertThat(client.status()).isZero();
        assertThat(server.await("CLOSE")).endsWith(" -");
        return ok.split(" ", -1)[0];
    }

    private Peer server(Ends ends, String bootstrap, Object... more) {
        return start(ends != Ends.KEYHOLE_TO_ORIGINAL, "echo-server", bootstrap, more);
    }

    private Peer client(Ends ends, String bootstrap, String key, Object... more) {
        boolean ours = ends != Ends.ORIGINAL_TO_KEYHOLE;
        return start(ours, "echo-client", bootstrap, join(List.of("--connect", key), more));
    }

    private Peer start(boolean ours, String what, String bootstrap, Object... more) {
        Object[] options = join(List.of("--bootstrap", bootstrap), more);
        Peer peer =
                ours
                        ? Peer.keyhole("interop-endpoint", join(List.of(what), options))
                        : Peer.original(what + ".mjs", options);
        open.push(peer);
        return peer;
    }

    private static Object[] join(List<?> first, Object... then) {
        return Stream.concat(first.stream(), Stream.of(then)).toArray();
    }

    private static String key(Peer server) {
        return server.await("PUBKEY");
    }
}
