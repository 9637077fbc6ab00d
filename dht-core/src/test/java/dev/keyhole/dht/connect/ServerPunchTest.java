package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.PunchBench;
import dev.keyhole.dht.holepunch.PunchBench.Probe;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server's side of punching, with relay and client spoken by the test. */
class ServerPunchTest {

    private static final Address CLIENT = Address.of("77.0.0.1", 5000);
    private static final KeyPair KEYS = KeyPair.fromSeed(Seed.ofHex("01".repeat(32)));

    private final PunchBench bench = PunchBench.behindNat();
    private final SeededEntropy entropy = new SeededEntropy(5);
    private final Session session =
            new Session(
                    false,
                    KEYS.publicKey(),
                    KEYS.publicKey(),
                    Bytes.random(entropy, 64),
                    Bytes.random(entropy, 32),
                    Bytes.random(entropy, 32));
    private final SecurePayload secure = SecurePayload.of(session);
    private final Recorder owner = new Recorder();
    private final Surroundings around =
            new Surroundings(
                    bench.rpc,
                    new StreamMultiplexer(entropy),
                    bench.timers,
                    bench.sockets,
                    bench.randomPunches,
                    new RelayMemory(),
                    null,
                    new SocketRoutes(),
                    entropy,
                    Runnable::run);
    private final ServerPunch punch =
            new ServerPunch(
                    around,
                    new Announcer(bench.rpc, bench.timers, KEYS, new Unannounced()),
                    session,
                    NatType.UNKNOWN,
                    owner);
    private int requests;

    @BeforeEach
    void handRequestsToThePunch() {
        bench.rpc.handler(this::handle);
    }

    @Test
    void serverSamplesWhatTheRelaySawNotWhoTheClientIs() {
        bench.seenAs = (socket, node) -> null;
        open();

        for (int relay = 1; relay <= 3; relay++) {
            hears(owner.socket, Address.of("99.3.0." + relay, 1000), probe(relay, null));
        }
        bench.run(MILLISECONDS.toNanos(400));

        assertThat(answer(0).firewall()).isEqualTo(NatType.CONSISTENT);
        assertThat(answer(0).addresses()).containsExactly(PunchBench.OUTSIDE);
    }

    @Test
    void whatComesToAnotherSocketSaysNothingAboutThePunchSocket() {
        bench.seenAs = (socket, node) -> null;
        open();

        for (int relay = 1; relay <= 3; relay++) {
            LocalSocket other = bench.rpc.clientSocket();
            hears(other, Address.of("99.3.0." + relay, 1000), probe(relay, null));
        }
        bench.run(MILLISECONDS.toNanos(400));

        assertThat(bench.requests).isEmpty();
    }

    @Test
    void fastPathProbeGoesToTheObservedClientOnEveryRound() {
        open();
        bench.run(SECONDS.toNanos(1));
        Address relay = Address.of("99.3.0.1", 1000);

        hears(owner.socket, relay, probe(0, PunchBench.OUTSIDE));
        bench.run(0);
        hears(owner.socket, relay, probe(1, PunchBench.OUTSIDE));
        bench.run(0);

        assertThat(bench.probes).hasSize(2).allMatch(sent -> sent.to().equals(CLIENT));
        assertThat(bench.probes.stream().map(Probe::hops)).containsOnly(0);
    }

    @Test
    void aClientThatSpokeToSomebodyElseGetsNoProbe() {
        open();
        bench.run(SECONDS.toNanos(1));

        hears(owner.socket, Address.of("99.3.0.1", 1000), probe(0, CLIENT));
        bench.run(0);

        assertThat(bench.probes).isEmpty();
        assertThat(bench.requests).hasSize(1);
    }

    @Test
    void natViewIsFrozenOnceTold() {
        open();
        bench.run(SECONDS.toNanos(1));
        hears(owner.socket, Address.of("99.3.0.1", 1000), probe(0, null));
        bench.run(0);
        assertThat(answer(0).firewall()).isEqualTo(NatType.CONSISTENT);

        for (int relay = 2; relay <= 9; relay++) {
            Address from = Address.of("99.3.0." + relay, 1000);
            Address seen = PunchBench.OUTSIDE.withPort(3000 + relay);
            hears(owner.socket, from, seen, probe(relay, null));
        }
        bench.run(0);

        assertThat(answer(8).firewall()).isEqualTo(NatType.CONSISTENT);
        assertThat(answer(8).addresses()).containsExactly(PunchBench.OUTSIDE);
    }

    @Test
    void unstableNatIsSampledAgainOnFreshSocketsUnlessTheClientPunches() {
        bench.seenAs = (socket, node) -> null;
        open();
        bench.run(SECONDS.toNanos(10));

        hears(owner.socket, Address.of("99.3.0.1", 1000), punching(0));
        bench.run(SECONDS.toNanos(10));
        assertThat(bench.opened).hasSize(1);
        assertThat(answer(0).error()).isEqualTo(PeerError.ABORTED);
    }

    @Test
    void unstableNatIsSampledAgainWhileTheClientDoesNotPunch() {
        bench.seenAs = (socket, node) -> null;
        open();
        bench.run(SECONDS.toNanos(10));

        hears(owner.socket, Address.of("99.3.0.1", 1000), probe(0, null));
        bench.run(SECONDS.toNanos(30));

        assertThat(bench.opened).hasSize(4);
        assertThat(answer(0).error()).isEqualTo(PeerError.ABORTED);
    }

    @Test
    void aBusyServerSaysTryLater() {
        bench.guessForSomebodyElse();
        open();
        bench.run(SECONDS.toNanos(1));

        hears(owner.socket, Address.of("99.3.0.1", 1000), says(NatType.RANDOM, 0, true, null));
        bench.run(0);

        assertThat(answer(0).error()).isEqualTo(PeerError.TRY_LATER);
    }

    private void open() {
        punch.open(bench.now());
        bench.run(0);
    }

    private void hears(LocalSocket socket, Address relay, HolepunchPayload payload) {
        hears(socket, relay, PunchBench.OUTSIDE, payload);
    }

    /** The client's word, passed on by a relay that sees us somewhere. */
    private void hears(LocalSocket socket, Address relay, Address seen, HolepunchPayload payload) {
        Bytes value =
                new HolepunchValue(Mode.FROM_RELAY, 0, secure.seal(payload, entropy), CLIENT)
                        .encode();
        Bytes target = KEYS.publicKey().target();
        bench.request(
                socket,
                relay,
                new Request(++requests, seen, null, null, Command.PEER_HOLEPUNCH, target, value));
    }

    private void handle(IncomingRequest request, long nowNanos) {
        try {
            Router.holepunch(request.value(), request.from(), true, null)
                    .carryOut(new Hands(request, nowNanos));
        } catch (MalformedException e) {
            throw new AssertionError(e);
        }
    }

    private HolepunchPayload answer(int number) {
        try {
            Bytes value = bench.requests.get(number).request().value();
            return secure.open(HolepunchValue.decode(value).payload());
        } catch (MalformedException e) {
            throw new AssertionError(e);
        }
    }

    private static HolepunchPayload probe(long round, Address spokenTo) {
        return says(NatType.CONSISTENT, round, false, spokenTo);
    }

    private static HolepunchPayload punching(long round) {
        return says(NatType.CONSISTENT, round, true, null);
    }

    private static HolepunchPayload says(
            NatType type, long round, boolean punching, Address spokenTo) {
        List<Address> claimed = List.of(CLIENT.withPort(4999));
        return new HolepunchPayload(
                PeerError.NONE, type, round, false, punching, claimed, spokenTo, null, null);
    }

    private final class Hands implements RelayDecision.Hands {

        private final IncomingRequest request;
        private final long nowNanos;

        private Hands(IncomingRequest request, long nowNanos) {
            this.request = request;
            this.nowNanos = nowNanos;
        }

        @Override
        public void forward(Address to, Bytes value) {
            throw new AssertionError("not for others");
        }

        @Override
        public void answer(Address to, Bytes value) {
            throw new AssertionError("not for others");
        }

        @Override
        public void closerNodes() {
            throw new AssertionError("not for others");
        }

        @Override
        public void serve(Serve serve) {
            punch.take(serve, request, nowNanos);
        }
    }

    /** Nobody relays for this server. */
    private static final class Unannounced implements Announcer.Listener {

        @Override
        public void announced(int relays, long nowNanos) {}

        @Override
        public void moved(long nowNanos) {}
    }

    private static final class Recorder implements ServerPunch.Owner {

        private LocalSocket socket;

        @Override
        public void punchSocket(LocalSocket opened, long nowNanos) {
            socket = opened;
        }

        @Override
        public void punching(long nowNanos) {}

        @Override
        public void punchFailed(long nowNanos) {}
    }
}
