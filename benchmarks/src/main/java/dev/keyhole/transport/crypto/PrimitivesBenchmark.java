package dev.keyhole.transport.crypto;

import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a secret stream is made of: keystreams, both kinds, and the authenticator. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PrimitivesBenchmark {

    @Param({"64", "1024", "65536"})
    private int bytes;

    private final KeyStream lanes = new LaneKeyStream();
    private final KeyStream platform = Objects.requireNonNull(PlatformKeyStream.ifPresent());
    private final Poly1305 poly = new Poly1305();
    private final byte[] key = new byte[32];
    private final byte[] nonce = new byte[12];
    private final byte[] head = new byte[KeyStream.HEAD_BYTES];
    private final byte[] tag = new byte[16];
    private byte[] message = new byte[0];

    @Setup
    public void allocate() {
        message = new byte[bytes];
        new Random(3).nextBytes(message);
        new Random(4).nextBytes(key);
    }

    @Benchmark
    public byte[] lanes() {
        lanes.begin(key, nonce, head, bytes);
        lanes.xor(message, 0, bytes, message, 0);
        return message;
    }

    @Benchmark
    public byte[] platform() {
        platform.begin(key, nonce, head, bytes);
        platform.xor(message, 0, bytes, message, 0);
        return message;
    }

    @Benchmark
    public byte[] authenticate() {
        poly.init(key, 0);
        poly.update(message, 0, bytes);
        poly.finish(tag, 0);
        return tag;
    }
}
