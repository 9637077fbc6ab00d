package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.examples.interop.Networks.Kind;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values and topics that one side puts into the DHT and the other takes out. */
@Timeout(120)
class DhtCommandsIT {

    private static final Networks NETWORKS = new Networks();

    private final Deque<Peer> open = new ArrayDeque<>();

    /** Whose nodes store, who writes and who reads. */
    enum Roles {
        OURS_STORES_ORIGINAL_WRITES_ORIGINAL_READS(true, false, false),
        OURS_STORES_ORIGINAL_WRITES_OURS_READS(true, false, true),
        OURS_STORES_OURS_WRITES_ORIGINAL_READS(true, true, false),
        ORIGINAL_STORES_ORIGINAL_WRITES_OURS_READS(false, false, true),
        ORIGINAL_STORES_OURS_WRITES_ORIGINAL_READS(false, true, false),
        ORIGINAL_STORES_OURS_WRITES_OURS_READS(false, true, true);

        private final boolean oursStores;
        private final boolean oursWrites;
        private final boolean oursReads;

        Roles(boolean oursStores, boolean oursWrites, boolean oursReads) {
            this.oursStores = oursStores;
            this.oursWrites = oursWrites;
            this.oursReads = oursReads;
        }

        private String bootstrap() {
            return NETWORKS.bootstrap(oursStores ? Kind.KEYHOLE : Kind.ORIGINAL);
        }

        /** What nobody else in these tests writes under, or looks for. */
        private String seed() {
            return hex("seed");
        }

        private String key() {
            return KeyPair.fromSeed(Seed.ofHex(seed())).publicKey().toHex();
        }

        private String topic() {
            return hex("topic");
        }

        private String value() {
            return hex("value").repeat(25);
        }

        private String hex(String what) {
            return Blake2b.hash256(Bytes.utf8(name() + " " + what)).toHex();
        }
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
    @EnumSource(Roles.class)
    void aValueIsFoundUnderItsHash(Roles roles) {
        String bootstrap = roles.bootstrap();

        Peer writer = run(roles.oursWrites, bootstrap, "put-immutable", "--value", roles.value());
        String hash = writer.await("HASH");

        Peer reader = run(roles.oursReads, bootstrap, "get-immutable", "--hash", hash);
        assertThat(reader.await("VALUE")).isEqualTo(roles.value());
        Peer other = run(roles.oursReads, bootstrap, "get-immutable", "--hash", roles.topic());
        other.await("NONE");
    }

    @ParameterizedTest
    @EnumSource(Roles.class)
    void theLatestValueOfAKeyIsFoundWithItsSignature(Roles roles) {
        String bootstrap = roles.bootstrap();
        Object[] first = {"--seed", roles.seed(), "--value", "01", "--seq", 1};
        Object[] second = {"--seed", roles.seed(), "--value", "0202", "--seq", 2};

        run(roles.oursWrites, bootstrap, "put-mutable", first).await("PUT");
        String put = run(roles.oursWrites, bootstrap, "put-mutable", second).await("PUT");

        assertThat(put).startsWith(roles.key() + " 2 ");
        String signature = put.substring(put.lastIndexOf(' ') + 1);
        Peer reader = run(roles.oursReads, bootstrap, "get-mutable", "--key", roles.key());
        assertThat(reader.await("VALUE")).isEqualTo("2 0202 " + signature);
        Peer tooLate =
                run(roles.oursReads, bootstrap, "get-mutable", "--key", roles.key(), "--seq", 3);
        tooLate.await("NONE");
    }

    @ParameterizedTest
    @EnumSource(Roles.class)
    void whoAnnouncesATopicIsFoundThereUntilItLeaves(Roles roles) {
        String bootstrap = roles.bootstrap();

        Peer writer =
                run(
                        roles.oursWrites,
                        bootstrap,
                        "announce",
                        "--seed",
                        roles.seed(),
                        "--topic",
                        roles.topic());
        assertThat(writer.await("ANNOUNCED")).isEqualTo(roles.key());

        Peer reader = run(roles.oursReads, bootstrap, "lookup", "--topic", roles.topic());
        assertThat(reader.await("PEER")).isEqualTo(roles.key());
        assertThat(reader.await("DONE")).isEqualTo("1");
        writer.send("QUIT");
        assertThat(writer.status()).isZero();
        Peer later = run(roles.oursReads, bootstrap, "lookup", "--topic", roles.topic());
        assertThat(later.await("DONE")).isEqualTo("0");
    }

    private Peer run(boolean ours, String bootstrap, String command, Object... options) {
        List<Object> line = new ArrayList<>(List.of(command, "--bootstrap", bootstrap));
        Stream.of(options).forEach(line::add);
        Peer peer =
                ours
                        ? Peer.keyhole("interop-endpoint", line.toArray())
                        : Peer.original("dht-peer.mjs", line.toArray());
        open.push(peer);
        return peer;
    }
}
