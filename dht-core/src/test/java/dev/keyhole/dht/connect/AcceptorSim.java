package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.connect.Stranger.Call;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a server answers, to whom, from where, and for how long it remembers. */
class AcceptorSim {

    private static final ServerConfig OPEN = new ServerConfig(key -> false, true, 64, 8);

    private final SimDht dht = SimDht.of(71, 6);
    private final Stranger stranger = new Stranger(dht);

    private static Served serve(Node node, ServerConfig config) {
        Served served = node.listen(config, node.newKeyPair());
        node.network.net.runUntil(() -> served.relays > 0, SECONDS.toNanos(60));
        return served;
    }

    private static Address relayOf(Served server) {
        return server.relayAddresses().get(0);
    }

    private static HolepunchPayload word(boolean punching, NatType type, List<Address> addresses) {
        return new HolepunchPayload(
                PeerError.NONE, type, 0, false, punching, addresses, null, null, null);
    }

    private void assertNothingIsLeft(Served server) {
        assertThat(server.acceptor.slots()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
        assertThat(server.node.dht.punchSockets()).isZero();
    }

    @Test
    void deniedHandshakeIsMetWithSilence() {
        List<PublicKey> asked = new ArrayList<>();
        Served server =
                serve(
                        dht.firewalled(),
                        OPEN.withDenies(
                                (remote, origin) -> {
                                    asked.add(remote);
                                    if (asked.size() == 1) {
                                        return true;
                                    }
                                    throw new IllegalStateException("a hook that fails");
                                }));

        Call denied = stranger.call(server.key(), 1).ask(relayOf(server));
        Call failed = stranger.call(server.key(), 2).ask(relayOf(server));
        denied.ask(relayOf(server));
        Call garbage = stranger.call(server.node.newKeyPair().publicKey(), 3);
        stranger.handshake(relayOf(server), server.key(), garbage.noise);
        dht.net.run(SECONDS.toNanos(5));

        assertThat(stranger.replies).isEmpty();
        assertThat(asked).containsExactly(denied.self, failed.self);
        assertThat(server.acceptor.counters().denied()).isEqualTo(2);
        assertThat(server.acceptor.counters().undecryptable()).isEqualTo(1);
        assertThat(server.acceptor.slots()).isEqualTo(3);
        dht.net.run(SECONDS.toNanos(10));
        assertNothingIsLeft(server);
    }

    @Test
    void denialCanBeToldToTheClient() {
        Served server =
                serve(
                        dht.firewalled(),
                        OPEN.withDenies((remote, origin) -> true).withTellDenied(true));

        Call denied = stranger.call(server.key(), 1).ask(relayOf(server));

        NoisePayload answer = denied.payload(denied.reply());
        assertThat(answer.error()).isEqualTo(PeerError.ABORTED);
        assertThat(answer.udx()).isNull();
        assertThat(answer.holepunch()).isNull();
        assertThat(answer.addresses4()).isEmpty();

        Dialled dialled = dht.firewalled().dial(server.key()).await();
        assertThat(dialled.failure).isNotNull();
        assertThat(dialled.seconds()).isLessThan(1);
        dht.net.run(SECONDS.toNanos(11));
        assertNothingIsLeft(server);
    }

    @Test
    void identicalHandshakesShareOneAnswerWhileTheHookIsPending() {
        List<PublicKey> asked = new ArrayList<>();
        Served server =
                serve(
                        dht.behind(SimNat.Kind.CONSISTENT),
                        OPEN.withDenies((remote, origin) -> !asked.add(remote)));
        Call call = stranger.call(server.key(), 1);

        // All three come before the socket to answer from is there.
        Bytes value = HandshakeValue.fromClient(call.noise).encode();
        for (Address relay : server.relayAddresses()) {
            stranger.send(relay, Command.PEER_HANDSHAKE, server.key(), value);
        }
        dht.net.run(SECONDS.toNanos(1));
        call.ask(relayOf(server));

        assertThat(stranger.replies).hasSize(4);
        assertThat(stranger.replies.stream().map(Stranger.Received::value).distinct()).hasSize(1);
        assertThat(asked).containsExactly(call.self);
        assertThat(server.acceptor.slots()).isEqualTo(1);
        assertThat(server.node.dht.punchSockets()).isEqualTo(1);
    }

    @Test
    void asynchronousHookCountsOnlyOnce() {
        List<PublicKey> asked = new ArrayList<>();
        Served server =
                serve(
                        dht.firewalled(),
                        OPEN.withDenies(
                                (remote, origin) -> {
                                    asked.add(remote);
                                    if (asked.size() == 1) {
                                        throw new IllegalStateException("a hook that fails once");
                                    }
                                    return false;
                                }));
        Call call = stranger.call(server.key(), 1);

        server.relayAddresses().forEach(call::ask);
        call.ask(relayOf(server));

        assertThat(asked).as("asked once for all copies").containsExactly(call.self);
        assertThat(stranger.replies).as("and its failure denies them all").isEmpty();
        assertThat(server.node.dht.openStreams()).isZero();

        stranger.call(server.key(), 2).ask(relayOf(server));
        assertThat(stranger.replies).as("but nobody else").hasSize(1);
    }

    @Test
    void punchSocketExistsBeforeTheHandshakeReplyAndSendsIt() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);

        Call call = stranger.call(server.key(), 1).ask(relayOf(server));

        Address seen = call.reply().peerAddress();
        Address mainSeen = server.announcer().relays().get(0).peerAddress();
        assertThat(seen.host()).isEqualTo(server.node.host.address());
        assertThat(seen).isNotEqualTo(mainSeen);
        int before = stranger.probes.size();
        stranger.probe(seen);
        dht.net.run(SECONDS.toNanos(1));
        assertThat(stranger.probes).as("only its NAT keeps us out").hasSize(before);
    }

    @Test
    void clientLearnsTheServersAddressAsTheRelaySeesItNow() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN.withPunching(false));
        Address announced = server.announcer().relays().get(0).peerAddress();
        Call before = stranger.call(server.key(), 1).ask(relayOf(server));
        assertThat(before.reply().peerAddress()).isEqualTo(announced);

        server.node.nat.rebind();
        dht.net.run(SECONDS.toNanos(5));
        Call after = stranger.call(server.key(), 2).ask(relayOf(server));

        assertThat(after.reply().peerAddress()).isNotEqualTo(announced);
        assertThat(after.reply().peerAddress())
                .isEqualTo(dht.at(relayOf(server)).wayTo(server.key()));
    }

    @Test
    void punchAnswerFollowsTheVetoAndTheStart() {
        Served server = serve(dht.behind(SimNat.Kind.RANDOM), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call call = stranger.call(server.key(), 1).ask(relay);
        HandshakeValue answer = call.reply();

        // Two random NATs: there is no strategy, so it must not say that it punches.
        HolepunchPayload said =
                call.punch(
                        relay,
                        serverSeen,
                        answer,
                        word(true, NatType.RANDOM, List.of(stranger.address)));

        assertThat(said.error()).isEqualTo(PeerError.ABORTED);
        assertThat(said.punching()).isFalse();
        assertThat(server.node.dht.punchSockets()).isZero();
        dht.net.run(SECONDS.toNanos(25));
        assertNothingIsLeft(server);
    }

    @Test
    void punchingStopsTheHandshakeTimer() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call call = stranger.call(server.key(), 1).ask(relay);
        HandshakeValue answer = call.reply();
        HolepunchPayload first =
                call.punch(relay, serverSeen, answer, word(false, NatType.UNKNOWN, List.of()));
        assertThat(first.token()).isNotNull();
        HolepunchPayload proved =
                new HolepunchPayload(
                        PeerError.NONE,
                        NatType.RANDOM,
                        1,
                        false,
                        true,
                        List.of(stranger.address.withPort(0)),
                        null,
                        null,
                        first.token());

        HolepunchPayload second = call.punch(relay, serverSeen, answer, proved);
        assertThat(second.punching()).isTrue();
        dht.net.run(SECONDS.toNanos(25));

        assertThat(server.node.dht.punchSockets()).as("guessing takes 35 seconds").isEqualTo(1);
        assertThat(server.node.dht.openStreams()).isEqualTo(1);
        dht.net.run(SECONDS.toNanos(15));
        assertThat(server.node.dht.punchSockets()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
        dht.net.run(SECONDS.toNanos(10));
        assertNothingIsLeft(server);
    }

    @Test
    void exhaustedPunchFreesItsSlot() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call call = stranger.call(server.key(), 1).ask(relay);

        HolepunchPayload said =
                call.punch(
                        relay,
                        serverSeen,
                        call.reply(),
                        word(true, NatType.CONSISTENT, List.of(stranger.address)));
        assertThat(said.punching()).isTrue();
        dht.net.run(SECONDS.toNanos(14));

        assertThat(server.node.dht.openStreams()).isZero();
        assertThat(server.node.dht.punchSockets()).isZero();
        assertThat(server.acceptor.slots()).isEqualTo(1);
        dht.net.run(SECONDS.toNanos(10));
        assertNothingIsLeft(server);
    }

    @Test
    void parkedPunchIsFreedWhenTheRelayFails() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        for (int i = 1; i <= 2; i++) {
            Call call = stranger.call(server.key(), i).ask(relay);
            HandshakeValue answer = call.reply();
            HolepunchPayload first =
                    call.punch(relay, serverSeen, answer, word(false, NatType.UNKNOWN, List.of()));
            HolepunchPayload said =
                    call.punch(
                            relay,
                            serverSeen,
                            answer,
                            new HolepunchPayload(
                                    PeerError.NONE,
                                    NatType.RANDOM,
                                    1,
                                    false,
                                    true,
                                    List.of(stranger.address.withPort(0)),
                                    null,
                                    null,
                                    first.token()));
            assertThat(said.error()).isEqualTo(i == 1 ? PeerError.NONE : PeerError.TRY_LATER);
        }
        assertThat(server.acceptor.counters().toldToTryLater()).isEqualTo(1);

        // Nobody ever comes back.
        dht.net.run(SECONDS.toNanos(60));
        assertNothingIsLeft(server);
    }

    @Test
    void clearingASlotNeverTouchesAnEmittedConnection() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Dialled dialled = dht.behind(SimNat.Kind.CONSISTENT).dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();

        dht.net.runUntil(() -> server.acceptor.slots() == 0, SECONDS.toNanos(90));
        dht.net.run(MINUTES.toNanos(2));

        assertThat(dialled.echoes("after")).isTrue();
        assertThat(dialled.reason).isNull();
    }

    @Test
    void streamIsListeningBeforeTheReplyIsSent() {
        Served server = serve(dht.firewalled(), OPEN);
        List<Integer> listening = new ArrayList<>();
        dht.net.tap(
                (source, destination, payload) -> {
                    boolean answers = server.acceptor.slots() > 0;
                    if (answers && source.host() == server.node.host.address()) {
                        listening.add(server.node.dht.openStreams());
                    }
                });

        stranger.call(server.key(), 1).ask(relayOf(server));

        assertThat(stranger.replies).hasSize(1);
        assertThat(listening).isNotEmpty().containsOnly(1);
    }

    @Test
    void openOrDirectClientIsDialledWhereItWasObserved() {
        Stranger victim = new Stranger(dht);
        Served server = serve(dht.firewalled(), OPEN);
        NoisePayload open = Stranger.asking(NatType.OPEN, List.of(victim.address));

        stranger.call(server.key(), 1, open).ask(relayOf(server));
        assertThat(stranger.streamPackets)
                .isNotEmpty()
                .containsOnly(server.node.dht.rpc().mainSocket().local());
        Stranger caller = new Stranger(dht);
        Address direct = server.node.dht.rpc().serverSocket().local();
        caller.call(server.key(), 2, open).ask(direct);

        assertThat(caller.streamPackets).isNotEmpty().containsOnly(direct);
        assertThat(victim.streamPackets).isEmpty();
    }

    @Test
    void transactionIdSurvivesEveryHopAndOnlyTheLastHopReplies() {
        Served server = serve(dht.firewalled(), OPEN);

        stranger.call(server.key(), 1).ask(relayOf(server));

        assertThat(stranger.replies).as("one answer to one request").hasSize(1);
        assertThat(stranger.replies.get(0).from()).isEqualTo(relayOf(server));
        assertThat(stranger.replies.get(0).tid()).isEqualTo(stranger.lastTid());
    }

    @Test
    void directReplyNamesNoPeer() {
        Served server = serve(dht.firewalled(), OPEN);

        Call direct =
                stranger.call(server.key(), 1).ask(server.node.dht.rpc().mainSocket().local());
        assertThat(direct.reply().peerAddress()).isNull();
        Call relayed = stranger.call(server.key(), 2).ask(relayOf(server));
        assertThat(relayed.reply().peerAddress()).isNotNull();
    }

    @Test
    void clientOnTheSameLanIsExpectedOnTheMainSocket() {
        Node node = dht.firewalled();
        node.dht.rpc().localAddresses(List.of(Address.parse("192.168.9.2:49737")));
        Served server = serve(node, OPEN);
        Address main = node.dht.rpc().mainSocket().local();
        NoisePayload neighbour =
                Stranger.asking(NatType.UNKNOWN, List.of(Address.parse("192.168.9.3:49737")));

        stranger.call(server.key(), 1, neighbour).askFor(main.withPort(7), main);
        dht.net.run(SECONDS.toNanos(1));
        assertThat(stranger.requests).hasSize(1);
        assertThat(stranger.requests.get(0).from()).isEqualTo(main);
        assertThat(node.dht.punchSockets()).as("ready to punch all the same").isEqualTo(1);

        stranger.call(server.key(), 2, Stranger.asking()).askFor(main.withPort(8), main);
        dht.net.run(SECONDS.toNanos(1));
        assertThat(stranger.requests.get(1).from()).isNotEqualTo(main);
        dht.net.run(SECONDS.toNanos(25));
        assertNothingIsLeft(server);
    }

    @Test
    void serverThatNeverPunchesStillAcceptsDirectAndLanClients() {
        Node node = dht.firewalled();
        node.dht.rpc().localAddresses(List.of(Address.parse("192.168.9.2:49737")));
        Served server = serve(node, OPEN.withPunching(false));
        Address main = node.dht.rpc().mainSocket().local();
        Node client = dht.open();
        dht.settle();

        Dialled open = client.dial(server.key()).await();
        assertThat(open.failure).isNull();
        assertThat(open.echoes("from an open client")).isTrue();

        NoisePayload neighbour =
                Stranger.asking(NatType.UNKNOWN, List.of(Address.parse("192.168.9.3:49737")));
        stranger.call(server.key(), 1, neighbour).askFor(main.withPort(7), main);
        dht.net.run(SECONDS.toNanos(9));
        assertThat(stranger.requests).as("answered from where it is expected").hasSize(1);
        assertThat(stranger.requests.get(0).from()).isEqualTo(main);
        assertThat(node.dht.openStreams()).as("one open, and one expected").isEqualTo(2);
        dht.net.run(SECONDS.toNanos(2));
        assertThat(node.dht.openStreams()).as("after ten seconds").isEqualTo(1);
        assertThat(node.dht.openedPunchSockets()).isZero();
    }

    @Test
    void serverThatNeverPunchesSaysSoAtOnce() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN.withPunching(false));
        Address relay = relayOf(server);
        Call call = stranger.call(server.key(), 1).ask(relay);
        HolepunchPayload said =
                call.punch(
                        relay,
                        server.announcer().relays().get(0).peerAddress(),
                        call.reply(),
                        word(false, NatType.UNKNOWN, List.of()));
        assertThat(said.error()).isEqualTo(PeerError.ABORTED);

        Dialled dialled = dht.behind(SimNat.Kind.CONSISTENT).dial(server.key()).await();

        assertThat(dialled.failure).isNotNull();
        assertThat(dialled.seconds()).isLessThan(2);
    }

    @Test
    void punchTokenIsGivenOnlyThroughOwnRelays() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call call = stranger.call(server.key(), 1).ask(relay);
        HandshakeValue answer = call.reply();
        Node other =
                dht.storing.stream()
                        .filter(node -> !server.relayAddresses().contains(node.address))
                        .findFirst()
                        .orElseThrow();
        // The server speaks to it now and then, so its NAT lets it in.
        server.node.host.command(
                now ->
                        server.node
                                .dht
                                .rpc()
                                .request(
                                        RequestSpec.of(other.address, Command.PING),
                                        new Unheard(),
                                        now));
        dht.net.run(SECONDS.toNanos(1));
        HolepunchPayload asked = word(false, NatType.UNKNOWN, List.of());

        assertThat(call.punch(relay, serverSeen, answer, asked).token()).isNotNull();
        HolepunchPayload through = call.punch(other.address, serverSeen, answer, asked);
        assertThat(through.error()).isZero();
        assertThat(through.token()).isNull();
    }

    @Test
    void holepunchIdSelectsTheSlot() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call first = stranger.call(server.key(), 1).ask(relay);
        HandshakeValue firstAnswer = first.reply();
        Call second = stranger.call(server.key(), 2).ask(relay);
        HandshakeValue secondAnswer = second.reply();
        HolepunchPayload asked = word(false, NatType.UNKNOWN, List.of());

        assertThat(first.payload(firstAnswer).holepunch().id()).isZero();
        assertThat(second.payload(secondAnswer).holepunch().id()).isEqualTo(1);
        assertThat(first.punch(relay, serverSeen, firstAnswer, 0, asked)).isNotNull();
        assertThat(second.punch(relay, serverSeen, secondAnswer, 1, asked)).isNotNull();
        assertThat(first.punch(relay, serverSeen, firstAnswer, 1, asked)).isNull();
        assertThat(first.punch(relay, serverSeen, firstAnswer, 5, asked)).isNull();
        assertThat(first.punch(relay, serverSeen, firstAnswer, 1L << 40, asked)).isNull();
    }

    @Test
    void handshakeReplyListsTheServersRelays() {
        Node node = dht.firewalled();
        Served server = node.listen(OPEN, node.newKeyPair());
        Address direct = node.dht.rpc().mainSocket().local();
        Call early = stranger.call(server.key(), 1);
        stranger.send(
                direct,
                Command.PEER_HANDSHAKE,
                server.key(),
                HandshakeValue.fromClient(early.noise).encode());
        dht.net.runUntil(() -> !stranger.replies.isEmpty(), SECONDS.toNanos(1));
        assertThat(server.relays).isZero();
        assertThat(early.payload(early.reply()).relayAddresses()).as("absent, not empty").isNull();

        dht.net.runUntil(() -> server.relays > 0, SECONDS.toNanos(30));
        Call late = stranger.call(server.key(), 2).ask(relayOf(server));

        assertThat(late.payload(late.reply()).relayAddresses()).isEqualTo(server.relayAddresses());
        assertThat(late.payload(late.reply()).holepunch().relays())
                .isEqualTo(server.announcer().relays());
    }

    @Test
    void everyEndedHandshakeReleasesSlotStreamAndSocket() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call aborted = stranger.call(server.key(), 1).ask(relay);
        aborted.punch(relay, serverSeen, aborted.reply(), HolepunchPayload.ofError(1, 0));
        stranger.call(server.key(), 2).ask(relay);
        stranger.call(server.key(), 3, Stranger.asking(NatType.OPEN, List.of())).ask(relay);
        Dialled dialled = dht.behind(SimNat.Kind.CONSISTENT).dial(server.key()).await();
        assertThat(server.acceptor.slots()).isEqualTo(4);
        dialled.node.host.kill();

        dht.net.run(MINUTES.toNanos(2));
        assertNothingIsLeft(server);

        stranger.call(server.key(), 4).ask(relay);
        server.node.host.command(
                now -> server.node.dht.unlisten(server.acceptor, later -> {}, now));
        dht.net.run(SECONDS.toNanos(2));
        assertNothingIsLeft(server);
    }

    @Test
    void listeningTwiceWithOneKeyFailsAndPortZeroIsRefused() throws Exception {
        Node node = dht.firewalled();
        var keyPair = node.newKeyPair();
        Served server = node.serve(key -> false, true, keyPair);
        Served second = node.listen(OPEN, keyPair);
        assertThat(second.acceptor).isNull();

        NoisePayload open = Stranger.asking(NatType.OPEN, List.of());
        stranger.call(server.key(), 1, open)
                .askFor(stranger.address.withPort(0), node.dht.rpc().mainSocket().local());
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.slots()).isZero();
        assertThat(node.dht.openStreams()).isZero();
        assertThat(stranger.call(server.key(), 2).ask(relayOf(server)).reply()).isNotNull();
    }

    @Test
    void handshakeWithoutStreamDataIsAnsweredWithoutAStream() {
        Served server = serve(dht.firewalled(), OPEN);
        NoisePayload noStream =
                new NoisePayload(
                        1, 0, NatType.UNKNOWN, null, List.of(), List.of(), null, 1, null, null);
        NoisePayload tomorrow =
                new NoisePayload(
                        2, 0, NatType.UNKNOWN, null, List.of(), List.of(), null, 1, null, null);

        Call without = stranger.call(server.key(), 1, noStream).ask(relayOf(server));
        NoisePayload answer = without.payload(without.reply());
        assertThat(answer.error()).isEqualTo(PeerError.ABORTED);
        assertThat(answer.udx().id()).isZero();
        Call later = stranger.call(server.key(), 2, tomorrow).ask(relayOf(server));
        assertThat(later.payload(later.reply()).error()).isEqualTo(PeerError.VERSION_MISMATCH);

        assertThat(server.node.dht.openStreams()).isZero();
        assertThat(server.node.dht.punchSockets()).isZero();
        dht.net.run(SECONDS.toNanos(11));
        assertNothingIsLeft(server);
    }

    @Test
    void firewallHookSeesTheRealSourceOfADirectHandshake() {
        List<Origin> origins = new ArrayList<>();
        Served server =
                serve(
                        dht.firewalled(),
                        OPEN.withDenies(
                                (remote, origin) -> {
                                    origins.add(origin);
                                    return true;
                                }));
        Address main = server.node.dht.rpc().mainSocket().local();
        Address forged = Address.parse("1.2.3.4:5");

        Call direct = stranger.call(server.key(), 1);
        stranger.send(
                main,
                Command.PEER_HANDSHAKE,
                server.key(),
                new HandshakeValue(Mode.FROM_CLIENT, direct.noise, forged, null).encode());
        stranger.call(server.key(), 2).askFor(forged, main);
        dht.net.run(SECONDS.toNanos(1));

        assertThat(origins)
                .containsExactly(new Origin(stranger.address, true), new Origin(forged, false));
    }

    @Test
    void clientChosenRelaysAndProbeTargetsAreBounded() {
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), OPEN);
        Address relay = relayOf(server);
        Address serverSeen = server.announcer().relays().get(0).peerAddress();
        Call call = stranger.call(server.key(), 1).ask(relay);
        List<Stranger> victims = new ArrayList<>();
        List<Address> targets = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            victims.add(new Stranger(dht));
            targets.add(victims.get(i).address);
        }
        targets.add(0, Address.parse("127.0.0.1:22"));
        targets.add(0, Address.parse("224.0.0.1:22"));

        call.punch(relay, serverSeen, call.reply(), word(true, NatType.CONSISTENT, targets));
        dht.net.run(SECONDS.toNanos(15));

        Set<Integer> probed = new HashSet<>();
        victims.stream()
                .filter(victim -> !victim.probes.isEmpty())
                .forEach(victim -> probed.add(victim.address.host()));
        assertThat(probed).hasSizeBetween(1, 8);
        assertThat(victims).allMatch(victim -> victim.probes.size() <= 2);
    }

    @Test
    void slotsThatLingerMakeRoomForNewOnes() {
        Served server = serve(dht.firewalled(), OPEN);
        Address direct = server.node.dht.rpc().mainSocket().local();
        Stranger neighbour = new Stranger(dht, "10.1.2.3");
        Random random = new Random(1);
        Bytes first = Bytes.random(random, 96);
        neighbour.handshake(direct, server.key(), first);
        for (int i = 0; i < ServerSlots.MAX_SLOTS; i++) {
            neighbour.handshake(direct, server.key(), Bytes.random(random, 96));
        }

        Call late = neighbour.call(server.key(), 1).ask(direct);

        assertThat(late.payload(late.reply()).error()).isEqualTo(PeerError.NONE);
        assertThat(server.acceptor.slots()).isEqualTo(ServerSlots.MAX_SLOTS);
        neighbour.handshake(direct, server.key(), first);
        dht.net.run(SECONDS.toNanos(12));
        assertThat(server.acceptor.counters().replayed()).isEqualTo(1);
        assertThat(server.acceptor.slots()).isZero();
    }

    @Test
    void replayedHandshakeNeverSurfacesAConnection() {
        List<PublicKey> asked = new ArrayList<>();
        Served server =
                serve(dht.firewalled(), OPEN.withDenies((remote, origin) -> !asked.add(remote)));
        Address direct = server.node.dht.rpc().mainSocket().local();
        NoisePayload open = Stranger.asking(NatType.OPEN, List.of());
        Call recorded = stranger.call(server.key(), 1, open).ask(direct);
        assertThat(asked).hasSize(1);

        for (int minute = 1; minute < 10; minute++) {
            dht.net.run(SECONDS.toNanos(59));
            recorded.ask(direct);
            recorded.ask(relayOf(server));
        }
        assertThat(asked).as("the firewall is not asked again").hasSize(1);
        assertThat(server.acceptor.counters().replayed()).isEqualTo(18);

        dht.net.run(MINUTES.toNanos(12));
        recorded.ask(direct);
        assertThat(asked).hasSize(2);
        assertThat(server.accepted).isEmpty();
        assertThat(server.acceptor.counters().connections()).isZero();
    }

    @Test
    void modesWithoutAnAnswerCostNothing() {
        Served server = serve(dht.firewalled(), OPEN);
        Address main = server.node.dht.rpc().mainSocket().local();
        Bytes noise = stranger.call(server.key(), 1).noise;
        Address peer = stranger.address;

        for (HandshakeValue value :
                List.of(
                        new HandshakeValue(Mode.FROM_SERVER, noise, peer, peer),
                        new HandshakeValue(Mode.REPLY, noise, peer, peer),
                        new HandshakeValue(Mode.FROM_RELAY, noise, null, peer),
                        new HandshakeValue(Mode.FROM_SECOND_RELAY, noise, null, peer),
                        new HandshakeValue(Mode.FROM_SECOND_RELAY, noise, peer, null))) {
            stranger.send(main, Command.PEER_HANDSHAKE, server.key(), value.encode());
        }
        dht.net.run(SECONDS.toNanos(5));

        assertThat(server.acceptor.counters().handshakes()).isZero();
        assertThat(server.acceptor.slots()).isZero();
        assertThat(stranger.requests).isEmpty();
        assertThat(stranger.replies).isEmpty();
    }

    @Test
    void aPlaceIsFreeAgainOnceItsConnectionHasEnded() {
        Served server = serve(dht.firewalled(), new ServerConfig(key -> false, true, 2, 1));
        Node node = dht.open();
        ConnectSpec spec =
                new ConnectSpec(node.newKeyPair(), server.key(), List.of(), true, Optional.empty());
        for (int round = 0; round < 3; round++) {
            Dialled first = node.dial(spec).await();
            assertThat(first.echoes("first")).isTrue();
            assertThat(dht.open().dial(spec).await().failure.cause())
                    .as("a second of the same key")
                    .isEqualTo(Cause.SERVER_ERROR);
            Dialled other = dht.open().dial(server.key()).await();
            assertThat(other.echoes("other")).isTrue();
            assertThat(dht.open().dial(server.key()).await().failure.cause())
                    .as("a third")
                    .isEqualTo(Cause.SERVER_ERROR);

            server.node.host.command(
                    now -> server.acceptor.disconnect(new CloseReason.ByUs("enough"), now));
            dht.net.run(SECONDS.toNanos(1));
            assertThat(server.acceptor.connections()).isZero();
        }
    }

    @Test
    void aFirewallThatOpensIsHeededByTheNextCopyOfTheSameMessage() {
        boolean[] denies = {true};
        Served server = serve(dht.firewalled(), OPEN.withDenies((remote, origin) -> denies[0]));
        Call call = stranger.call(server.key(), 1).ask(relayOf(server));
        assertThat(stranger.replies).isEmpty();

        denies[0] = false;
        call.ask(relayOf(server));
        assertThat(stranger.replies).as("judged already").isEmpty();
        server.node.host.command(now -> server.acceptor.firewallChanged(now));
        call.ask(relayOf(server));

        assertThat(stranger.replies).hasSize(1);
        assertThat(server.acceptor.slots()).isEqualTo(1);
    }

    @Test
    void aFirewallThatClosesEndsWhatWasBegunAndWhatIsOpen() {
        boolean[] denies = new boolean[1];
        Served server = serve(dht.firewalled(), OPEN.withDenies((remote, origin) -> denies[0]));
        Dialled dialled = dht.open().dial(server.key()).await();
        assertThat(dialled.echoes("while I may")).isTrue();
        stranger.call(server.key(), 1).ask(server.node.dht.rpc().mainSocket().local());

        denies[0] = true;
        server.node.host.command(now -> server.acceptor.firewallChanged(now));
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.connections()).isZero();
        assertThat(dialled.reason).isNotNull();
    }

    @Test
    void aFirewallThatClosesKeepsOutThoseOnTheirWay() {
        boolean[] denies = new boolean[1];
        Served server =
                serve(
                        dht.behind(SimNat.Kind.CONSISTENT),
                        OPEN.withDenies((remote, origin) -> denies[0]));
        Dialled dialled = dht.behind(SimNat.Kind.CONSISTENT).dial(server.key());
        dht.net.runUntil(() -> server.node.dht.openStreams() == 1, SECONDS.toNanos(5));
        assertThat(server.accepted).isEmpty();

        denies[0] = true;
        server.node.host.command(now -> server.acceptor.firewallChanged(now));
        dialled.await();
        dht.net.run(SECONDS.toNanos(25));

        assertThat(server.accepted).isEmpty();
        assertThat(dialled.failure).isNotNull();
        assertNothingIsLeft(server);
    }

    /** An asker that does not listen. */
    private static final class Unheard implements ReplyListener {

        @Override
        public void answered(Answer answer, long nowNanos) {}

        @Override
        public void failed(RequestFailure failure, long nowNanos) {}
    }
}
