package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
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
        int bytes = 20_000_000;

        UdxExchange exchange = UdxExchange.between(net, Settings.plain(), bytes, 0);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        double seconds = (double) net.now() / SECONDS.toNanos(1);
        assertThat(bytes / seconds).isGreaterThan(0.85 * bytesPerSecond);
        long packets = count(exchange.a, UdxCounters.Event.SENT);
        long repeated = count(exchange.a, UdxCounters.Event.RETRANSMITTED);
        assertThat((double) repeated / packets).isLessThan(0.05);
    }

    private static long count(Side side, UdxCounters.Event event) {
        return side.machine.streams.counters().of(event);
    }
}
