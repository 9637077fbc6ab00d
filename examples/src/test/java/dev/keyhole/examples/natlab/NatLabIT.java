package dev.keyhole.examples.natlab;

import static dev.keyhole.examples.natlab.NatLab.Kind.BLOCKED;
import static dev.keyhole.examples.natlab.NatLab.Kind.CONE;
import static dev.keyhole.examples.natlab.NatLab.Kind.FULLCONE;
import static dev.keyhole.examples.natlab.NatLab.Kind.OPEN;
import static dev.keyhole.examples.natlab.NatLab.Kind.RANDOM;
import static dev.keyhole.examples.natlab.NatLab.Who.KEYHOLE;
import static dev.keyhole.examples.natlab.NatLab.Who.ORIGINAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.examples.interop.Peer;
import dev.keyhole.examples.natlab.NatLab.Kind;
import dev.keyhole.examples.natlab.NatLab.Who;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Our ends and those of the original, behind all kinds of NATs, in a lab of network namespaces.
 *
 * <p>{@code -Dnatlab=full} has every pair meet in every mixture, writes the tables to {@code
 * target/natlab.md}, and tries what takes minutes of waiting.
 */
@Timeout(900)
class NatLabIT {

    private static final boolean FULL = "full".equals(System.getProperty("natlab"));
    private static final Path TABLES = Path.of("target/natlab.md");
    private static final String LAB = "nl" + ProcessHandle.current().pid();

    private static final Duration A_WHILE = Duration.ofMinutes(2);
    private static final int MEBIBYTE = 1 << 20;

    /** What a pair may take, and what it may take if ports have to be guessed. */
    private static final long PROMPT_MILLIS = 15_000;

    private static final long LUCKY_MILLIS = 40_000;

    /** A pair of NATs: the server's, and the client's. */
    private record Pair(Kind server, Kind client) {}

    /** Whose server, and whose client. */
    enum Ends {
        KEYHOLE_TO_KEYHOLE(KEYHOLE, KEYHOLE),
        ORIGINAL_TO_KEYHOLE(KEYHOLE, ORIGINAL),
        KEYHOLE_TO_ORIGINAL(ORIGINAL, KEYHOLE);

        private final Who server;
        private final Who client;

        Ends(Who server, Who client) {
            this.server = server;
            this.client = client;
        }

        /** Meets every pair in a full run, and ours alone in a brief one. */
        private void orSkip() {
            boolean ours = this == KEYHOLE_TO_KEYHOLE;
            Assumptions.assumeTrue(ours || FULL, "only with -Dnatlab=full");
            if (!ours) {
                Peer.requireNode();
            }
        }
    }

    /** Those that say most in little time. */
    private static final List<Pair> TELLING =
            List.of(
                    new Pair(CONE, OPEN),
                    new Pair(CONE, CONE),
                    new Pair(FULLCONE, RANDOM),
                    new Pair(CONE, RANDOM));

    @BeforeAll
    static void requireNamespaces() throws IOException {
        String missing = NatLab.missing();
        Assumptions.assumeTrue(missing.isEmpty(), missing);
        Files.deleteIfExists(TABLES);
    }

    @Test
    void everyKindOfNatMeetsEveryOther() {
        List<Encounter> encounters = meet(KEYHOLE, KEYHOLE, everyPair());

        for (Encounter met : encounters) {
            if (met.serverNat() == RANDOM && met.clientNat() == RANDOM) {
                assertThat(met.failure()).isEqualTo("HOLEPUNCH_DOUBLE_RANDOMIZED_NATS");
            } else {
                assertThat(met.failure()).as(met.toString()).isEmpty();
                assertThat(met.millis())
                        .as(met.toString())
                        .isLessThan(met.needsLuck() ? LUCKY_MILLIS : PROMPT_MILLIS);
            }
        }
    }

    @Test
    void twoRandomNatsMeetThroughARelay() {
        try (NatLab lab = NatLab.up(LAB, KEYHOLE);
                Peer relay = lab.relay()) {
            String key = relay.await("Relay public key");

            Encounter met =
                    Encounter.of(lab, KEYHOLE, RANDOM, KEYHOLE, RANDOM, "--relay-through", key);

            assertThat(met.failure()).as(met.toString()).isEmpty();
            assertThat(met.millis()).isLessThan(PROMPT_MILLIS);
        }
    }

    @Test
    void clientsOfTheOriginalReachOurServers() {
        List<Encounter> encounters = meet(KEYHOLE, ORIGINAL, FULL ? everyPair() : TELLING);

        assertThat(encounters).filteredOn(NatLabIT::hasAWay).allMatch(Encounter::connected);
    }

    @Test
    void ourClientsReachServersOfTheOriginal() {
        List<Encounter> encounters = meet(ORIGINAL, KEYHOLE, FULL ? everyPair() : TELLING);

        assertThat(encounters).filteredOn(NatLabIT::hasAWay).allMatch(Encounter::connected);
    }

    @Test
    void theOriginalAmongItselfIsTheMeasure() {
        Assumptions.assumeTrue(FULL, "only with -Dnatlab=full");

        List<Encounter> encounters = meet(ORIGINAL, ORIGINAL, everyPair());

        assertThat(encounters).anyMatch(Encounter::connected);
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void distanceAndLossSlowAPunchDownAndDoNotStopIt(Ends ends) {
        ends.orSkip();
        try (NatLab lab =
                NatLab.up(
                        LAB,
                        KEYHOLE,
                        "--delay-a=20",
                        "--delay-b=30",
                        "--loss-a=0.05",
                        "--loss-b=0.05")) {
            assertThat(Encounter.of(lab, ends.server, CONE, ends.client, CONE))
                    .matches(Encounter::connected)
                    .matches(met -> met.millis() < PROMPT_MILLIS);
        }
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void aSecondNatOnTheWayIsNoMoreThanANat(Ends ends) {
        ends.orSkip();
        try (NatLab lab = NatLab.up(LAB, KEYHOLE, "--carrier-b")) {
            assertThat(Encounter.of(lab, ends.server, CONE, ends.client, CONE))
                    .matches(Encounter::connected);
            assertThat(Encounter.of(lab, ends.server, CONE, ends.client, RANDOM))
                    .matches(Encounter::connected);
        }
    }

    @ParameterizedTest
    @EnumSource(Ends.class)
    void neighboursMeetOnTheirOwnNetworkEvenIfEachHasAFirewall(Ends ends) {
        ends.orSkip();
        try (NatLab lab = NatLab.up(LAB, KEYHOLE)) {
            assertThat(neighbours(lab, ends)).isEqualTo("1 0");
            if (ends != Ends.KEYHOLE_TO_KEYHOLE) {
                // An end of the original does not open the way from inside the common network.
                return;
            }

            lab.wall("a", true);
            assertThat(neighbours(lab, ends)).isEqualTo("1 0");

            lab.wall("c", true);
            assertThat(neighbours(lab, ends)).isEqualTo("1 0");
        }
    }

    @Test
    void whoeverHasNoUdpIsToldSo() {
        try (NatLab lab = NatLab.up(LAB, KEYHOLE)) {
            Encounter met = Encounter.of(lab, KEYHOLE, CONE, KEYHOLE, BLOCKED);

            assertThat(met.failure()).isEqualTo("PEER_NOT_FOUND");
            assertThat(met.text()).contains("no DHT node answered");
        }
    }

    /** A server of the original does not follow its clients; its clients mostly get through. */
    @Test
    void aTransferGoesOnWhenTheClientsAddressChanges() {
        try (NatLab lab = NatLab.up(LAB, KEYHOLE)) {
            lab.nat("a", OPEN);
            try (Peer server = lab.endpoint("a", KEYHOLE, "echo-server");
                    Peer client =
                            lab.endpoint(
                                    "b",
                                    KEYHOLE,
                                    "echo-client",
                                    "--connect",
                                    server.await("PUBKEY"),
                                    "--bytes",
                                    64 * MEBIBYTE)) {
                client.await("OPEN");

                lab.move("b");

                assertThat(client.await("DONE", A_WHILE)).startsWith("1 0 ");
            }
        }
    }

    @Test
    void aNatThatForgetsWithinHalfAMinuteHurtsNobody() {
        Assumptions.assumeTrue(FULL, "only with -Dnatlab=full");
        try (NatLab lab = NatLab.up(LAB, KEYHOLE, "--udp-timeout=30");
                Peer server = lab.endpoint("a", KEYHOLE, "echo-server")) {
            String key = server.await("PUBKEY");
            try (Peer holding =
                    lab.endpoint("b", KEYHOLE, "echo-client", "--connect", key, "--hold")) {
                holding.await("HELD");

                assertThat(server.find("CLOSE", Duration.ofSeconds(75))).isEmpty();
            }
            try (Peer client = lab.endpoint("b", KEYHOLE, "echo-client", "--connect", key)) {
                assertThat(client.await("DONE")).startsWith("1 0 ");
            }
        }
    }

    /** Two NATs that both change ports leave nothing to punch at. */
    private static boolean hasAWay(Encounter met) {
        return met.serverNat() != RANDOM || met.clientNat() != RANDOM;
    }

    private static List<Pair> everyPair() {
        List<Pair> pairs = new ArrayList<>();
        for (Kind server : NatMatrix.KINDS) {
            for (Kind client : NatMatrix.KINDS) {
                pairs.add(new Pair(server, client));
            }
        }
        return pairs;
    }

    private static List<Encounter> meet(Who server, Who client, List<Pair> pairs) {
        if (server == ORIGINAL || client == ORIGINAL) {
            Peer.requireNode();
        }
        List<Encounter> encounters = new ArrayList<>();
        try (NatLab lab = NatLab.up(LAB, KEYHOLE)) {
            for (Pair pair : pairs) {
                encounters.add(Encounter.of(lab, server, pair.server, client, pair.client));
            }
        }
        String table = server + " server, " + client + " client\n\n" + NatMatrix.table(encounters);
        System.out.println(table);
        append(table + "\n");
        return encounters;
    }

    private static void append(String table) {
        try {
            Files.createDirectories(TABLES.getParent());
            Files.writeString(TABLES, table, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has a client at c connect to a server at a. */
    private static String neighbours(NatLab lab, Ends ends) {
        try (Peer server = lab.endpoint("a", ends.server, "echo-server");
                Peer client =
                        lab.endpoint(
                                "c",
                                ends.client,
                                "echo-client",
                                "--connect",
                                server.await("PUBKEY"))) {
            String done = client.await("DONE");
            return done.substring(0, done.lastIndexOf(' '));
        }
    }
}
