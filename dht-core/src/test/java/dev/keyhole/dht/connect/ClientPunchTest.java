package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.connect.NoisePayload.Relay;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.PunchBench;
import dev.keyhole.dht.holepunch.PunchBench.Asked;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The client's side of punching, with the server's part spoken by the test. */
class ClientPunchTest {

    private static final Address RELAY = Address.of("99.2.0.1", 1000);
    private static final Address OTHER_RELAY = Address.of("99.2.0.2", 1000);
    private static final Address SERVER = Address.of("77.0.0.1", 5000);
    private static final Address SERVER_SEEN_BY_OTHER = Address.of("77.0.0.1", 5001);
    private static final KeyPair KEYS = KeyPair.fromSeed(Seed.ofHex("01".repeat(32)));
    private static final Bytes TOKEN = Bytes.random(new Random(3), HolepunchPayload.TOKEN_BYTES);
    private static final long A_MOMENT = MILLISECONDS.toNanos(60);

    private final PunchBench bench = PunchBench.behindNat();
    private final SeededEntropy entropy = new SeededEntropy(5);
    private final Session session =
            new Session(
                    true,
                    KEYS.publicKey(),
                    KEYS.publicKey(),
                    Bytes.random(entropy, 64),
                    Bytes.random(entropy, 32),
                    Bytes.random(entropy, 32));
    private final SecurePayload secure = SecurePayload.of(session);
    private final Trail trail = new Trail(0);
    private final Recorder owner = new Recorder();

    @Test
    void probeRoundGoesThroughTheServersOwnRelay() {
        start(RELAY, new Relay(OTHER_RELAY, SERVER_SEEN_BY_OTHER), new Relay(RELAY, SERVER));

        assertThat(bench.requests).hasSize(1);
        assertThat(bench.requests.get(0).to()).isEqualTo(RELAY);
        assertThat(value(0).peerAddress()).isEqualTo(SERVER);

        // The answer names a newer address of the server: it is opened for, and used from now on.
        Address moved = SERVER.withPort(5005);
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, consistent(TOKEN, false), moved);
        bench.run(A_MOMENT);

        assertThat(bench.probes.get(bench.probes.size() - 1).to()).isEqualTo(moved);
        assertThat(bench.requests.get(1).to()).isEqualTo(RELAY);
        assertThat(value(1).peerAddress()).isEqualTo(moved);
        assertThat(payload(1).punching()).isTrue();
    }

    @Test
    void aRelayThatTheServerDoesNotNameIsUsedOnlyToPunch() {
        start(RELAY, new Relay(OTHER_RELAY, SERVER_SEEN_BY_OTHER));

        assertThat(bench.requests.get(0).to()).isEqualTo(OTHER_RELAY);
        assertThat(value(0).peerAddress()).isEqualTo(SERVER_SEEN_BY_OTHER);

        bench.run(MILLISECONDS.toNanos(500));
        answer(0, consistent(TOKEN, false), SERVER_SEEN_BY_OTHER);
        bench.run(A_MOMENT);

        assertThat(bench.requests.get(1).to()).isEqualTo(RELAY);
        assertThat(value(1).peerAddress()).isEqualTo(SERVER);
    }

    @Test
    void negotiationRequestsAreRetriedOnThePunchSocket() {
        start(RELAY, new Relay(RELAY, SERVER));

        bench.run(SECONDS.toNanos(10));

        LocalSocket punchSocket = bench.opened.get(0);
        assertThat(bench.requests).hasSize(4);
        assertThat(bench.requests).allMatch(asked -> asked.socket().equals(punchSocket));
        assertThat(bench.requests.stream().map(asked -> asked.request().tid()).distinct())
                .hasSize(1);
        assertThat(owner.cause).isEqualTo(Cause.HOLEPUNCH_ABORTED);
    }

    @Test
    void theFirstRoundWaitsForNothing() {
        start(RELAY, new Relay(RELAY, SERVER));

        assertThat(bench.requests).hasSize(1);
        assertThat(payload(0).firewall()).isEqualTo(NatType.UNKNOWN);
        assertThat(payload(0).punching()).isFalse();
        assertThat(payload(0).remoteAddress()).isEqualTo(SERVER);
        assertThat(bench.probes.get(0).to()).isEqualTo(SERVER);
        assertThat(bench.probes.get(0).hops()).isEqualTo(5);
    }

    @Test
    void everyRoundCarriesAllKnownOwnAddresses() {
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));

        answer(0, consistent(null, false), SERVER);
        bench.run(A_MOMENT);
        answer(1, consistent(TOKEN, false), SERVER);
        bench.run(A_MOMENT);

        for (int round = 1; round <= 2; round++) {
            assertThat(payload(round).firewall()).isEqualTo(NatType.CONSISTENT);
            assertThat(payload(round).addresses()).containsExactly(PunchBench.OUTSIDE);
            assertThat(payload(round).round()).isEqualTo(round);
        }
        assertThat(payload(1).punching()).isFalse();
        assertThat(payload(2).punching()).isTrue();
        assertThat(payload(2).remoteToken()).isEqualTo(TOKEN);
        assertThat(payload(2).token()).isNotNull();
    }

    @Test
    void inconclusiveProbeRoundIsRepeatedOnce() {
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));

        answer(0, unknown(), SERVER);
        bench.run(MILLISECONDS.toNanos(900));
        assertThat(bench.requests).hasSize(1);
        bench.run(MILLISECONDS.toNanos(200));
        assertThat(bench.requests).hasSize(2);
        assertThat(payload(1).punching()).isFalse();

        answer(1, unknown(), SERVER);
        bench.run(SECONDS.toNanos(2));

        assertThat(owner.cause).isEqualTo(Cause.HOLEPUNCH_PROBE_TIMEOUT);
        assertThat(payload(2).error()).isEqualTo(PeerError.ABORTED);
        assertThat(bench.requests.get(2).to()).isEqualTo(RELAY);
    }

    @Test
    void onlyTheTokenThatWasGivenVerifiesTheServer() {
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, consistent(TOKEN, false), SERVER);
        bench.run(A_MOMENT);
        bench.probes.clear();

        reply(1, consistent(TOKEN, true), SERVER, TOKEN);
        bench.run(SECONDS.toNanos(3) - 2 * A_MOMENT);
        assertThat(bench.probes).isEmpty();

        bench.run(SECONDS.toNanos(9));
        assertThat(bench.probes).hasSize(2);
    }

    @Test
    void throttledRandomPunchWaitsOnlyBesideARelay() {
        bench.guessForSomebodyElse();
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, random(TOKEN, false), SERVER);
        bench.run(A_MOMENT);

        assertThat(owner.cause).isEqualTo(Cause.TRY_LATER);
        assertThat(payload(1).error()).isEqualTo(PeerError.ABORTED);

        bench.run(SECONDS.toNanos(5));
        bench.requests.clear();
        owner.cause = null;
        owner.isRelayed = true;
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, random(TOKEN, false), SERVER);
        bench.run(A_MOMENT);

        // The server is told once that nothing will come for a while.
        assertThat(bench.requests).hasSize(2);
        assertThat(payload(1).punching()).isFalse();
        assertThat(payload(1).error()).isEqualTo(PeerError.NONE);
        answer(1, random(TOKEN, false), SERVER);
        bench.run(SECONDS.toNanos(9));
        assertThat(bench.requests).hasSize(2);

        bench.stopGuessingForSomebodyElse();
        bench.run(SECONDS.toNanos(40));

        assertThat(bench.requests).hasSizeGreaterThan(2);
        assertThat(payload(2).punching()).isTrue();
    }

    @Test
    void aServerThatIsBusyIsAskedAgainOnlyBesideARelay() {
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, random(TOKEN, false), SERVER);
        bench.run(A_MOMENT);
        answer(1, HolepunchPayload.ofError(PeerError.TRY_LATER, 1), SERVER);
        bench.run(A_MOMENT);

        assertThat(owner.cause).isEqualTo(Cause.TRY_LATER);

        bench.requests.clear();
        owner.cause = null;
        owner.isRelayed = true;
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, random(TOKEN, false), SERVER);
        bench.run(A_MOMENT);
        answer(1, HolepunchPayload.ofError(PeerError.TRY_LATER, 1), SERVER);
        bench.run(SECONDS.toNanos(9));
        assertThat(bench.requests).hasSize(2);

        bench.run(SECONDS.toNanos(12));

        assertThat(payload(2).punching()).isTrue();
    }

    @Test
    void failedConsistentPunchIsRetriedAsRandom() {
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, consistent(TOKEN, false), SERVER);
        bench.run(A_MOMENT);
        bench.seenAs = (socket, node) -> PunchBench.OUTSIDE.withPort(node.host() & 0x7fff);
        answer(1, consistent(TOKEN, true), SERVER);
        bench.run(SECONDS.toNanos(12));

        assertThat(owner.cause).isEqualTo(Cause.HOLEPUNCH_ABORTED);
        assertThat(trail.natMoved).isTrue();

        // The next attempt says so, whatever its samples look like.
        bench.requests.clear();
        bench.seenAs = (socket, node) -> PunchBench.OUTSIDE;
        start(RELAY, new Relay(RELAY, SERVER));
        bench.run(MILLISECONDS.toNanos(500));
        answer(0, consistent(TOKEN, false), SERVER);
        bench.run(A_MOMENT);

        assertThat(payload(1).firewall()).isEqualTo(NatType.RANDOM);
        assertThat(payload(1).punching()).isTrue();
    }

    private void start(Address clientRelay, Relay... serverRelays) {
        NoisePayload.Holepunch offer = new NoisePayload.Holepunch(3, List.of(serverRelays));
        NoisePayload payload =
                new NoisePayload(
                        NoisePayload.VERSION,
                        PeerError.NONE,
                        NatType.UNKNOWN,
                        offer,
                        List.of(),
                        List.of(),
                        NoisePayload.Udx.of(9),
                        1,
                        null,
                        null);
        Reached to =
                new Reached(
                        null,
                        session,
                        payload,
                        NoisePayload.Udx.of(9),
                        Bytes.of(1),
                        true,
                        false,
                        clientRelay,
                        SERVER,
                        PunchBench.OUTSIDE,
                        bench.rpc.clientSocket(),
                        0);
        Surroundings around =
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
        ConnectSpec spec =
                new ConnectSpec(KEYS, KEYS.publicKey(), List.of(), false, Optional.empty());
        new ClientPunch(around, spec, to, offer, trail, owner).start(bench.now());
        bench.run(0);
    }

    private HolepunchValue value(int request) {
        try {
            return HolepunchValue.decode(bench.requests.get(request).request().value());
        } catch (MalformedException e) {
            throw new AssertionError(e);
        }
    }

    private HolepunchPayload payload(int request) {
        return secure.open(value(request).payload());
    }

    /** The server's word to one of the requests, by the relay that was asked. */
    private void answer(int request, HolepunchPayload payload, Address server) {
        reply(request, payload, server, payload(request).token());
    }

    private void reply(int request, HolepunchPayload payload, Address server, Bytes echo) {
        Asked asked = bench.requests.get(request);
        HolepunchPayload echoing =
                new HolepunchPayload(
                        payload.error(),
                        payload.firewall(),
                        payload.round(),
                        false,
                        payload.punching(),
                        payload.addresses(),
                        null,
                        payload.token(),
                        echo);
        HolepunchValue value =
                new HolepunchValue(Mode.REPLY, 0, secure.seal(echoing, entropy), server);
        bench.answer(asked, PunchBench.OUTSIDE, value.encode());
    }

    private static HolepunchPayload consistent(Bytes token, boolean punching) {
        return says(NatType.CONSISTENT, List.of(SERVER), token, punching);
    }

    private static HolepunchPayload random(Bytes token, boolean punching) {
        return says(NatType.RANDOM, List.of(SERVER.withPort(0)), token, punching);
    }

    private static HolepunchPayload unknown() {
        return says(NatType.UNKNOWN, null, TOKEN, false);
    }

    private static HolepunchPayload says(
            NatType type, List<Address> addresses, Bytes token, boolean punching) {
        return new HolepunchPayload(
                PeerError.NONE, type, 0, false, punching, addresses, null, token, null);
    }

    private static final class Recorder implements ClientPunch.Owner {

        private Cause cause;
        private boolean isRelayed;

        @Override
        public void punched(LocalSocket socket, Address server, long nowNanos) {}

        @Override
        public void punchFailed(Cause failure, String why, long nowNanos) {
            cause = failure;
        }

        @Override
        public boolean isRelayed() {
            return isRelayed;
        }
    }
}
