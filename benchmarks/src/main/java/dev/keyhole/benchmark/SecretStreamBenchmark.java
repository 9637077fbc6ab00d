package dev.keyhole.benchmark;

import dev.keyhole.transport.crypto.SecretStream;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
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

/** Sealing messages, and sealing and opening them, since an opener takes each only once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SecretStreamBenchmark {

    @Param({"64", "1024", "65536"})
    private int bytes;

    private final Bytes key = Bytes.random(new Random(1), SecretStream.KEY_BYTES);
    private final Bytes header = Bytes.random(new Random(2), SecretStream.HEADER_BYTES);
    private final SecretStream.Encryptor sealing = SecretStream.Encryptor.with(key, header);
    private final SecretStream.Encryptor both = SecretStream.Encryptor.with(key, header);
    private final SecretStream.Decryptor opening = SecretStream.Decryptor.with(key, header);
    private byte[] message = new byte[0];
    private byte[] sealed = new byte[0];

    @Setup
    public void allocate() {
        message = Bytes.random(new Random(3), bytes).toArray();
        sealed = new byte[bytes + SecretStream.OVERHEAD_BYTES];
    }

    @Benchmark
    public byte[] seal() {
        sealing.encrypt(message, 0, bytes, SecretStream.TAG_MESSAGE, sealed, 0);
        return sealed;
    }

    @Benchmark
    public Bytes sealAndOpen() throws MalformedException {
        both.encrypt(message, 0, bytes, SecretStream.TAG_MESSAGE, sealed, 0);
        return opening.decrypt(Bytes.wrap(sealed));
    }
}
