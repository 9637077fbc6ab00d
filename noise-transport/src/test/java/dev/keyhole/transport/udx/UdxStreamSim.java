package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UdxStreamSim {

    @Seeds(200)
    void everyByteArrivesInOrderWhateverTheNetworkDoes(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        int fromA = net.random().nextInt(200_000);
        int fromB = net.random().nextInt(3) == 0 ? 0 : net.random().nextInt(50_000);

        UdxExchange exchange = UdxExchange.between(net, Settings.draw(net.random()), fromA, fromB);
        net.runUntil(exchange::closed, HOURS.toNanos(1));

        for (Side side : new Side[] {exchange.a, exchange.b}) {
            assertThat(side.received).isEqualTo(side.other().toSend.length());
            assertThat(side.ended).isTrue();
            assertThat(side.closed).isEqualTo(new CloseReason.Ended());
            assertThat(side.machine.streams.size()).isZero();
        }
    }

    @Seeds(10)
    void theSameSeedMakesTheSameRun(long seed) {
        assertThat(digestOf(seed)).isEqualTo(digestOf(seed)).isNotEqualTo(digestOf(seed + 1));
    }

    private static long digestOf(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        UdxExchange exchange = UdxExchange.between(net, Settings.draw(net.random()), 50_000, 5_000);
        net.runUntil(exchange::closed, HOURS.toNanos(1));
        return net.digest();
    }

    @Test
    void aLinkWithoutFaultsSeesNoPacketTwice() {
        SimNetwork net = new SimNetwork(1);
        net.link(Link.of(MILLISECONDS.toNanos(20)));

        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 3_000_000, 0);
        net.runUntil(exchange::closed, SECONDS.toNanos(30));

        assertThat(count(exchange.a, UdxCounters.Event.RETRANSMITTED)).isZero();
        assertThat(count(exchange.a, UdxCounters.Event.TIMEOUT)).isZero();
        assertThat(count(exchange.b, UdxCounters.Event.DUPLICATE)).isZero();
    }

    @Test
    void aBottleneckIsFilledAndNotFlooded() {
        SimNetwork net = new SimNetwork(1);
        long bytesPerSecond = 2_000_000;
        net.link(Link.of(MILLISECONDS.toNanos(25)).withRate(bytesPerSecond, 100_000));
        int bytes = 10_000_000;

        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), bytes, 0);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        double seconds = (double) net.now() / SECONDS.toNanos(1);
        assertThat(bytes / seconds).isGreaterThan(0.85 * bytesPerSecond);
        long packets = count(exchange.a, UdxCounters.Event.SENT);
        long repeated = count(exchange.a, UdxCounters.Event.RETRANSMITTED);
        assertThat((double) repeated / packets).isLessThan(0.08);
    }

    @Seeds(10)
    void reorderingAloneHardlyEverCostsARepetition(long seed) {
        SimNetwork net = new SimNetwork(seed);
        Link link = Link.of(MILLISECONDS.toNanos(20 + net.random().nextInt(50)));
        net.link(link.withJitter(MILLISECONDS.toNanos(2)).withReordering(0.1));

        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 500_000, 0);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        long packets = count(exchange.a, UdxCounters.Event.SENT);
        long repeated = count(exchange.a, UdxCounters.Event.RETRANSMITTED);
        assertThat((double) repeated / packets).isLessThan(0.1);
        assertThat(count(exchange.a, UdxCounters.Event.TIMEOUT)).isZero();
    }

    @Seeds(20)
    void pathSlowerThanTheFirstTimeoutConverges(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(550 + net.random().nextInt(3_500))));

        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 500_000, 0);
        net.runUntil(exchange::closed, HOURS.toNanos(1));

        assertThat(exchange.a.closed).isEqualTo(new CloseReason.Ended());
        assertThat(exchange.a.stream.stats().rttNanos()).isPositive();
        assertThat(count(exchange.a, UdxCounters.Event.TIMEOUT)).isLessThan(12);
    }

    @Test
    void streamIdsAreUnpredictable() {
        StreamMultiplexer one = new StreamMultiplexer(new SecureRandom());
        StreamMultiplexer other = new StreamMultiplexer(new SecureRandom());
        Set<Integer> ids = new HashSet<>();
        int neighbours = 0;
        int bitsSeen = 0;
        int last = 0;

        for (int i = 0; i < 1000; i++) {
            int id = (i % 2 == 0 ? one : other).open(new Inbox()).localId();
            neighbours += Math.abs(id - last) < 100_000 ? 1 : 0;
            bitsSeen |= id;
            last = id;
            ids.add(id);
        }

        assertThat(ids).hasSizeGreaterThan(990);
        assertThat(neighbours).isLessThan(5);
        assertThat(bitsSeen).isEqualTo(-1);
    }

    @Seeds(10)
    void anOutageShorterThanTheSchedulePasses(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(20)).withRate(500_000, 50_000));
        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 1_000_000, 100_000);
        net.run(MILLISECONDS.toNanos(100 + net.random().nextInt(500)));

        boolean bothWays = net.random().nextBoolean();
        net.cut(exchange.a.host, exchange.b.host);
        if (bothWays) {
            net.cut(exchange.b.host, exchange.a.host);
        }
        net.run(SECONDS.toNanos(1 + net.random().nextInt(10)));
        net.heal(exchange.a.host, exchange.b.host);
        net.heal(exchange.b.host, exchange.a.host);

        net.runUntil(exchange::closed, SECONDS.toNanos(60));
        assertThat(exchange.a.closed).isEqualTo(new CloseReason.Ended());
        assertThat(exchange.b.received).isEqualTo(1_000_000);
    }

    @Seeds(10)
    void aPeerThatDiesInTheMiddleIsNoticed(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(20)).withRate(500_000, 50_000));
        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 5_000_000, 0);
        net.run(MILLISECONDS.toNanos(100 + net.random().nextInt(2_000)));

        exchange.b.host.kill();
        long killedAt = net.now();
        net.runUntil(() -> exchange.a.closed != null, SECONDS.toNanos(20));

        assertThat(exchange.a.closed).isInstanceOf(CloseReason.TimedOut.class);
        assertThat(net.now() - killedAt).isBetween(SECONDS.toNanos(12), SECONDS.toNanos(14));
    }

    @Seeds(20)
    void lostFinalAckFailsNobody(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(20)));
        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), 5_000, 3_000);

        net.invariant(
                () -> {
                    boolean onlyAIsDone = exchange.a.closed != null && exchange.b.closed == null;
                    boolean onlyBIsDone = exchange.b.closed != null && exchange.a.closed == null;
                    if (onlyAIsDone || onlyBIsDone) {
                        net.link(Link.of(MILLISECONDS.toNanos(20)).withLoss(0.9));
                    }
                });
        net.runUntil(exchange::closed, SECONDS.toNanos(30));

        assertThat(exchange.a.closed).isEqualTo(new CloseReason.Ended());
        assertThat(exchange.b.closed).isEqualTo(new CloseReason.Ended());
    }

    @Seeds(50)
    void flippedBitsBreakStreamsAtWorst(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()).withCorruption(0.02));
        Settings settings = Settings.draw(net.random()).whateverArrives();

        UdxExchange exchange = UdxExchange.between(net, settings, 50_000, 50_000);
        net.run(SECONDS.toNanos(120));

        assertThat(exchange.a.machine.streams.size()).isLessThanOrEqualTo(1);
    }

    @Test
    void streamsShareABottleneckFairlyEnough() {
        SimNetwork net = new SimNetwork(7);
        net.link(Link.of(MILLISECONDS.toNanos(20)).withRate(1_000_000, 50_000));
        UdxMachine a = new UdxMachine(new Random(1));
        UdxMachine b = new UdxMachine(new Random(2));
        SimHost hostA = net.host("10.0.0.1");
        SimHost hostB = net.host("10.0.0.2");
        LocalSocket socketA = hostA.bind(1);
        LocalSocket socketB = hostB.bind(1);
        hostA.run(a);
        hostB.run(b);
        List<Inbox> sinks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Inbox source = new Inbox();
            Inbox sink = new Inbox();
            UdxStream from = source.open(a.streams, i + 1);
            UdxStream to = sink.open(b.streams, i + 1);
            sinks.add(sink);
            hostB.command(now -> to.connect(socketB, socketA.local(), from.localId(), now));
            hostA.command(
                    now -> {
                        from.connect(socketA, socketB.local(), to.localId(), now);
                        from.write(Bytes.wrap(new byte[30_000_000]), now);
                    });
        }

        net.run(SECONDS.toNanos(30));

        int total = sinks.stream().mapToInt(sink -> sink.bytes).sum();
        assertThat(total).isGreaterThan(24_000_000);
        assertThat(sinks).allSatisfy(sink -> assertThat(sink.bytes).isGreaterThan(total / 12));
    }

    private static long count(Side side, UdxCounters.Event event) {
        return side.machine.streams.counters().of(event);
    }
}
