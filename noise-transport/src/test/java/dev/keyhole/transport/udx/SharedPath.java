package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimHost.Turns;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A bottleneck that flows between different pairs of hosts have in common. The hosts take turns as a
 * loop with sockets does.
 */
final class SharedPath {

    final SimNetwork net;
    private final Link link;
    private final List<Flow> flows = new ArrayList<>();

    /**
     * A path.
     *
     * @param link one direction of it; the other one has the same
     */
    SharedPath(long seed, Link link) {
        this.net = new SimNetwork(seed);
        this.link = link;
        net.link(link);
    }

    static Link link(int rttMillis, int megabits, int queueMillis) {
        long rate = megabits * 125_000L;
        return Link.of(MICROSECONDS.toNanos(rttMillis * 500L))
                .withRate(rate, (int) (rate * queueMillis / 1000));
    }

    /** A stream of ours that never has nothing to send. */
    Flow begin() {
        return add(new StreamFlow(host(1), host(2)));
    }

    /** The same, as the original sends. */
    Flow beginOriginal() {
        return add(new OriginalFlow(host(1), host(2)));
    }

    private Flow add(Flow flow) {
        flows.add(flow);
        flow.begin();
        return flow;
    }

    private SimHost host(int end) {
        SimHost host = net.host("10.0." + flows.size() + "." + end);
        host.takeTurns(
                new Turns(
                        new Random(net.random().nextLong()),
                        MICROSECONDS.toNanos(200),
                        0.02,
                        MILLISECONDS.toNanos(4),
                        MICROSECONDS.toNanos(4),
                        64 << 10));
        return host;
    }

    long bytesPerSecond() {
        return link.bytesPerSecond();
    }

    void run(double seconds) {
        net.run((long) (seconds * SECONDS.toNanos(1)));
    }

    /** What each flow gets in so many seconds, in bytes a second. */
    double[] watch(double seconds) {
        long[] before = flows.stream().mapToLong(Flow::received).toArray();
        run(seconds);
        double[] got = new double[before.length];
        for (int i = 0; i < got.length; i++) {
            got[i] = (flows.get(i).received() - before[i]) / seconds;
        }
        return got;
    }

    /** What comes out at the other end. */
    abstract class Flow {

        final SimHost from;
        final SimHost to;
        final LocalSocket socketFrom;
        final LocalSocket socketTo;

        Flow(SimHost from, SimHost to) {
            this.from = from;
            this.to = to;
            socketFrom = from.bind(1);
            socketTo = to.bind(1);
            if (!flows.isEmpty()) {
                net.share(from, to, flows.get(0).from, flows.get(0).to);
            }
        }

        abstract void begin();

        /** How many bytes have come out. */
        abstract long received();
    }

    private final class StreamFlow extends Flow {

        private static final Bytes CHUNK = Bytes.wrap(new byte[16_384]);

        private final UdxMachine sending = new UdxMachine(new Random(net.random().nextLong()));
        private final UdxMachine receiving = new UdxMachine(new Random(1));
        private final int id = net.random().nextInt(1 << 20);
        private final UdxStream stream;
        private final UdxStream other;
        private long received;

        StreamFlow(SimHost from, SimHost to) {
            super(from, to);
            stream =
                    sending.streams.open(
                            id,
                            new Inbox() {
                                @Override
                                public void writable(long now) {
                                    write(now);
                                }
                            },
                            UdxStream.DEFAULT_WINDOW_BYTES);
            other =
                    receiving.streams.open(
                            id,
                            new Inbox() {
                                @Override
                                public void data(Bytes data, long now) {
                                    received += data.length();
                                    other.consumed(data.length(), now);
                                }
                            },
                            UdxStream.DEFAULT_WINDOW_BYTES);
            from.run(sending);
            to.run(receiving);
        }

        @Override
        void begin() {
            to.command(now -> other.connect(socketTo, socketFrom.local(), id, now));
            from.command(
                    now -> {
                        stream.connect(socketFrom, socketTo.local(), id, now);
                        write(now);
                    });
        }

        @Override
        long received() {
            return received;
        }

        private void write(long now) {
            while (stream.write(CHUNK, now)) {
                // until it has enough
            }
        }
    }

    private final class OriginalFlow extends Flow {

        private final OriginalSender sender =
                new OriginalSender(
                        socketFrom, socketTo.local(), new Random(net.random().nextLong()));
        private final OriginalSender.Receiver receiver = new OriginalSender.Receiver();

        OriginalFlow(SimHost from, SimHost to) {
            super(from, to);
        }

        @Override
        void begin() {
            to.run(receiver);
            from.run(sender);
        }

        @Override
        long received() {
            return receiver.received;
        }
    }
}
