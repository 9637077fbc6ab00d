package dev.keyhole.transport.udx;

import dev.keyhole.transport.wire.Bytes;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Reading and writing the header of a packet. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PacketHeaderBenchmark {

    private final byte[] packet = new byte[1172];
    private final PacketHeader header =
            new PacketHeader(PacketHeader.DATA, 0, 0x01020304, 4_194_304, 77, 99);

    public PacketHeaderBenchmark() {
        header.writeTo(packet);
    }

    @Benchmark
    public int read() {
        Bytes bytes = Bytes.wrap(packet);
        if (!PacketHeader.leads(bytes)) {
            throw new IllegalStateException("no packet");
        }
        PacketHeader read = PacketHeader.of(bytes);
        return read.seq() + read.ack();
    }

    @Benchmark
    public byte[] write() {
        header.writeTo(packet);
        return packet;
    }
}
