package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** What a client makes of what servers, and those who pretend to know them, tell it. */
class ClientSim {

    private static final Address DEAD = Address.parse("77.7.7.7:7777");
    private static final Address DEAD_TOO = Address.parse("77.7.7.8:7777");
    private static final Link LINK = Link.of(MILLISECONDS.toNanos(20));

    private final SimDht dht = SimDht.of(41, 6);
    private final Node client = dht.firewalled();
    private final ScriptedServer server = new ScriptedServer(dht);

    @Test
    void aStreamIsClosedInGoodOrderByAPeerThatEndsToo() {
        Served server = dht.open().serve(key -> false);
        Dialled dialled = dht.open().dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();

        dialled.node.host.command(
                now -> {
                    dialled.stream.write(Bytes.utf8("last words"), now);
                    dialled.stream.close(SECONDS.toNanos(5), now);
                    dialled.stream.write(Bytes.utf8("too late"), now);
                });
        dht.net.run(SECONDS.toNanos(1));

        assertThat(dialled.reason).isEqualTo(new CloseReason.Ended());
        assertThat(dialled.received).as("nothing is heard any more").hasSize(1);
    }

    @Test
    void aStreamThatIsBeingClosedWelcomesNothingMore() {
        Bytes much = Bytes.random(new Random(1), 50_000);
        Served server = dht.open().serve(key -> false);
        server.onConnection = stream -> {};
        Dialled dialled = dht.open().dial(server.key()).await();
        boolean[] welcome = new boolean[1];

        dialled.node.host.command(
                now -> {
                    while (dialled.stream.write(much, now)) {
                        // until it has enough, and has to say when it wants more
                    }
                    dialled.stream.close(SECONDS.toNanos(5), now);
                    welcome[0] = dialled.stream.write(much, now);
                });
        int writables = dialled.writables;
        dht.net.run(SECONDS.toNanos(4));

        assertThat(welcome[0]).isFalse();
        assertThat(dialled.writables).isEqualTo(writables);
    }

    @Test
    void aPeerThatDoesNotEndIsCutOffInTime() {
        Served server = dht.open().serve(key -> false);
        server.onConnection = stream -> {};
        Dialled dialled = dht.open().dial(server.key()).await();
        dht.net.run(SECONDS.toNanos(1));

        dialled.node.host.command(now -> dialled.stream.close(SECONDS.toNanos(5), now));
        dht.net.run(SECONDS.toNanos(4));
        assertThat(dialled.reason).isNull();
        dht.net.run(SECONDS.toNanos(2));

        assertThat(dialled.reason).isInstanceOf(CloseReason.ByUs.class);
        assertThat(dialled.node.dht.openStreams()).isZero();
    }

    @Test
    void connectionIsReportedOnlyAfterThePeersFirstFrame() {
        settle();
        server.peerAddress = DEAD;
        server.addresses = List.of(DEAD_TOO);

        Dialled dialled = client.dialThrough(server.key(), server.address()).await();

        assertThat(dialled.stream).isNull();
        assertThat(dialled.failure.cause()).isEqualTo(Cause.PATH_DEAD);
        assertThat(dialled.failure.evidence().ways())
                .extracting(Evidence.Way::address)
                .containsExactly(DEAD_TOO, DEAD);
        assertThat(dialled.failure.text()).contains(DEAD.toString(), DEAD_TOO.toString());
        assertThat(dialled.seconds()).isBetween(10.0, 11.0);
    }

    @Test
    void deadDirectAddressFallsBackToTheNextPath() {
        settle();
        Address alive = server.host.bind(5000).local();
        server.peerAddress = alive;
        server.addresses = List.of(DEAD, DEAD_TOO);

        Dialled dialled = client.dialThrough(server.key(), server.address()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.remoteAddress()).isEqualTo(alive);
        assertThat(dialled.seconds()).isLessThan(0.5);
        assertThat(dialled.echoes("over the third address")).isTrue();
    }

    @Test
    void directTargetIsTheFirstPublicAddressElseTheObservedOne() {
        settle();
        Address open = server.host.bind(5000).local();
        server.peerAddress = server.address();
        server.addresses = List.of(Address.parse("192.168.1.4:1"), open, DEAD);
        Dialled toThePublicOne = client.dialThrough(server.key(), server.address()).await();
        assertThat(toThePublicOne.stream.remoteAddress()).isEqualTo(open);

        ScriptedServer hidden = new ScriptedServer(dht);
        hidden.peerAddress = hidden.host.bind(5000).local();
        hidden.addresses = List.of(Address.parse("192.168.1.4:1"));
        Dialled toTheObserved = client.dialThrough(hidden.key(), hidden.address()).await();

        assertThat(toTheObserved.stream.remoteAddress()).isEqualTo(hidden.peerAddress);
    }

    @Test
    void packetThatOvertakesTheReplyDecidesThePath() {
        settle();
        server.hurries = true;
        server.peerAddress = DEAD;
        server.addresses = List.of(DEAD_TOO);

        Dialled dialled = client.dialThrough(server.key(), server.address()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.remoteAddress()).isEqualTo(server.address());
        assertThat(dialled.seconds()).isLessThan(0.05);
    }

    @Test
    void handshakeReplyIsCheckedForModeSourceAndContent() {
        settle();
        server.mode = Mode.FROM_SERVER;
        assertThat(failure()).isEqualTo(Cause.PEER_NOT_FOUND);
        server.mode = Mode.REPLY;
        server.answersFrom = server.host.bind(5001);
        assertThat(failure()).isEqualTo(Cause.PEER_NOT_FOUND);
        server.answersFrom = null;
        server.forged = Bytes.EMPTY;
        assertThat(failure()).isEqualTo(Cause.PEER_NOT_FOUND);
        server.forged = null;

        server.version = 2;
        assertThat(failure()).isEqualTo(Cause.SERVER_INCOMPATIBLE);
        server.version = 1;
        server.error = 1;
        assertThat(failure()).isEqualTo(Cause.SERVER_ERROR);
        server.error = 0;
        server.withUdx = false;
        assertThat(failure()).isEqualTo(Cause.SERVER_ERROR);
    }

    @Test
    void forgedHandshakeReplyDoesNotSpoilTheNextOne() {
        settle();
        ScriptedServer forger = new ScriptedServer(dht);
        forger.forged = Bytes.random(new Random(1), 150);
        ScriptedServer another = new ScriptedServer(dht);
        another.forged = Bytes.random(new Random(2), 96);

        Dialled dialled =
                client.dialThrough(
                                server.key(), forger.address(), another.address(), server.address())
                        .await();

        assertThat(forger.handshakes()).isEqualTo(1);
        assertThat(dialled.failure).isNull();
        assertThat(dialled.echoes("genuine")).isTrue();
    }

    @Test
    void deadHintDoesNotDelayTheNextOne() {
        settle();

        Dialled dialled =
                client.dialThrough(server.key(), DEAD, DEAD_TOO, server.address()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.seconds()).isBetween(0.3, 0.5);
    }

    @Test
    void everyAttemptSendsTheSameHandshakeWithOurAddresses() {
        Node open = dht.open();
        settle();
        ScriptedServer mute = new ScriptedServer(dht);
        mute.silent = true;
        List<Bytes> seen = new ArrayList<>();
        onRequest(
                (from, request) -> {
                    if (request.command().equals(Command.PEER_HANDSHAKE)) {
                        seen.add(request.value());
                    }
                });

        Dialled dialled = open.dialThrough(server.key(), mute.address(), server.address()).await();

        assertThat(dialled.failure).isNull();
        assertThat(seen).hasSizeGreaterThanOrEqualTo(2);
        assertThat(new HashSet<>(seen)).hasSize(1);
        NoisePayload offer = server.offers.get(0);
        assertThat(offer.firewall()).isEqualTo(NatType.OPEN);
        assertThat(offer.addresses4()).startsWith(open.address);
        assertThat(offer.holepunch()).isNull();
    }

    @Test
    void onlyNodesThatHoldTheRecordAreAskedToForward() {
        SimDht wide = SimDht.of(42, 24);
        Served served = wide.firewalled().serve(key -> false);
        Node dialler = wide.firewalled();
        wide.settle();
        List<Address> relays = served.node.dht.relayAddresses(served.key());
        List<Address> asked = new ArrayList<>();
        wide.net.tap(
                (from, to, packet) -> {
                    Request request = requestIn(packet);
                    boolean ours = from.host() == dialler.host.address();
                    if (ours
                            && request != null
                            && request.command().equals(Command.PEER_HANDSHAKE)) {
                        asked.add(to);
                    }
                });

        Dialled dialled = dialler.dial(served.key()).await();

        assertThat(dialled.failure).isNull();
        assertThat(relays).containsAll(asked);
        assertThat(asked).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void relayHintsAreTriedWhileTheWalkRuns() {
        Served served = dht.open().serve(key -> false);
        settle();

        Dialled dialled = client.dialThrough(served.key(), DEAD, DEAD_TOO).await();

        assertThat(dialled.failure).isNull();
        // The head start of the hints, and then the walk; nobody waits for the dead.
        assertThat(dialled.seconds()).isLessThan(0.6);
        assertThat(dialled.echoes("found by the walk")).isTrue();
    }

    @Test
    void successfulConnectRemembersTheServersRelays() {
        Served served = dht.firewalled().serve(key -> false);
        settle();
        assertThat(client.dial(served.key()).await().failure).isNull();
        Set<Address> relays = new HashSet<>(served.node.dht.relayAddresses(served.key()));
        List<Address> asked = new ArrayList<>();
        onRequestTo(
                (to, request) -> {
                    if (request.command().equals(Command.PEER_HANDSHAKE)) {
                        asked.add(to);
                    }
                    assertThat(request.command()).isNotEqualTo(Command.FIND_PEER);
                });

        Dialled again = client.dial(served.key()).await();

        assertThat(again.failure).isNull();
        // Forwarded to the server, and on its way back.
        assertThat(asked).hasSize(3);
        assertThat(relays).contains(asked.get(0));
    }

    @Test
    void lanPathIsProvedByTheHandshakeNotByAPing() {
        // The server says that it is at the client's public host, and names a stranger's address
        // and its own; the stranger answers everything, but it is not the server.
        ScriptedServer stranger = new ScriptedServer(dht);
        stranger.forged = Bytes.random(new Random(3), 150);
        settle();
        server.firewall = NatType.UNKNOWN;
        server.peerAddress = new Address(client.host.address(), 999);
        server.holepunch = offer();
        server.addresses = List.of(stranger.address(), server.address());

        Dialled dialled = client.dialThrough(server.key(), server.address()).await();

        assertThat(stranger.handshakes()).isEqualTo(1);
        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.path()).isEqualTo(Path.LAN);
        assertThat(dialled.stream.remoteAddress()).isEqualTo(server.address());
        assertThat(server.firstMessages).hasSize(1);
    }

    @Test
    void ownAddressesAreNeverLanCandidates() {
        Address ours = Address.parse("172.17.0.1:49737");
        client.dht.rpc().localAddresses(List.of(ours));
        settle();
        server.firewall = NatType.UNKNOWN;
        server.peerAddress = new Address(client.host.address(), 999);
        server.holepunch = offer();
        server.addresses = List.of(ours, server.address());
        onRequestTo((to, request) -> assertThat(to).isNotEqualTo(ours));

        Dialled dialled = client.dialThrough(server.key(), server.address()).await();

        assertThat(dialled.stream.path()).isEqualTo(Path.LAN);
    }

    @Test
    void allPlausibleLanAddressesAreTried() {
        settle();
        List<Address> claimed = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            claimed.add(Address.parse("10.0.0." + (i + 1) + ":1234"));
        }
        claimed.add(3, Address.parse("224.0.0.1:1234"));
        server.firewall = NatType.UNKNOWN;
        server.peerAddress = new Address(client.host.address(), 999);
        server.holepunch = offer();
        server.addresses = claimed;
        Set<Address> asked = new HashSet<>();
        onRequestTo(
                (to, request) -> {
                    if (request.command().equals(Command.PEER_HANDSHAKE) && to.isPrivate()) {
                        asked.add(to);
                    }
                });

        client.dialThrough(server.key(), server.address());
        dht.net.run(SECONDS.toNanos(2));

        assertThat(asked).hasSize(PathSearch.MAX_LAN_CANDIDATES);
        assertThat(asked).noneMatch(Address::isReserved);
    }

    @Test
    void lanPingRacesWithThePunch() {
        settle();
        server.firewall = NatType.UNKNOWN;
        server.peerAddress = new Address(client.host.address(), 999);
        server.holepunch = offer();
        Address nobody = Address.parse("10.0.0.1:1234");
        server.addresses = List.of(nobody);
        List<Address> asked = handshakesOf(client);

        Dialled dialled = client.dialThrough(server.key(), server.address());
        dht.net.run(MILLISECONDS.toNanos(500));

        assertThat(asked).contains(nobody);
        assertThat(server.count(Command.PEER_HOLEPUNCH)).isPositive();
        // Nobody is at the local address; the punch goes on regardless.
        int before = server.count(Command.PEER_HOLEPUNCH);
        dht.net.run(SECONDS.toNanos(3));
        assertThat(server.count(Command.PEER_HOLEPUNCH)).isGreaterThan(before);
        assertThat(dialled.failure).isNull();
    }

    @Test
    void ownAddressComesFromTheReplysAddressField() {
        settle();
        server.firewall = NatType.UNKNOWN;
        server.holepunch = offer();
        // On the host of the relay, not on ours: no reason to look on our own network.
        server.peerAddress = new Address(server.address().host(), 999);
        Address local = Address.parse("10.0.0.1:1234");
        server.addresses = List.of(local);
        onRequestTo((to, request) -> assertThat(to).isNotEqualTo(local));

        client.dialThrough(server.key(), server.address());
        dht.net.run(SECONDS.toNanos(2));
        assertThat(server.offers).hasSize(1);
    }

    @Test
    void samePublicHostIsNotAReasonToGoDirect() {
        settle();
        server.firewall = NatType.UNKNOWN;
        server.holepunch = offer();
        server.peerAddress = new Address(client.host.address(), 999);
        dht.net.tap(
                (from, to, packet) ->
                        assertThat(isUdx(packet) && to.equals(server.peerAddress)).isFalse());

        client.dialThrough(server.key(), server.address());
        dht.net.run(SECONDS.toNanos(2));

        assertThat(server.count(Command.PEER_HOLEPUNCH)).isPositive();
    }

    @Test
    void onlyTheFirstUsableReplyStartsAPuncher() {
        ScriptedServer twin = new ScriptedServer(dht);
        twin.keyPair = server.keyPair;
        settle();
        for (ScriptedServer each : List.of(server, twin)) {
            each.firewall = NatType.UNKNOWN;
            each.peerAddress = DEAD;
            each.holepunch =
                    new NoisePayload.Holepunch(
                            0, List.of(new NoisePayload.Relay(each.address(), DEAD)));
        }

        client.dialThrough(server.key(), server.address(), twin.address());
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.count(Command.PEER_HOLEPUNCH)).isPositive();
        assertThat(twin.count(Command.PEER_HOLEPUNCH)).isZero();
    }

    @Test
    void earlyProbeIsACandidateNotASuccess() {
        ScriptedServer echo = new ScriptedServer(dht);
        echo.echoes = true;
        settle();
        server.firewall = NatType.UNKNOWN;
        server.peerAddress = echo.address();
        server.holepunch = offer();

        Dialled dialled = client.dialThrough(server.key(), server.address());
        dht.net.run(SECONDS.toNanos(3));

        // The echo came from where no stream is: nothing is proved, and the negotiation goes on.
        assertThat(dialled.stream).isNull();
        assertThat(server.count(Command.PEER_HOLEPUNCH)).isGreaterThan(1);
    }

    @Test
    void probeRoundTriesTheServersOtherRelays() {
        Served served = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node behind = dht.behind(SimNat.Kind.CONSISTENT);
        settle();
        Address[] killed = new Address[1];
        onRequestTo(
                (to, request) -> {
                    if (request.command().equals(Command.PEER_HOLEPUNCH) && killed[0] == null) {
                        killed[0] = to;
                        dht.storing.stream()
                                .filter(node -> node.address.equals(to))
                                .forEach(node -> node.host.kill());
                    }
                });
        dht.net.tap(
                (from, to, packet) -> {
                    // Nor does the first probe get through.
                    if (packet.length() == 1 && killed[0] == null) {
                        dht.net.cut(behind.host, served.node.host);
                        dht.net.after(
                                SECONDS.toNanos(1),
                                () -> dht.net.heal(behind.host, served.node.host));
                    }
                });

        Dialled dialled = behind.dial(served.key()).await();

        assertThat(killed[0]).isNotNull();
        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
    }

    @Test
    void clientVetoEndsTheAttemptBeforePunchingAndTellsTheServer() {
        Served served = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node behind = dht.behind(SimNat.Kind.RANDOM);
        settle();
        List<Object> judged = new ArrayList<>();
        int[] rounds = new int[1];
        onRequestTo(
                (to, request) -> {
                    if (request.command().equals(Command.PEER_HOLEPUNCH)) {
                        rounds[0]++;
                    }
                });
        ConnectSpec spec =
                new ConnectSpec(
                                behind.newKeyPair(),
                                served.key(),
                                List.of(),
                                true,
                                Optional.empty())
                        .withPunchPolicy(
                                (own, ours, remote, theirs) -> {
                                    judged.addAll(List.of(own, ours, remote, theirs));
                                    return false;
                                });

        Dialled dialled = behind.dial(spec).await();
        dht.net.run(SECONDS.toNanos(1));

        assertThat(dialled.failure.cause()).isEqualTo(Cause.HOLEPUNCH_ABORTED);
        assertThat(dialled.failure.text()).contains("policy");
        assertThat(judged.get(0)).isEqualTo(NatType.RANDOM);
        assertThat(judged.get(2)).isEqualTo(NatType.CONSISTENT);
        // From us to a relay and on to the server, twice: what it is like, and that it is over.
        assertThat(rounds[0]).isGreaterThanOrEqualTo(4);
    }

    @Test
    void tryLaterIsRetriedWithinTheCallersDeadline() {
        Served first = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Served second = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node behind = dht.behind(SimNat.Kind.RANDOM);
        settle();

        Dialled one = behind.dial(first.key()).await();
        Dialled patient =
                behind.dial(
                        new ConnectSpec(
                                behind.newKeyPair(),
                                second.key(),
                                List.of(),
                                true,
                                Optional.of(Duration.ofSeconds(100))));
        Dialled hasty = behind.dial(second.key());

        assertThat(one.failure).isNull();
        assertThat(hasty.await().failure.cause()).isEqualTo(Cause.TRY_LATER);
        assertThat(patient.await().failure).isNull();
        assertThat(patient.seconds()).isGreaterThan(10);
    }

    @Test
    void failureNamesItsRealCause() {
        settle();
        Dialled unknown = client.dial(client.newKeyPair().publicKey()).await();
        assertThat(unknown.failure.cause()).isEqualTo(Cause.PEER_NOT_FOUND);
        assertThat(unknown.failure.evidence().nodesAnswered()).isEqualTo(6);
        assertThat(unknown.failure.text()).contains("none of 6 nodes");

        Served silent = dht.firewalled().serve(key -> true);
        Dialled denied = client.dial(silent.key()).await();
        Evidence evidence = denied.failure.evidence();
        assertThat(denied.failure.cause()).isEqualTo(Cause.PEER_CONNECTION_FAILED);
        assertThat(evidence.relaysAsked())
                .hasSize(3)
                .containsAll(silent.node.dht.relayAddresses(silent.key()));
        assertThat(evidence.step()).isEqualTo(Evidence.Step.HANDSHAKE);
        assertThat(denied.failure.text()).contains(evidence.relaysAsked().get(0).toString());

        Served randomised = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Dialled both = dht.behind(SimNat.Kind.RANDOM).dial(randomised.key()).await();
        assertThat(both.failure.cause()).isEqualTo(Cause.HOLEPUNCH_DOUBLE_RANDOMIZED_NATS);
        assertThat(both.failure.evidence().ownNat()).isEqualTo(NatType.RANDOM);
        assertThat(both.failure.evidence().remoteNat()).isEqualTo(NatType.RANDOM);
        assertThat(both.failure.evidence().step()).isEqualTo(Evidence.Step.PATH);

        server.error = 3;
        Dialled refused = client.dialThrough(server.key(), server.address()).await();
        assertThat(refused.failure.cause()).isEqualTo(Cause.SERVER_ERROR);
        assertThat(refused.failure.text()).contains("3 (try later)");
    }

    @Test
    void socketIsReusedOnlyWhenBothSidesAgreed() {
        Served served = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node behind = dht.behind(SimNat.Kind.CONSISTENT);
        settle();
        ConnectSpec alone = specFor(behind, served);
        Dialled first = behind.dial(alone.withReusableSocket(true)).await();
        first.end();
        List<Address> asked = handshakesOf(behind);

        Dialled second = behind.dial(alone.withReusableSocket(true)).await();

        assertThat(second.failure).isNull();
        assertThat(second.stream.path()).isEqualTo(Path.PUNCHED);
        assertThat(asked).containsExactly(first.remote);
        // There and back, and there and back again.
        assertThat(second.seconds()).isLessThan(0.09);
        assertThat(second.echoes("over the same hole")).isTrue();

        asked.clear();
        Dialled notOffered = behind.dial(alone).await();
        assertThat(notOffered.failure).isNull();
        assertThat(asked).isNotEmpty().doesNotContain(first.remote);
    }

    @Test
    void aSocketThatTheServerDoesNotOfferIsNotKept() {
        settle();
        Address other = server.host.bind(5000).local();
        server.peerAddress = other;
        server.addresses = List.of(other);
        ConnectSpec spec =
                new ConnectSpec(
                                client.newKeyPair(),
                                server.key(),
                                List.of(server.address()),
                                true,
                                Optional.empty())
                        .withReusableSocket(true);
        client.dial(spec).await().end();
        List<Address> asked = handshakesOf(client);

        assertThat(client.dial(spec).await().failure).isNull();
        assertThat(asked).containsExactly(server.address());

        server.reusable = true;
        client.dial(spec).await().end();
        asked.clear();
        assertThat(client.dial(spec).await().failure).isNull();
        assertThat(asked).containsExactly(other);
    }

    @Test
    void rememberedRouteDiesWithItsSocketOrItsStream() {
        Served served = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node behind = dht.behind(SimNat.Kind.CONSISTENT);
        settle();
        ConnectSpec spec = specFor(behind, served).withReusableSocket(true);
        Dialled first = behind.dial(spec).await();
        first.end();
        dht.net.run(PeerStream.SOCKET_LINGER_NANOS + SECONDS.toNanos(1));
        List<Address> asked = handshakesOf(behind);

        Dialled afterItsSocket = behind.dial(spec).await();
        assertThat(afterItsSocket.failure).isNull();
        assertThat(asked).isNotEmpty().doesNotContain(first.remote);

        PeerStream accepted = served.accepted.get(1);
        served.node.host.command(now -> accepted.destroy(new CloseReason.ByUs("gone"), now));
        dht.net.runUntil(() -> afterItsSocket.reason != null, SECONDS.toNanos(5));
        asked.clear();
        Dialled afterItsStream = behind.dial(spec).await();
        assertThat(afterItsStream.failure).isNull();
        assertThat(asked).isNotEmpty().doesNotContain(afterItsSocket.remote);
    }

    private static ConnectSpec specFor(Node from, Served to) {
        return new ConnectSpec(from.newKeyPair(), to.key(), List.of(), true, Optional.empty());
    }

    /** Whom a node sends handshakes to from now on. */
    private List<Address> handshakesOf(Node node) {
        List<Address> asked = new ArrayList<>();
        dht.net.tap(
                (from, to, packet) -> {
                    Request request = requestIn(packet);
                    boolean ours = from.host() == node.host.address();
                    if (ours
                            && request != null
                            && request.command().equals(Command.PEER_HANDSHAKE)) {
                        asked.add(to);
                    }
                });
        return asked;
    }

    private Cause failure() {
        Dialled dialled = client.dialThrough(server.key(), server.address()).await();
        assertThat(dialled.failure).isNotNull();
        return dialled.failure.cause();
    }

    /** A hole punch through the server's own node, which never answers about it. */
    private NoisePayload.Holepunch offer() {
        return new NoisePayload.Holepunch(
                0, List.of(new NoisePayload.Relay(server.address(), DEAD)));
    }

    private void settle() {
        dht.settle();
        dht.net.link(LINK);
    }

    private void onRequest(BiConsumer<Address, Request> listener) {
        dht.net.tap(
                (from, to, packet) -> {
                    Request request = requestIn(packet);
                    if (request != null) {
                        listener.accept(from, request);
                    }
                });
    }

    private void onRequestTo(BiConsumer<Address, Request> listener) {
        dht.net.tap(
                (from, to, packet) -> {
                    Request request = requestIn(packet);
                    if (request != null) {
                        listener.accept(to, request);
                    }
                });
    }

    private static Request requestIn(Bytes packet) {
        try {
            return packet.length() > 1 && packet.unsignedAt(0) == Request.TYPE
                    ? Request.decode(new WireReader(packet))
                    : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    private static boolean isUdx(Bytes packet) {
        return packet.length() >= 20 && packet.unsignedAt(0) == 0xff && packet.unsignedAt(1) == 1;
    }
}
