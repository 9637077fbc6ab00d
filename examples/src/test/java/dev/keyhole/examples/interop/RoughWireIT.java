package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The original at either end of a connection, and between all programs, the nodes of the network too,
 * a wire on which five datagrams in a hundred get lost, five arrive twice and five late; or one that
 * loses what is too long for it.
 */
@Timeout(180)
class RoughWireIT {

    private static final long SEED = 17;
    private static final double SHARE = 0.05;
    private static final int BYTES = 64 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String HASH =
            "4a4fe2777bc8e73751c86c23dc1906f372e9c66be4323b6b45b6e94807e67bea";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    /** Who is at which end. */
    enum Ends {
        ORIGINAL_TO_KEYHOLE(false, true),
        KEYHOLE_TO_ORIGINAL(true, false),
        KEYHOLE_TO_KEYHOLE(true, true);

        final boolean ourClient;
        final boolean ourServer;

        Ends(boolean ourClient, boolean ourServer) {
            this.ourClient = ourClient;
            this.ourServer = ourServer;
        }
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void sixtyFourMebibytesThereAndBackArriveWhole(Ends ends) {
        int port = RoughWire.freePort();
        RoughWire wire = RoughWire.start(SEED, SHARE, port);

        assertThat(echo(ends, wire, port, BYTES)).startsWith(HASH);

        assertThat(wire.passed()).isGreaterThan(2L * BYTES / 1472);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void bothEndsFindOutHowLargePacketsMayBe(Ends ends) {
        int port = RoughWire.freePort();
        RoughWire wire = RoughWire.narrow(1472, port);

        echo(ends, wire, port, BYTES / 4);

        assertThat(wire.longest().subList(0, 2)).containsExactly(1472, 1472);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void aWireTooNarrowForTheLargestPacketsHoldsNobodyUp(Ends ends) {
        int port = RoughWire.freePort();
        RoughWire wire = RoughWire.narrow(1300, port);

        echo(ends, wire, port, BYTES / 4);

        assertThat(wire.longest().subList(0, 2)).containsExactly(1300, 1300);
    }

    /** Has bytes sent there and back over a wire, and says their hash. */
    private String echo(Ends ends, RoughWire wire, int port, int bytes) {
        open.push(wire);
        Peer testnet =
                Peer.original(
                        "testnet.mjs", "--nodes", 4, "--port", port, "--host", RoughWire.BEHIND);
        open.push(testnet);
        String bootstrap = testnet.await("BOOTSTRAP");
        Peer server = start(ends.ourServer, "echo-server", bootstrap);
        String key = server.await("PUBKEY");

        Peer client =
                start(ends.ourClient, "echo-client", bootstrap, "--connect", key, "--bytes", bytes);

        String hash = client.await("OK", LIMIT);
        assertThat(client.await("DONE")).startsWith("1 0 ");
        return hash;
    }

    private Peer start(boolean ours, String what, String bootstrap, Object... more) {
        List<Object> common =
                List.of("--bootstrap", bootstrap, "--host", RoughWire.BEHIND, "--no-lan");
        Object[] options = Stream.concat(common.stream(), Stream.of(more)).toArray();
        Object[] command = Stream.concat(Stream.of(what), Stream.of(options)).toArray();
        Peer peer =
                ours
                        ? Peer.keyhole("interop-endpoint", command)
                        : Peer.original(what + ".mjs", options);
        open.push(peer);
        return peer;
    }
}
