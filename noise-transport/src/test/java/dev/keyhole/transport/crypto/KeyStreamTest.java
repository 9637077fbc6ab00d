package dev.keyhole.transport.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import java.util.stream.IntStream;
import org.bouncycastle.crypto.engines.ChaCha7539Engine;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.junit.jupiter.api.Test;

/** The ways to make a keystream, against Bouncy Castle's, which is none of them. */
class KeyStreamTest {

    private static final int[] LARGE = {4095, 4096, 4097, 8191, 65535, 65536, 65537, 300_001};

    private final Random random = new Random(7);

    @Test
    void lanesMakeTheSameBytesAtEveryLength() {
        checkAllLengths(new LaneKeyStream());
    }

    @Test
    void thePlatformMakesTheSameBytesAtEveryLength() {
        KeyStream platform = PlatformKeyStream.ifPresent();
        assumeTrue(platform != null, "no ChaCha20 here");
        checkAllLengths(platform);
    }

    @Test
    void sourceAndTargetMayBeTheSame() {
        byte[] key = bytes(32);
        byte[] nonce = bytes(12);
        byte[] message = bytes(1000);
        byte[] expected = expected(key, nonce, message);
        byte[] inPlace = message.clone();
        KeyStream stream = new LaneKeyStream();

        stream.begin(key, nonce, new byte[KeyStream.HEAD_BYTES], inPlace.length);
        stream.xor(inPlace, 0, inPlace.length, inPlace, 0);

        assertThat(Bytes.wrap(inPlace)).isEqualTo(Bytes.wrap(expected).slice(KeyStream.HEAD_BYTES));
    }

    private void checkAllLengths(KeyStream stream) {
        IntStream.concat(IntStream.rangeClosed(0, 2048), IntStream.of(LARGE))
                .forEach(length -> check(stream, length));
    }

    private void check(KeyStream stream, int length) {
        byte[] key = bytes(32);
        byte[] nonce = bytes(12);
        byte[] message = bytes(length + 5);
        byte[] head = bytes(KeyStream.HEAD_BYTES);
        byte[] out = new byte[length + 9];

        stream.begin(key, nonce, head, length);
        stream.xor(message, 5, length, out, 3);

        Bytes expected = Bytes.wrap(expected(key, nonce, Bytes.wrap(message).slice(5).toArray()));
        assertThat(Bytes.wrap(head)).isEqualTo(expected.slice(0, KeyStream.HEAD_BYTES));
        assertThat(Bytes.wrap(out, 3, length))
                .as("length %d", length)
                .isEqualTo(expected.slice(KeyStream.HEAD_BYTES));
        assertThat(Bytes.wrap(out, length + 3, 6)).isEqualTo(Bytes.wrap(new byte[6]));
    }

    /** The first two blocks, and the message met with those behind them. */
    private static byte[] expected(byte[] key, byte[] nonce, byte[] message) {
        ChaCha7539Engine engine = new ChaCha7539Engine();
        engine.init(true, new ParametersWithIV(new KeyParameter(key), nonce));
        byte[] out = new byte[KeyStream.HEAD_BYTES + message.length];
        engine.processBytes(new byte[KeyStream.HEAD_BYTES], 0, KeyStream.HEAD_BYTES, out, 0);
        engine.processBytes(message, 0, message.length, out, KeyStream.HEAD_BYTES);
        return out;
    }

    private byte[] bytes(int length) {
        return Bytes.random(random, length).toArray();
    }
}
