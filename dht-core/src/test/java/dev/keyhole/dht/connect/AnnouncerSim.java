package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.Puppets.Puppet;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a server can be found, and how soon again, whatever happens to it and its relays. */
class AnnouncerSim {

    @ParameterizedTest
    @ValueSource(ints = {10, 11, 40, 600})
    void tenSecondOutageIsHealedWithinFiveSeconds(int seconds) {
        SimDht dht = SimDht.of(seconds, 6);
        Served server = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.settle();

        outage(server, seconds);
        dht.net.run(SECONDS.toNanos(5));

        assertThat(server.known()).hasSizeGreaterThanOrEqualTo(3);
        assertThat(server.relayAddresses()).hasSize(3);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(dialled.seconds()).isLessThan(1);
    }

    @Test
    void roundThatReachedNobodyChangesNothing() {
        SimDht dht = SimDht.of(31, 6);
        Served server = dht.firewalled().serve(key -> false);
        List<Address> relays = server.relayAddresses();
        List<Node> known = server.known();
        isolate(server.node, true);
        dht.net.run(MINUTES.toNanos(4));
        assertThat(server.announcer().rounds()).isGreaterThan(5);
        long sent = server.node.host.sent();
        dht.net.run(SECONDS.toNanos(10));

        assertThat(server.relayAddresses()).isEqualTo(relays);
        assertThat(server.known()).isEqualTo(known);
        assertThat(server.node.host.sent()).as("keep-alives go on").isGreaterThan(sent + 9);
        assertThat(relays).allMatch(server.announcer()::isRelay);

        isolate(server.node, false);
        dht.net.run(SECONDS.toNanos(20));
        assertThat(server.known()).as("nothing was withdrawn").containsAll(known);
    }

    @Test
    void driftedMappingIsReannouncedWithinTenSeconds() {
        SimDht dht = SimDht.of(32, 6);
        Served server = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.settle();
        Address before = server.known().get(0).wayTo(server.key());
        long rounds = server.announcer().rounds();

        server.node.nat.rebind();
        dht.net.run(SECONDS.toNanos(10));

        assertThat(server.known())
                .hasSize(3)
                .allMatch(relay -> !relay.wayTo(server.key()).equals(before));
        assertThat(server.announcer().relays())
                .allMatch(relay -> !relay.peerAddress().equals(before));
        assertThat(server.announcer().rounds()).isEqualTo(rounds);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(dialled.seconds()).isLessThan(1);
    }

    @Test
    void driftRefreshesAreRateLimited() {
        Puppets puppets = new Puppets(new SimDht(33)).add(5);
        Served server = serve(puppets);
        server.announcer().relays().forEach(r -> puppets.at(r.relayAddress()).seesDouble = true);
        dht(server).net.run(SECONDS.toNanos(100));

        assertThat(server.announcer().repetitions()).isBetween(27L, 33L);
        assertThat(server.announcer().rounds()).isLessThan(3);
    }

    @Test
    void relayThatForgotTheServerIsToldAgain() {
        Puppets puppets = new Puppets(new SimDht(34)).add(5);
        Served server = serve(puppets);
        Puppet relay = puppets.at(server.relayAddresses().get(1));

        relay.announcedFrom = null;
        dht(server).net.run(SECONDS.toNanos(31));

        assertThat(relay.announcedFrom).isNotNull();
        assertThat(server.announcer().rounds()).isEqualTo(1);
    }

    @Test
    void wedgedAnnounceRoundIsReplacedAfterAMinute() {
        Puppets puppets = new Puppets(new SimDht(35)).add(20);
        puppets.all.forEach(puppet -> puppet.wedges = true);
        Node node = join(puppets);

        Served server = node.listen(new ServerConfig(key -> false, true, 16, 8), node.newKeyPair());
        dht(server).net.run(SECONDS.toNanos(60));

        assertThat(server.announcer().lateRounds()).isEqualTo(1);
        assertThat(server.announcer().rounds()).isEqualTo(2);

        puppets.all.forEach(puppet -> puppet.wedges = false);
        dht(server).net.runUntil(() -> server.relays == 3, SECONDS.toNanos(40));
    }

    @Test
    void refusedAnnounceIsReplacedByTheNextClosestNode() {
        SimDht dht = new SimDht(36);
        Puppets puppets = new Puppets(dht).add(12);
        Node node = join(puppets);
        KeyPair keyPair = node.newKeyPair();
        List<Puppet> closest = puppets.closestTo(keyPair.publicKey().target());
        for (int i = 0; i < 9; i++) {
            closest.get(i).refuses = i % 2 == 0;
            closest.get(i).wedges = i % 2 == 1;
        }

        Served server = node.serve(key -> false, true, keyPair);

        assertThat(server.relayAddresses())
                .containsExactlyInAnyOrderElementsOf(addresses(closest.subList(9, 12)));
    }

    @Test
    void nearbyRelaysArePreferredAmongTheEightClosest() {
        SimDht dht = new SimDht(37);
        Puppets puppets = new Puppets(dht).add(20);
        Node node = join(puppets);
        KeyPair keyPair = node.newKeyPair();
        List<Puppet> closest = puppets.closestTo(keyPair.publicKey().target());
        List<Integer> near = List.of(2, 5, 7);
        for (int i = 0; i < closest.size(); i++) {
            // Those beyond the eighth are the nearest of all, and too far from the key.
            long millis = i >= 8 ? 1 : near.contains(i) ? 20 : 150;
            dht.net.link(node.host, closest.get(i).host(), Link.of(MILLISECONDS.toNanos(millis)));
        }

        Served server = node.serve(key -> false, true, keyPair);

        assertThat(server.relayAddresses())
                .containsExactlyInAnyOrder(
                        closest.get(2).address, closest.get(5).address, closest.get(7).address);

        dht.net.link(Link.of(MILLISECONDS.toNanos(5)).withJitter(MILLISECONDS.toNanos(15)));
        List<Address> relays = server.relayAddresses();
        dht.net.run(MINUTES.toNanos(11));
        assertThat(server.announcer().rounds()).isEqualTo(3);
        assertThat(server.relayAddresses())
                .as("jitter moves nobody")
                .containsExactlyInAnyOrderElementsOf(relays);
    }

    @Test
    void noTwoRelaysOfAServerAreOnOneHost() {
        SimDht dht = new SimDht(38);
        Puppets puppets = new Puppets(dht);
        puppets.onOneHost(9);
        puppets.add(2);
        Node node = join(puppets);

        Served server = node.serve(key -> false);

        assertThat(server.relayAddresses()).hasSize(3).doesNotHaveDuplicates();
        assertThat(server.relayAddresses().stream().map(Address::host).distinct()).hasSize(3);
    }

    @Test
    void inAPrivateNetworkOneHostMayRelayAlone() {
        SimDht dht = new SimDht(39);
        Puppets puppets = new Puppets(dht);
        puppets.at("192.168.7.7", 5);

        Served server = join(puppets).serve(key -> false);

        assertThat(server.relayAddresses()).hasSize(3);
    }

    @Test
    void staleTokenIsRetriedOnceWithTheFreshOne() {
        Puppets puppets = new Puppets(new SimDht(40)).add(3);
        puppets.all.forEach(puppet -> puppet.tokensAreOld = true);

        Served server = serve(puppets);

        assertThat(server.relayAddresses()).hasSize(3);
        assertThat(puppets.all).allMatch(puppet -> puppet.announces == 2);
    }

    @Test
    void tokenThatIsRefusedTwiceIsNotTriedAgain() {
        Puppets puppets = new Puppets(new SimDht(41)).add(4);
        puppets.all.get(0).tokensAreAlwaysOld = true;

        Served server = serve(puppets);

        assertThat(server.relayAddresses()).hasSize(3);
        assertThat(puppets.all.get(0).announces).isLessThanOrEqualTo(2);
    }

    @Test
    void switchingTheMainSocketReannouncesAtOnce() {
        SimDht dht = SimDht.of(42, 8);
        Node node =
                dht.start(
                        dht.nextHost(),
                        NodeConfig.of(List.of(dht.storing.get(0).address))
                                .withQuickFirewall(false));
        Served server = node.serve(key -> false);
        Address before = node.dht.rpc().clientSocket().local();
        assertThat(server.known()).allMatch(r -> r.wayTo(server.key()).equals(before));

        dht.net.runUntil(() -> !node.dht.rpc().isFirewalled(), MINUTES.toNanos(30));
        dht.net.run(SECONDS.toNanos(1));

        Address now = node.dht.rpc().serverSocket().local();
        assertThat(server.known()).hasSizeGreaterThanOrEqualTo(3);
        assertThat(server.relayAddresses())
                .hasSize(3)
                .allMatch(r -> dht.at(r).wayTo(server.key()).equals(now));
    }

    @Test
    void closeReturnsWithinTheCallersDeadline() {
        for (int[] limitAndDead : new int[][] {{1000, 1}, {300, 1}, {1000, 0}}) {
            SimDht dht = SimDht.of(43, 5);
            Served server = dht.firewalled().serve(key -> false);
            List<Address> relays = server.relayAddresses();
            if (limitAndDead[1] > 0) {
                relays.forEach(relay -> dht.at(relay).host.kill());
            }
            long begun = dht.net.now();

            long[] done = new long[1];
            server.node.host.command(
                    now ->
                            server.node.dht.unlisten(
                                    server.acceptor,
                                    MILLISECONDS.toNanos(limitAndDead[0]),
                                    later -> done[0] += later,
                                    now));
            dht.net.run(SECONDS.toNanos(10));

            long took = done[0] - begun;
            if (limitAndDead[1] > 0) {
                assertThat(took).isEqualTo(MILLISECONDS.toNanos(limitAndDead[0]));
            } else {
                assertThat(took).isLessThan(MILLISECONDS.toNanos(100));
                assertThat(server.known()).isEmpty();
            }
        }
    }

    @Test
    void whoClosesDuringItsFirstRoundLeavesNothingBehind() {
        SimDht dht = SimDht.of(44, 6);
        dht.net.link(Link.of(MILLISECONDS.toNanos(30)));
        Node node = dht.firewalled();
        dht.settle();
        Served server = node.listen(new ServerConfig(key -> false, true, 16, 8), node.newKeyPair());
        dht.net.runUntil(() -> !server.known().isEmpty(), SECONDS.toNanos(5));
        assertThat(server.relays).isZero();

        node.host.command(now -> node.dht.unlisten(server.acceptor, later -> {}, now));
        dht.net.run(SECONDS.toNanos(2));

        assertThat(server.known()).isEmpty();
    }

    @Test
    void serverAnnouncesItselfWithAnEmptyRelayList() throws Exception {
        SimDht dht = SimDht.of(45, 5);
        Served server = dht.firewalled().serve(key -> false);

        for (Node relay : server.known()) {
            Bytes record =
                    relay.dht
                            .rpc()
                            .forward(server.key().target(), dht.net.now())
                            .orElseThrow()
                            .record();

            assertThat(record).isEqualTo(new PeerRecord(server.key(), List.of()).toBytes());
            assertThat(record.length()).isEqualTo(33);
        }
    }

    @Test
    void relaysArePublishedOnlyWhenTheRoundHasSettled() {
        SimDht dht = SimDht.of(46, 8);
        dht.net.link(Link.of(MILLISECONDS.toNanos(10)).withJitter(MILLISECONDS.toNanos(90)));
        Node node = dht.firewalled();
        Served server = node.listen(new ServerConfig(key -> false, true, 16, 8), node.newKeyPair());
        boolean[] seenUnderWay = new boolean[1];
        dht.net.invariant(
                () -> {
                    int relays = server.relayAddresses().size();
                    seenUnderWay[0] |= relays == 0 && !server.known().isEmpty();
                    assertThat(relays).isIn(0, 3);
                });

        dht.net.run(MINUTES.toNanos(6));

        assertThat(seenUnderWay[0]).isTrue();
        assertThat(server.relayAddresses()).hasSize(3);
    }

    @Test
    void nextRoundStartsFromTheLastClosestNodesAndCleansUpTheRest() {
        SimDht dht = SimDht.of(47, 4);
        Served server = dht.firewalled().serve(key -> false);
        List<Address> first = server.relayAddresses();

        // Nodes that are closer to the key come in.
        while (dht.storing.size() < 30) {
            dht.addStoringNode();
        }
        dht.net.run(MINUTES.toNanos(6));

        List<Address> second = server.relayAddresses();
        List<Address> replaced = new ArrayList<>(first);
        replaced.removeAll(second);
        assertThat(replaced).isNotEmpty();
        assertThat(replaced).allMatch(relay -> dht.at(relay).wayTo(server.key()) == null);
        assertThat(replaced).allMatch(server.announcer()::isRelay);
        assertThat(server.known()).hasSize(3);

        dht.net.run(MINUTES.toNanos(16));
        assertThat(server.relayAddresses()).containsExactlyInAnyOrderElementsOf(second);
        assertThat(replaced).noneMatch(server.announcer()::isRelay);
    }

    @Test
    void lostRelayStartsANewRoundAtOnce() {
        SimDht dht = SimDht.of(48, 8);
        Served server = dht.firewalled().serve(key -> false);
        dht.net.run(MINUTES.toNanos(1));
        Address lost = server.relayAddresses().get(0);

        dht.at(lost).host.kill();
        dht.net.runUntil(() -> server.announcer().rounds() > 1, SECONDS.toNanos(8));
        dht.net.run(SECONDS.toNanos(10));

        assertThat(server.relayAddresses()).hasSize(3).doesNotContain(lost);
    }

    @Test
    void whoLosesAllItsRelaysHasOthersWithinTheTimeOfARound() {
        SimDht dht = SimDht.of(49, 16);
        Served server = dht.firewalled().serve(key -> false);
        List<Address> lost = server.relayAddresses();

        lost.forEach(relay -> dht.at(relay).host.kill());
        dht.net.run(SECONDS.toNanos(15));

        assertThat(server.relayAddresses()).hasSize(3).doesNotContainAnyElementsOf(lost);
        assertThat(dht.firewalled().dial(server.key()).await().failure).isNull();
    }

    @Test
    void listeningServerIsFoundUnderTheHashOfItsKey() {
        SimDht dht = SimDht.of(50, 6);
        Served server = dht.firewalled().serve(key -> false);

        assertThat(server.known()).hasSize(3);
        assertThat(dht.firewalled().dial(server.key()).await().failure).isNull();

        server.node.host.command(
                now -> server.node.dht.unlisten(server.acceptor, later -> {}, now));
        dht.settle();
        assertThat(server.known()).isEmpty();
    }

    @Test
    void announceLoopDoesNotSpinWithoutNetworkOrWithFewRelays() {
        SimDht dht = SimDht.of(51, 6);
        Served cutOff = dht.firewalled().serve(key -> false);
        isolate(cutOff.node, true);
        Served lonely = SimDht.of(52, 1).firewalled().serve(key -> false);
        long sent = cutOff.node.host.sent();

        dht.net.run(MINUTES.toNanos(60));
        dht(lonely).net.run(MINUTES.toNanos(60));

        assertThat(cutOff.announcer().rounds()).isBetween(60L, 120L);
        assertThat(cutOff.node.host.sent() - sent).isLessThan(60 * 60 * 8);
        assertThat(lonely.relays).isEqualTo(1);
        assertThat(lonely.announcer().rounds()).isBetween(12L, 25L);
    }

    @Test
    void listenReportsWhetherAnyoneStoredTheRecord() {
        SimDht dht = SimDht.of(53, 4);
        Node node = dht.firewalled();
        isolate(node, true);
        Served server = node.listen(new ServerConfig(key -> false, true, 16, 8), node.newKeyPair());
        dht.net.run(SECONDS.toNanos(20));
        assertThat(server.rounds).isPositive();
        assertThat(server.relays).isZero();

        isolate(node, false);
        dht.net.runUntil(() -> server.relays == 3, SECONDS.toNanos(45));
    }

    @Test
    void whoMovesToAnotherNetworkIsReachableWithinFiveSeconds() {
        for (SimNat.Kind kind : SimNat.Kind.values()) {
            SimDht dht = SimDht.of(54, 8);
            Served server = dht.behind(kind).serve(key -> false);
            Node client = dht.open();
            dht.settle();
            dht.net.run(SECONDS.toNanos(40));

            server.node.moveToAnotherNetwork(SECONDS.toNanos(2));
            dht.net.run(SECONDS.toNanos(5));

            Dialled dialled = client.dial(server.key()).await();
            assertThat(dialled.failure).as(kind.name()).isNull();
            assertThat(dialled.seconds()).isLessThan(1);
        }
    }

    @Test
    void whoIsMovedWithoutNoticeIsReachableWithinTenSeconds() {
        SimDht dht = SimDht.of(55, 8);
        Served server = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node client = dht.open();
        dht.net.run(SECONDS.toNanos(40));
        long rounds = server.announcer().rounds();

        server.node.moveToAnotherNetwork(MINUTES.toNanos(60));
        dht.net.run(SECONDS.toNanos(10));

        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(server.announcer().rounds()).as("relays agree on it").isEqualTo(rounds + 1);
        assertThat(server.node.networkChanges).isEqualTo(1);
    }

    @Seeds(6)
    void thereIsAlwaysANextRoundWhateverIsLost(long seed) {
        SimDht dht = SimDht.of(seed, 10);
        Random random = new Random(seed);
        Node node = dht.behind(SimNat.Kind.CONSISTENT);
        Served server = node.listen(new ServerConfig(key -> false, true, 16, 8), node.newKeyPair());
        dht.net.invariant(
                () ->
                        assertThat(dht.net.now() - server.announcer().startedNanos())
                                .isLessThan(MINUTES.toNanos(6)));

        for (int minutes = 0; minutes < 30; minutes += 5) {
            dht.net.link(
                    Link.of(MILLISECONDS.toNanos(1 + random.nextInt(300)))
                            .withLoss(0.6 * random.nextDouble())
                            .withJitter(MILLISECONDS.toNanos(random.nextInt(200)))
                            .withDuplication(0.1));
            switch (random.nextInt(4)) {
                case 0 -> node.nat.rebind();
                case 1 -> node.moveToAnotherNetwork(SECONDS.toNanos(random.nextInt(60)));
                case 2 -> isolate(node, true);
                default -> dht.storing.get(1 + random.nextInt(9)).host.kill();
            }
            dht.net.run(MINUTES.toNanos(5));
            isolate(node, false);
        }
        dht.net.link(Link.perfect());
        dht.net.run(SECONDS.toNanos(10));

        Dialled dialled = dht.open().dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(server.announcer().rounds()).isLessThan(30 * 60 / 5);
    }

    private static List<Address> addresses(List<Puppet> puppets) {
        return puppets.stream().map(puppet -> puppet.address).toList();
    }

    private static SimDht dht(Served server) {
        return server.node.network;
    }

    private static Node join(Puppets puppets) {
        return puppets.dht.start(
                puppets.dht.nextHost(),
                NodeConfig.of(List.of(puppets.all.get(0).address))
                        .withPersistence(Persistence.EPHEMERAL)
                        .withQuickFirewall(false));
    }

    private static Served serve(Puppets puppets) {
        return join(puppets).serve(key -> false);
    }

    private static void outage(Served server, int seconds) {
        isolate(server.node, true);
        dht(server).net.run(SECONDS.toNanos(seconds));
        isolate(server.node, false);
    }

    private static void isolate(Node node, boolean isolated) {
        for (Node other : node.network.storing) {
            if (isolated) {
                node.network.net.cut(node.host, other.host);
                node.network.net.cut(other.host, node.host);
            } else {
                node.network.net.heal(node.host, other.host);
                node.network.net.heal(other.host, node.host);
            }
        }
    }
}
