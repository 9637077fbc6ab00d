package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.holepunch.PunchBench.Asked;
import dev.keyhole.dht.holepunch.PunchBench.Probe;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PuncherTest {

    private static final Address PEER = Address.of("77.0.0.1", 5000);
    private static final Address ELSEWHERE = Address.of("77.0.0.2", 6000);
    private static final long A_MOMENT = MILLISECONDS.toNanos(100);

    private PunchBench bench = PunchBench.behindNat();
    private final Recorder owner = new Recorder();

    // what the own NAT is like

    @Test
    void samplingAsksOnlyTableNodesAndNeverRetries() {
        bench.seenAs = (socket, node) -> null;

        puncher(true).open(bench.now());
        bench.run(SECONDS.toNanos(30));

        // Thirteen nodes: the five heard last are left out, and each of the others is asked once.
        List<Address> asked = bench.pings.stream().map(Asked::to).collect(Collectors.toList());
        assertThat(asked).doesNotHaveDuplicates().hasSize(8).doesNotContain(PEER);
        assertThat(asked).contains(PunchBench.node(1)).doesNotContain(PunchBench.node(13));
    }

    @Test
    void fourNodesAreAskedOnFourHosts() {
        puncher(true).open(bench.now());
        bench.run(A_MOMENT);

        assertThat(bench.pings.stream().map(asked -> asked.to().host()).distinct()).hasSize(4);
    }

    @Test
    void samplingRunsBesideTheFirstPunchRound() {
        puncher(true).open(bench.now());

        bench.run(0);

        // The owner may speak at once, while the pings are still on their way.
        assertThat(owner.socket).isNotNull();
        assertThat(bench.pings).hasSize(4);
    }

    @Test
    void unstableNatIsSampledAgainOnFreshSockets() {
        Set<LocalSocket> seen = new HashSet<>();
        bench.seenAs =
                (socket, node) -> {
                    seen.add(socket);
                    return seen.size() < 3 ? randomPort(node) : PunchBench.OUTSIDE;
                };
        Puncher puncher = puncher(true, NatType.RANDOM);
        puncher.open(bench.now());
        List<Boolean> outcomes = new ArrayList<>();

        bench.run(A_MOMENT);
        puncher.analyze(true, (stable, now) -> outcomes.add(stable), bench.now());
        bench.run(SECONDS.toNanos(2));

        assertThat(outcomes).containsExactly(true);
        assertThat(bench.opened).hasSize(3);
        assertThat(bench.closed).containsExactlyElementsOf(bench.opened.subList(0, 2));
        assertThat(puncher.nat().type()).isEqualTo(NatType.CONSISTENT);
    }

    @Test
    void noMoreThanThreeFreshSocketsAreTried() {
        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher puncher = puncher(true, NatType.RANDOM);
        puncher.open(bench.now());
        List<Boolean> outcomes = new ArrayList<>();

        bench.run(A_MOMENT);
        puncher.analyze(true, (stable, now) -> outcomes.add(stable), bench.now());
        bench.run(SECONDS.toNanos(5));

        assertThat(outcomes).containsExactly(false);
        assertThat(bench.opened).hasSize(4);
    }

    @Test
    void unknownOwnNatNeverPunches() {
        bench.seenAs = (socket, node) -> null;
        Puncher puncher = open(false);
        told(puncher, NatType.CONSISTENT, true, PEER);

        assertThat(puncher.nat().type()).isEqualTo(NatType.UNKNOWN);
        assertThat(puncher.punch(bench.now())).isFalse();
        assertThat(puncher.isPunching()).isFalse();
    }

    @Test
    void openCountsAsConsistent() {
        bench = new PunchBench(13, false);
        Puncher puncher = open(true);
        told(puncher, NatType.OPEN, true, PEER);

        assertThat(puncher.punch(bench.now())).isTrue();
        bench.run(0);

        assertThat(probesTo(PEER)).hasSize(1);
    }

    @Test
    void whoIsOpenAndListsNothingIsWhereItWasSeen() {
        Puncher puncher = open(true);

        puncher.remote(true, NatType.OPEN, null, PEER, true);
        puncher.punch(bench.now());
        bench.run(0);

        assertThat(probesTo(PEER)).hasSize(1);
    }

    @Test
    void punchSocketViewsStayOutOfTheNodeSampler() {
        bench = new PunchBench(3, true);
        assertThat(bench.rpc.observedAddress()).contains(PunchBench.OUTSIDE);
        puncher(true).open(bench.now());
        bench.run(A_MOMENT);
        int known = bench.rpc.tableSize();

        bench.seenAs = (socket, node) -> ELSEWHERE;
        for (int i = 20; i < 40; i++) {
            bench.ping(owner.socket, PunchBench.node(i));
        }
        bench.run(A_MOMENT);

        assertThat(bench.rpc.tableSize()).isEqualTo(known + 20);
        assertThat(bench.rpc.observedAddress()).contains(PunchBench.OUTSIDE);
    }

    // both consistent

    @Test
    void serverWaitsASecondThenProbesTenRounds() {
        Puncher puncher = open(false);
        told(puncher, NatType.CONSISTENT, true, PEER);
        long begun = bench.now();

        puncher.punch(begun);
        bench.run(SECONDS.toNanos(30));

        List<Probe> probes = probesTo(PEER);
        assertThat(probes).hasSize(10);
        assertThat(probes.get(0).atNanos() - begun).isEqualTo(SECONDS.toNanos(1));
        assertThat(probes.get(9).atNanos() - begun).isEqualTo(SECONDS.toNanos(10));
        assertThat(probes).allMatch(probe -> probe.hops() == 0);
        assertThat(owner.exhausted).isTrue();
    }

    @Test
    void hostIsVerifiedOnlyByAnEchoedToken() {
        Puncher puncher = open(true);
        puncher.remote(true, NatType.CONSISTENT, List.of(PEER, ELSEWHERE), PEER, false);
        puncher.punch(bench.now());
        bench.run(SECONDS.toNanos(2));
        assertThat(bench.probes).isEmpty();

        // An echo speaks for the host that it came from, and for no other; what it said stays.
        puncher.remote(true, NatType.CONSISTENT, List.of(PEER, ELSEWHERE), PEER, true);
        puncher.remote(true, NatType.CONSISTENT, List.of(PEER, ELSEWHERE), PEER, false);
        bench.run(SECONDS.toNanos(20));

        assertThat(probesTo(PEER)).hasSize(7);
        assertThat(probesTo(ELSEWHERE)).hasSize(2);
    }

    @Test
    void attemptIsLimitedByItsStepsNotByOneClock() {
        Puncher consistent = open(true);
        told(consistent, NatType.CONSISTENT, true, PEER);
        bench.run(SECONDS.toNanos(100));
        assertThat(owner.exhausted).isFalse();
        consistent.punch(bench.now());
        bench.run(SECONDS.toNanos(9));
        assertThat(owner.exhausted).isFalse();
        bench.run(SECONDS.toNanos(1));
        assertThat(owner.exhausted).isTrue();

        owner.exhausted = false;
        Puncher guessing = open(true);
        told(guessing, NatType.RANDOM, true, PEER.withPort(0));
        guessing.punch(bench.now());
        bench.run(SECONDS.toNanos(34));
        assertThat(owner.exhausted).isFalse();
        bench.run(SECONDS.toNanos(2));
        assertThat(owner.exhausted).isTrue();
    }

    @Test
    void whatMovesAfterItWasToldIsNoticed() {
        Puncher puncher = open(true);
        puncher.nat().freeze();
        told(puncher, NatType.CONSISTENT, true, PEER);
        bench.seenAs = (socket, node) -> randomPort(node);

        puncher.punch(bench.now());
        bench.run(SECONDS.toNanos(11));

        assertThat(owner.exhausted).isTrue();
        assertThat(puncher.nat().moved()).isTrue();
        assertThat(puncher.nat().type()).isEqualTo(NatType.CONSISTENT);
    }

    // one random

    @Test
    void randomStrategiesNeedAVerifiedHost() {
        Puncher guessing = open(true);
        told(guessing, NatType.RANDOM, false, PEER.withPort(0));
        assertThat(guessing.punch(bench.now())).isFalse();

        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher random = open(true);
        told(random, NatType.CONSISTENT, false, PEER);
        assertThat(random.punch(bench.now())).isFalse();
    }

    @Test
    void twoRandomNatsHaveNoStrategy() {
        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher puncher = open(true);
        told(puncher, NatType.RANDOM, true, PEER.withPort(0));

        assertThat(puncher.punch(bench.now())).isFalse();
    }

    @Test
    void guessesGoToTheVerifiedHostFiftyTimesASecond() {
        Puncher puncher = open(true);
        told(puncher, NatType.RANDOM, true, PEER.withPort(0));

        puncher.punch(bench.now());
        bench.run(SECONDS.toNanos(1) - 1);

        assertThat(bench.probes).hasSize(50);
        assertThat(bench.probes).allMatch(probe -> probe.to().host() == PEER.host());
        assertThat(bench.probes).allMatch(probe -> probe.to().port() >= 1000);
        assertThat(bench.probes.stream().map(probe -> probe.to().port()).distinct())
                .hasSizeGreaterThan(45);
    }

    @Test
    void birthdayProbesLeaveFromDistinctSockets() {
        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher puncher = open(true);
        told(puncher, NatType.CONSISTENT, true, PEER);

        puncher.punch(bench.now());
        bench.run(MILLISECONDS.toNanos(99));

        // The first socket has opened its NAT already, or was seen by the peer.
        assertThat(bench.opened).hasSize(256);
        assertThat(probesTo(PEER)).hasSize(255);
        assertThat(probesTo(PEER).stream().map(Probe::socket).distinct()).hasSize(255);

        bench.probes.clear();
        bench.run(MILLISECONDS.toNanos(256 * 20));

        assertThat(bench.probes.stream().map(Probe::socket).distinct()).hasSize(256);
    }

    @Test
    void openingProbesHaveALowHopLimit() {
        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher puncher = open(true);
        told(puncher, NatType.CONSISTENT, true, PEER);

        puncher.openFor(PEER);
        puncher.punch(bench.now());
        bench.run(MILLISECONDS.toNanos(99 + 256 * 20));
        assertThat(bench.probes).allMatch(probe -> probe.hops() == 5);

        bench.probes.clear();
        bench.run(SECONDS.toNanos(5));
        assertThat(bench.probes).isNotEmpty().allMatch(probe -> probe.hops() == 0);
    }

    @Test
    void aNodeGuessesPortsForOneAttemptAtATimeAndThenRests() {
        Puncher puncher = open(true);
        told(puncher, NatType.RANDOM, true, PEER.withPort(0));
        assertThat(bench.randomPunches.mustWait(bench.now())).isFalse();

        puncher.punch(bench.now());
        assertThat(bench.randomPunches.mustWait(bench.now())).isTrue();
        puncher.destroy(bench.now());

        assertThat(bench.randomPunches.mustWait(bench.now() + SECONDS.toNanos(19))).isTrue();
        assertThat(bench.randomPunches.mustWait(bench.now() + SECONDS.toNanos(20))).isFalse();
    }

    // probes that come in

    @Test
    void onlyTheInitiatorTakesAProbeForSuccess() {
        open(true);
        bench.probeFrom(owner.socket, PEER);
        assertThat(owner.punchedBy).containsExactly(PEER);
        assertThat(bench.probes).isEmpty();

        open(false);
        bench.probeFrom(owner.socket, ELSEWHERE);
        assertThat(owner.punchedBy).doesNotContain(ELSEWHERE);
    }

    @Test
    void serverEchoesProbesFromTheHandshakeOn() {
        puncher(false).open(bench.now());
        bench.run(0);

        bench.probeFrom(owner.socket, PEER);
        bench.probeFrom(owner.socket, PEER);

        assertThat(probesTo(PEER)).hasSize(2).allMatch(probe -> probe.hops() == 0);
        assertThat(probesTo(PEER)).allMatch(probe -> probe.socket().equals(owner.socket));
    }

    @Test
    void probesStopWhenTheStreamIsConnected() {
        Puncher puncher = open(true);
        told(puncher, NatType.CONSISTENT, true, PEER);
        puncher.punch(bench.now());
        bench.run(SECONDS.toNanos(3));

        puncher.destroy(bench.now());
        bench.probes.clear();
        bench.run(SECONDS.toNanos(30));

        assertThat(bench.probes).isEmpty();
        assertThat(owner.exhausted).isFalse();
        assertThat(bench.closed).containsExactly(owner.socket);
    }

    @Test
    void winningSocketOutlivesThePuncher() {
        bench.seenAs = (socket, node) -> randomPort(node);
        Puncher puncher = open(true);
        told(puncher, NatType.CONSISTENT, true, PEER);
        puncher.punch(bench.now());
        bench.run(A_MOMENT);
        LocalSocket winner = bench.opened.get(100);

        bench.probeFrom(winner, PEER);
        bench.sockets.hold(winner);
        puncher.destroy(bench.now());
        bench.run(A_MOMENT);

        assertThat(owner.punchedAt).isEqualTo(winner);
        assertThat(bench.closed).hasSize(255).doesNotContain(winner);
    }

    private Puncher puncher(boolean initiator) {
        return puncher(initiator, NatType.UNKNOWN);
    }

    private Puncher puncher(boolean initiator, NatType remote) {
        return new Puncher(
                bench.rpc,
                bench.timers,
                bench.sockets,
                bench.randomPunches,
                bench.entropy,
                initiator,
                false,
                remote,
                owner);
    }

    /** A puncher whose NAT has been looked at. */
    private Puncher open(boolean initiator) {
        Puncher puncher = puncher(initiator);
        puncher.open(bench.now());
        bench.run(SECONDS.toNanos(5));
        return puncher;
    }

    private static void told(Puncher puncher, NatType type, boolean verified, Address at) {
        puncher.remote(true, type, List.of(at), at, verified);
    }

    private static Address randomPort(Address node) {
        return PunchBench.OUTSIDE.withPort(2000 + (node.hashCode() & 0x3fff));
    }

    private List<Probe> probesTo(Address to) {
        return bench.probes.stream().filter(p -> p.to().equals(to)).collect(Collectors.toList());
    }

    private static final class Recorder implements Puncher.Owner {

        private LocalSocket socket;
        private LocalSocket punchedAt;
        private final List<Address> punchedBy = new ArrayList<>();
        private boolean exhausted;

        @Override
        public void opened(LocalSocket opened, long nowNanos) {
            socket = opened;
        }

        @Override
        public void punched(LocalSocket at, Address peer, long nowNanos) {
            punchedAt = at;
            punchedBy.add(peer);
        }

        @Override
        public void exhausted(long nowNanos) {
            exhausted = true;
        }
    }
}
