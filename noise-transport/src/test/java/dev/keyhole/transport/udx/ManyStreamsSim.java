package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimHost.Turns;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.util.Arrays;
import java.util.Random;

/**
 * Many streams from one node to another, with much more to send than the path carries.
 *
 * <p>They are so many that four packets of each fill its queue already, several times what it holds
 * otherwise. Each must find the path behind the queue of the others.
 */
class ManyStreamsSim {

    private static final int STREAMS = 150;
    private static final Bytes CHUNK = Bytes.wrap(new byte[4096]);

    @Seeds(3)
    void allGetTheirShareAndTheQueueStaysShort(long seed) {
        SimNetwork net = new SimNetwork(seed);
        long rate = 5_000_000;
        net.link(Link.of(MILLISECONDS.toNanos(1)).withRate(rate, (int) rate));
        SimHost from = net.host("10.0.0.1");
        SimHost to = net.host("10.0.0.2");
        from.takeTurns(busy(seed));
        to.takeTurns(busy(seed + 1));
        LocalSocket socketFrom = from.bind(1);
        LocalSocket socketTo = to.bind(1);
        UdxMachine sending = new UdxMachine(new Random(seed));
        UdxMachine receiving = new UdxMachine(new Random(seed + 1));
        from.run(sending);
        to.run(receiving);
        Source[] sources = new Source[STREAMS];
        Sink[] sinks = new Sink[STREAMS];
        for (int i = 0; i < STREAMS; i++) {
            int id = i + 1;
            Sink sink = new Sink(receiving, id);
            Source source = new Source(sending, id);
            sinks[i] = sink;
            sources[i] = source;
            to.command(now -> sink.raw.connect(socketTo, socketFrom.local(), id, now));
            from.command(now -> source.raw.connect(socketFrom, socketTo.local(), id, now));
        }
        net.run(SECONDS.toNanos(12)); // so that what they have learned alone is too old
        for (Source source : sources) {
            from.command(source::write);
        }
        net.run(SECONDS.toNanos(40));

        long[] before = Arrays.stream(sinks).mapToLong(sink -> sink.received).toArray();
        long sentBefore = sending.streams.counters().of(Event.SENT);
        long repeatedBefore = sending.streams.counters().of(Event.RETRANSMITTED);
        net.run(SECONDS.toNanos(15));
        long[] got = new long[STREAMS];
        for (int i = 0; i < STREAMS; i++) {
            got[i] = sinks[i].received - before[i];
        }
        Arrays.sort(got);
        long sent = sending.streams.counters().of(Event.SENT) - sentBefore;
        long repeated = sending.streams.counters().of(Event.RETRANSMITTED) - repeatedBefore;
        long longest =
                Arrays.stream(sources).mapToLong(s -> s.raw.stats().rttNanos()).max().orElse(0);

        assertThat(got[0]).isGreaterThan((long) (0.45 * got[STREAMS / 2]));
        assertThat(Arrays.stream(got).sum()).isGreaterThan((long) (0.9 * 15 * rate));
        assertThat(repeated).isLessThan(sent / 50);
        assertThat(longest).isLessThan(MILLISECONDS.toNanos(700));
    }

    /** A host that wakes so late that acks of all that a stream has in flight come in together. */
    private static Turns busy(long seed) {
        long late = MILLISECONDS.toNanos(10);
        return new Turns(new Random(seed), late, 0, late, MICROSECONDS.toNanos(4), 64 << 10);
    }

    /** Never has nothing to send, once it has begun. */
    private static final class Source extends Inbox {

        final UdxStream raw;

        Source(UdxMachine machine, int id) {
            raw = open(machine.streams, id);
        }

        void write(long now) {
            while (raw.write(CHUNK, now)) {
                // until it has enough
            }
        }

        @Override
        public void writable(long now) {
            write(now);
        }
    }

    /** Counts what arrives. */
    private static final class Sink extends Inbox {

        final UdxStream raw;
        long received;

        Sink(UdxMachine machine, int id) {
            raw = open(machine.streams, id);
        }

        @Override
        public void data(Bytes data, long now) {
            received += data.length();
            raw.consumed(data.length(), now);
        }
    }
}
