package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
import java.util.Random;

/** Streams that look for larger packets, on paths with holes into which large packets fall. */
class PathMtuSim {

    private static final int BYTES = 4_000_000;

    private SimNetwork net;
    private UdxExchange exchange;
    private int largest;

    @Seeds(10)
    void theLargestPacketsAreFoundOnAPathThatTakesThem(long seed) {
        begin(seed, clean(seed), 0);

        finish();

        assertThat(largest).isEqualTo(1472);
        assertThat(exchange.a.stream.stats().mtu()).isEqualTo(1500);
        assertThat(count(Event.RETRANSMITTED)).isZero();
    }

    @Seeds(30)
    void theSearchStopsWhereAHoleBegins(long seed) {
        int mtu = 1200 + new Random(seed).nextInt(300);
        begin(seed, clean(seed), mtu);

        finish();

        int found = exchange.a.stream.stats().mtu();
        assertThat(found).isLessThanOrEqualTo(mtu).isGreaterThan(mtu - 32);
        assertThat(count(Event.TIMEOUT)).isZero();
        assertThat(count(Event.RETRANSMITTED)).isEqualTo(3);
    }

    @Seeds(20)
    void lostProbesCostNoTime(long seed) {
        Link link = clean(seed);
        int mtu = 1200 + new Random(seed).nextInt(32);
        begin(seed, link, mtu);
        long withHole = finish();

        net = new SimNetwork(seed);
        net.link(link);
        exchange = UdxExchange.between(net, Settings.plain(), BYTES, 0);
        long withoutSearch = finish();

        assertThat(withHole).isLessThan(withoutSearch + 3 * link.delayNanos());
    }

    @Seeds(40)
    void aPathThatNarrowsInMidTransferStallsNothing(long seed) {
        Random random = new Random(seed);
        Link link = clean(seed);
        begin(seed, link, 0);
        net.runUntil(() -> exchange.a.stream.stats().mtu() == 1500, SECONDS.toNanos(60));
        net.run(random.nextInt(8) * link.delayNanos() / 2);
        int before = exchange.b.received;

        int mtu = 1200 + random.nextInt(299);
        net.narrow(exchange.a.host, exchange.b.host, mtu);
        long stalled = longestPause();

        assertThat(exchange.b.received).isGreaterThan(before);
        assertThat(stalled).isLessThan(16 * link.delayNanos() + MILLISECONDS.toNanos(100));
        assertThat(count(Event.TIMEOUT)).isZero();
        assertThat(count(Event.PATH_NARROWED)).isEqualTo(1);
        int found = exchange.a.stream.stats().mtu();
        assertThat(found).isLessThanOrEqualTo(mtu).isGreaterThan(mtu - 32);
        checkWhole();
    }

    @Seeds(20)
    void lossThatHasNothingToDoWithSizeHardlyEverEndsIt(long seed) {
        begin(seed, clean(seed).withLoss(0.05), 0);

        finish();

        assertThat(count(Event.PATH_NARROWED)).isZero();
        assertThat(largest).isEqualTo(1472);
    }

    @Seeds(20)
    void anotherPathIsSearchedAnew(long seed) {
        Random random = new Random(seed);
        begin(seed, clean(seed), 0);
        net.runUntil(() -> exchange.a.stream.stats().mtu() == 1500, SECONDS.toNanos(60));

        int mtu = 1200 + random.nextInt(299);
        net.narrow(exchange.a.host, exchange.b.host, mtu);
        exchange.a.goStraight();
        assertThat(exchange.a.stream.stats().mtu()).isEqualTo(1200);
        finish();

        int found = exchange.a.stream.stats().mtu();
        assertThat(found).isLessThanOrEqualTo(mtu).isGreaterThan(mtu - 32);
        assertThat(count(Event.TIMEOUT)).isZero();
    }

    @Seeds(20)
    void aStreamOfLargePacketsMayGoOnThroughARelayThatLiesBehindAHole(long seed) {
        Random random = new Random(seed);
        net = new SimNetwork(seed);
        net.link(clean(seed));
        SimHost relayHost = net.host("10.0.0.9");
        LocalSocket relaySocket = relayHost.bind(1000);
        UdxMachine relays = new UdxMachine(new Random(seed));
        relayHost.run(relays);
        Settings settings = Settings.plain().withMtu(1500);
        exchange = UdxExchange.between(net, settings, BYTES, 0);
        int idOfA = exchange.a.stream.localId();
        int idOfB = exchange.b.stream.localId();
        StreamRelay relay = relays.streams.relay(idOfA, idOfB, new OpenGuard(), 0);
        relay.initiator().expectAt(relaySocket, exchange.a.socket.local());
        relay.responder().expectAt(relaySocket, exchange.b.socket.local());
        int mtu = 1200 + random.nextInt(299);
        boolean nearEnd = random.nextBoolean();
        net.narrow(
                nearEnd ? exchange.a.host : relayHost, nearEnd ? relayHost : exchange.b.host, mtu);
        net.runUntil(() -> exchange.a.stream.stats().mtu() == 1500, SECONDS.toNanos(60));

        net.cut(exchange.a.host, exchange.b.host);
        net.run(MILLISECONDS.toNanos(random.nextInt(20)));
        goThrough(exchange.a, relaySocket, relay.initiator());
        goThrough(exchange.b, relaySocket, relay.responder());
        finish();

        int found = exchange.a.stream.stats().mtu();
        assertThat(found).isLessThanOrEqualTo(mtu).isGreaterThan(mtu - 32);
        assertThat(count(Event.TIMEOUT)).isZero();
    }

    private static void goThrough(Side side, LocalSocket relaySocket, StreamRelay.End end) {
        side.host.command(
                now ->
                        side.stream.changeRemote(
                                side.socket, relaySocket.local(), end.localId(), now));
    }

    private void begin(long seed, Link link, int mtu) {
        net = new SimNetwork(seed);
        net.link(link);
        exchange = UdxExchange.between(net, Settings.plain().withMtu(1500), BYTES, 0);
        if (mtu > 0) {
            net.narrow(exchange.a.host, exchange.b.host, mtu);
        }
        net.tapArrivals(
                (source, destination, payload) -> largest = Math.max(largest, payload.length()));
    }

    /** Loses nothing but what its size dooms: the queue is long enough. */
    private static Link clean(long seed) {
        Random random = new Random(seed);
        return Link.of(MILLISECONDS.toNanos(1 + random.nextInt(30))).withRate(2_000_000, 2_000_000);
    }

    private long finish() {
        net.runUntil(exchange::closed, SECONDS.toNanos(300));
        checkWhole();
        return net.now();
    }

    /** Runs to the end, and says how long nothing arrived at most. */
    private long longestPause() {
        long longest = 0;
        long since = net.now();
        int received = exchange.b.received;
        while (!exchange.closed()) {
            net.run(MILLISECONDS.toNanos(1));
            assertThat(NANOSECONDS.toSeconds(net.now())).isLessThan(300);
            if (exchange.b.received > received) {
                received = exchange.b.received;
                longest = Math.max(longest, net.now() - since);
                since = net.now();
            }
        }
        return longest;
    }

    private void checkWhole() {
        assertThat(exchange.b.received).isEqualTo(BYTES);
        assertThat(exchange.b.closed).isEqualTo(new CloseReason.Ended());
    }

    private long count(Event event) {
        return exchange.a.machine.streams.counters().of(event);
    }
}
