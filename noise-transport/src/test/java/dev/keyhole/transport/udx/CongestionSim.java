package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How well streams use what a path carries. */
class CongestionSim {

    private static final long MEGABITS_100 = 12_500_000;

    private SimNetwork net;
    private UdxMachine a;
    private UdxMachine b;
    private SimHost hostA;
    private SimHost hostB;
    private LocalSocket socketA;
    private LocalSocket socketB;

    @Test
    void aLossyLongFatPathIsFilled() {
        network(
                1,
                Link.of(MILLISECONDS.toNanos(50)).withRate(MEGABITS_100, 600_000).withLoss(0.01));

        Flow flow = new Flow(1);
        double share = flow.share(MEGABITS_100, 3, 6);

        assertThat(share).isGreaterThan(0.92);
        assertThat(count(Event.TIMEOUT)).isZero();
    }

    @Test
    void aCleanLongFatPathIsFilled() {
        network(1, Link.of(MILLISECONDS.toNanos(50)).withRate(MEGABITS_100, 600_000));

        Flow flow = new Flow(1);
        double share = flow.share(MEGABITS_100, 3, 6);

        assertThat(share).isGreaterThan(0.95);
    }

    @Seeds(6)
    void aLossyPathOfAnyKindIsFilled(long seed) {
        Random random = new Random(seed);
        long rate = 250_000L << random.nextInt(4);
        long delay = MILLISECONDS.toNanos(5 + random.nextInt(80));
        int queue = (int) Math.max(20_000, rate * delay / SECONDS.toNanos(1) * 2);
        network(seed, Link.of(delay).withRate(rate, queue).withLoss(0.01));

        double share = new Flow(1).share(rate, 5, 15);

        assertThat(share).isGreaterThan(0.88);
        assertThat(count(Event.TIMEOUT)).isZero();
    }

    @Seeds(2)
    void aShallowQueueIsNotFlooded(long seed) {
        network(seed, Link.of(MILLISECONDS.toNanos(20)).withRate(2_000_000, 16_000));

        Flow flow = new Flow(1);
        double share = flow.share(2_000_000, 1, 11);
        double repeated = (double) count(Event.RETRANSMITTED) / count(Event.SENT);

        assertThat(share).isGreaterThan(0.9);
        assertThat(repeated).isLessThan(0.05);
    }

    @Seeds(4)
    void twoStreamsShareEvenlyWhenOneComesLater(long seed) {
        network(seed, Link.of(MILLISECONDS.toNanos(25)).withRate(4_000_000, 200_000));
        Flow first = new Flow(1);
        net.run(MILLISECONDS.toNanos(500 + net.random().nextInt(3000)));
        Flow second = new Flow(2);
        net.run(SECONDS.toNanos(5));
        long firstBefore = first.received;
        long secondBefore = second.received;

        net.run(SECONDS.toNanos(20));

        double one = first.received - firstBefore;
        double other = second.received - secondBefore;
        assertThat(one / (one + other)).isBetween(0.4, 0.6);
        assertThat(one + other).isGreaterThan(0.9 * 20 * 4_000_000);
    }

    private void network(long seed, Link link) {
        net = new SimNetwork(seed);
        net.link(link);
        a = new UdxMachine(new Random(1));
        b = new UdxMachine(new Random(2));
        hostA = net.host("10.0.0.1");
        hostB = net.host("10.0.0.2");
        net.link(hostB, hostA, Link.of(link.delayNanos()).withLoss(link.loss()));
        socketA = hostA.bind(1);
        socketB = hostB.bind(1);
        hostA.run(a);
        hostB.run(b);
    }

    private long count(Event event) {
        return a.streams.counters().of(event);
    }

    /** A stream on which one side never stops writing. */
    private final class Flow {

        private static final Bytes CHUNK = Bytes.wrap(new byte[65_536]);

        private final UdxStream from;
        private final UdxStream to;
        private long received;

        Flow(int id) {
            from =
                    a.streams.open(
                            id,
                            new Inbox() {
                                @Override
                                public void writable(long now) {
                                    write(now);
                                }
                            },
                            UdxStream.DEFAULT_WINDOW_BYTES);
            to =
                    b.streams.open(
                            id,
                            new Inbox() {
                                @Override
                                public void data(Bytes data, long now) {
                                    received += data.length();
                                    to.consumed(data.length(), now);
                                }
                            },
                            UdxStream.DEFAULT_WINDOW_BYTES);
            hostB.command(now -> to.connect(socketB, socketA.local(), from.localId(), now));
            hostA.command(
                    now -> {
                        from.connect(socketA, socketB.local(), to.localId(), now);
                        write(now);
                    });
        }

        private void write(long now) {
            while (from.write(CHUNK, now)) {
                // until it has enough
            }
        }

        /** What part of a rate it gets in the time between two seconds. */
        double share(long bytesPerSecond, int fromSecond, int toSecond) {
            net.run(SECONDS.toNanos(fromSecond) - net.now());
            long before = received;
            net.run(SECONDS.toNanos(toSecond - fromSecond));
            return (double) (received - before) / (bytesPerSecond * (toSecond - fromSecond));
        }
    }
}
