package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one packet costs a stream at both ends together: put together, written to a buffer, looked at,
 * handed up, and acknowledged. With {@code -prof gc} it shows what a packet leaves behind.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StreamPathBenchmark {

    private static final int PACKETS = 1024;
    private static final long TICK_NANOS = 10_000;

    private final End left = new End(1);
    private final End right = new End(2);
    private final Bytes message = Bytes.wrap(new byte[PACKETS * PathMtu.BASE_PAYLOAD]);
    private long now;

    public StreamPathBenchmark() {
        left.connect(right);
        right.connect(left);
    }

    /** Moves a good megabyte in one direction, one write in all. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long packet() {
        long goal = right.received + message.length();
        left.stream.write(message, now);
        while (right.received < goal) {
            left.turn();
            right.turn();
        }
        return goal;
    }

    /** One host. What it sends comes in at the other end at once. */
    private final class End implements Effects, UdxStream.Listener {

        private final LocalSocket socket;
        private final StreamMultiplexer streams;
        private final UdxStream stream;
        private final byte[] datagram = new byte[2048];
        private final ByteBuffer buffer = ByteBuffer.wrap(datagram);
        private final @Nullable Datagram[] views = new Datagram[datagram.length];
        private @Nullable End other;
        private long received;

        End(int number) {
            socket = new LocalSocket(number, Address.loopback(number));
            streams = new StreamMultiplexer(new Random(number));
            stream = streams.open(this);
        }

        void connect(End end) {
            other = end;
            stream.connect(socket, end.socket.local(), end.stream.localId(), now);
        }

        void turn() {
            now += TICK_NANOS;
            streams.expire(now);
            streams.drain(this, now);
        }

        @Override
        public void send(LocalSocket from, Address destination, Packet packet) {
            buffer.clear();
            packet.writeTo(buffer);
            int length = buffer.position();
            Datagram view = views[length];
            End to = other;
            if (to == null) {
                return;
            }
            if (view == null) {
                view = new Datagram(to.socket, socket.local(), Bytes.wrap(datagram, 0, length));
                views[length] = view;
            }
            to.streams.receive(view, now);
        }

        @Override
        public void send(LocalSocket from, Address destination, Bytes payload) {
            throw new IllegalStateException("nothing else is sent");
        }

        @Override
        public void data(Bytes data, long nowNanos) {
            received += data.length();
            stream.consumed(data.length(), nowNanos);
        }

        @Override
        public void open(int request) {}

        @Override
        public void close(LocalSocket closing) {}

        @Override
        public void deliver(Runnable notice) {
            notice.run();
        }

        @Override
        public void ended(long nowNanos) {}

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            throw new IllegalStateException(reason.text());
        }
    }
}
