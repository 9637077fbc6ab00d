package dev.keyhole.benchmark;

import static java.util.Objects.requireNonNull;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.net.BindException;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one packet of a stream costs from one end to the other, over loopback and through everything
 * that it passes: sending, sockets, receiving, acks. With {@code -prof gc} also how much memory is
 * allocated for it ({@code gc.alloc.rate.norm}).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PacketBenchmark {

    /** What a packet that every path carries takes; larger ones are fewer. */
    private static final int PAYLOAD_BYTES = 1152;

    private static final int PACKETS = 8192;
    private static final int PACKETS_PER_WRITE = 64;

    @Param({"epoll", "portable"})
    private String sockets = "epoll";

    private @Nullable End from;
    private @Nullable End to;

    @Setup
    public void connect() throws BindException {
        System.setProperty("keyhole.udp", sockets);
        End writing = new End();
        End reading = new End();
        writing.connect(reading);
        reading.connect(writing);
        from = writing;
        to = reading;
    }

    @TearDown
    public void close() {
        requireNonNull(from).loop.close();
        requireNonNull(to).loop.close();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void packet() throws InterruptedException {
        End reading = requireNonNull(to);
        reading.awaited = PACKETS * PAYLOAD_BYTES;
        requireNonNull(from).send(PACKETS * PAYLOAD_BYTES);
        reading.done.acquire();
    }

    /** A node with one stream. */
    private static final class End extends StreamsMachine implements UdxStream.Listener {

        private static final Bytes CHUNK =
                Bytes.random(new Random(1), PACKETS_PER_WRITE * PAYLOAD_BYTES);

        final UdpLoop loop = UdpLoop.open("packet-benchmark");
        final Semaphore done = new Semaphore(0);
        private final LocalSocket socket;
        private final UdxStream stream;

        /** What is still to be written; known to the loop's thread only. */
        private int unwritten;

        /** What is still to come; handed to the loop's thread with the first packet. */
        private volatile int awaited;

        End() throws BindException {
            socket = loop.bind(Address.loopback(0));
            stream = streams.open(this);
            loop.start(this, Throwable::printStackTrace);
        }

        void connect(End other) {
            loop.command(
                    now ->
                            stream.connect(
                                    socket, other.socket.local(), other.stream.localId(), now));
        }

        void send(int bytes) {
            loop.command(
                    now -> {
                        unwritten = bytes;
                        writable(now);
                    });
        }

        @Override
        public void writable(long nowNanos) {
            while (unwritten > 0) {
                unwritten -= CHUNK.length();
                if (!stream.write(CHUNK, nowNanos)) {
                    return;
                }
            }
        }

        @Override
        public void data(Bytes data, long nowNanos) {
            stream.consumed(data.length(), nowNanos);
            int left = awaited - data.length();
            awaited = left;
            if (left == 0) {
                done.release();
            }
        }

        @Override
        public void ended(long nowNanos) {}

        @Override
        public void closed(CloseReason reason, long nowNanos) {}
    }
}
