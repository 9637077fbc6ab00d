package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost.Sleep;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;

/** What happens to computers and the programs on them: readers stop, laptops sleep, paths change. */
class LifeSim {

    private static final int BYTES = 12_000_000;
    private static final int WINDOW = 1_000_000;

    private SimNetwork net;
    private UdxExchange exchange;
    private long mostHeld;

    @Seeds(5)
    void aReaderThatStopsForAMinuteCostsItsWindow(long seed) {
        start(seed, Link.of(MILLISECONDS.toNanos(20)).withRate(5_000_000, 200_000), BYTES, WINDOW);
        net.run(MILLISECONDS.toNanos(200 + net.random().nextInt(1_000)));

        exchange.b.stopReading(MINUTES.toNanos(1));
        net.run(SECONDS.toNanos(59));
        assertThat(exchange.b.stream.stats().unreadBytes()).isGreaterThan(WINDOW - 2_000);
        long wakes = exchange.a.host.wakes();
        long sent = exchange.a.host.sent();
        net.run(MILLISECONDS.toNanos(500));

        assertThat(exchange.a.host.wakes() - wakes).isLessThan(5);
        assertThat(exchange.a.host.sent() - sent).isLessThan(5);
        assertThat(mostHeld).isLessThanOrEqualTo(WINDOW);
        finish(SECONDS.toNanos(30));
    }

    @Seeds(10)
    void evenWherePacketsGetLostAReaderThatStopsCostsLittleMore(long seed) {
        Link link = Link.of(MILLISECONDS.toNanos(20)).withRate(5_000_000, 200_000);
        start(seed, link.withLoss(0.02).withReordering(0.02), BYTES, WINDOW);
        net.run(MILLISECONDS.toNanos(200 + net.random().nextInt(1_000)));

        exchange.b.stopReading(MINUTES.toNanos(1));
        net.run(SECONDS.toNanos(60));

        assertThat(mostHeld).isLessThanOrEqualTo(2L * WINDOW);
        finish(SECONDS.toNanos(60));
    }

    @Seeds(40)
    void aPathThatLostEverySecondPacketIsSoonFilledAgain(long seed) {
        Link slow = Link.of(MILLISECONDS.toNanos(600)).withRate(200_000, 200_000);
        start(seed, slow, 5 * BYTES, UdxStream.DEFAULT_WINDOW_BYTES);
        net.run(MILLISECONDS.toNanos(800));
        net.link(slow.withLoss(0.5));
        net.run(SECONDS.toNanos(20));

        net.link(Link.of(MILLISECONDS.toNanos(20)).withRate(2_000_000, 200_000));
        net.run(SECONDS.toNanos(6));
        int before = exchange.b.received;
        net.run(SECONDS.toNanos(2));

        assertThat(exchange.b.received - before).isGreaterThan(2_000_000);
    }

    @Seeds(30)
    void aNapInTheMiddleOfATransferIsOverWhenItIsOver(long seed) {
        start(seed, Link.of(MILLISECONDS.toNanos(20)).withRate(2_000_000, 100_000), BYTES, WINDOW);
        net.run(MILLISECONDS.toNanos(200 + net.random().nextInt(2_000)));
        int before = exchange.b.received;

        long nap = SECONDS.toNanos(1 + net.random().nextInt(9));
        Side sleeper = net.random().nextBoolean() ? exchange.a : exchange.b;
        sleeper.host.sleep(nap, how());
        net.run(nap + SECONDS.toNanos(4));

        assertThat(exchange.b.received - before).isGreaterThan(1_000_000);
        finish(SECONDS.toNanos(30));
    }

    /** As when the machine that both are on is suspended, or both clocks jump. */
    @Seeds(30)
    void bothMaySleepForHoursAndGoOn(long seed) {
        start(seed, Link.of(MILLISECONDS.toNanos(20)).withRate(2_000_000, 100_000), BYTES, WINDOW);
        net.run(MILLISECONDS.toNanos(200 + net.random().nextInt(2_000)));
        int before = exchange.b.received;

        long hours = HOURS.toNanos(1 + net.random().nextInt(48));
        exchange.a.host.sleep(hours, how());
        exchange.b.host.sleep(hours + MILLISECONDS.toNanos(net.random().nextInt(3_000)), how());
        net.run(hours);
        long wakes = exchange.a.host.wakes() + exchange.b.host.wakes();
        long datagrams = datagrams();
        net.run(SECONDS.toNanos(20));

        assertThat(exchange.b.received - before).isGreaterThan(1_000_000);
        assertThat(exchange.a.host.wakes() + exchange.b.host.wakes() - wakes)
                .isLessThan(100 + 2 * (datagrams() - datagrams));
        finish(MINUTES.toNanos(2));
    }

    @Seeds(20)
    void aPeerThatSleepsForLongIsGivenUpOnceAndForAll(long seed) {
        start(seed, Link.of(MILLISECONDS.toNanos(20)).withRate(2_000_000, 100_000), BYTES, WINDOW);
        net.run(MILLISECONDS.toNanos(200 + net.random().nextInt(2_000)));

        exchange.b.host.sleep(HOURS.toNanos(8), Sleep.SUSPENDED);
        net.runUntil(() -> exchange.a.closed != null, SECONDS.toNanos(20));
        net.run(HOURS.toNanos(9));

        assertThat(exchange.a.closed).isInstanceOf(CloseReason.TimedOut.class);
        assertThat(exchange.b.host.wakes()).isLessThan(datagrams());
        assertThat(exchange.a.machine.streams.size()).isZero();
    }

    @Seeds(20)
    void whoGoesOnFromAnotherSocketEverySecondLosesNothing(long seed) {
        Link link = Link.of(MILLISECONDS.toNanos(30)).withRate(2_000_000, 100_000);
        start(seed, link.withLoss(0.01), BYTES, WINDOW);

        for (int second = 1; second < 6; second++) {
            Side who = net.random().nextBoolean() ? exchange.a : exchange.b;
            net.after(SECONDS.toNanos(second), who::roam);
        }

        finish(SECONDS.toNanos(60));
        assertThat(exchange.a.remoteChanges + exchange.b.remoteChanges).isPositive();
    }

    private void start(long seed, Link link, int bytes, int windowBytes) {
        net = new SimNetwork(seed);
        net.link(link);
        Settings settings = new Settings(-100, windowBytes, 0, 0, false, 0);
        exchange = UdxExchange.between(net, settings, bytes, 0);
        net.invariant(
                () -> {
                    UdxStats stats = exchange.b.stream.stats();
                    mostHeld = Math.max(mostHeld, stats.unreadBytes() + stats.keptBytes());
                });
    }

    private Sleep how() {
        Sleep[] ways = Sleep.values();
        return ways[net.random().nextInt(ways.length)];
    }

    private long datagrams() {
        return exchange.a.host.sent()
                + exchange.a.host.received()
                + exchange.b.host.sent()
                + exchange.b.host.received();
    }

    /** Every byte is compared with what was written as it is read. */
    private void finish(long withinNanos) {
        net.runUntil(exchange::closed, withinNanos);
        assertThat(exchange.b.received).isEqualTo(exchange.a.toSend.length());
        assertThat(exchange.a.closed).isEqualTo(new CloseReason.Ended());
        assertThat(exchange.b.closed).isEqualTo(new CloseReason.Ended());
    }
}
