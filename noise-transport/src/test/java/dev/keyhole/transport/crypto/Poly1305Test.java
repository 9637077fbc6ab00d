package dev.keyhole.transport.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.wire.Bytes;
import java.util.Arrays;
import java.util.Random;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

/** Our authenticator against Bouncy Castle's. */
class Poly1305Test {

    @Test
    void theTagIsTheSameAtEveryLength() {
        Random random = new Random(7);
        for (int length = 0; length <= 2048; length++) {
            check(Bytes.random(random, 32).toArray(), Bytes.random(random, length).toArray());
        }
        check(Bytes.random(random, 32).toArray(), Bytes.random(random, 1_000_003).toArray());
    }

    @Seeds(200)
    void bitsAtTheEdgesCarryCorrectly(long seed) {
        Random random = new Random(seed);
        byte[] key = edgy(random, 32);
        byte[] message = edgy(random, random.nextInt(120));

        check(key, message);
    }

    @Seeds(100)
    void thePiecesAMessageComesInDoNotMatter(long seed) {
        Random random = new Random(seed);
        byte[] key = Bytes.random(random, 32).toArray();
        byte[] message = Bytes.random(random, 500).toArray();
        Poly1305 poly = new Poly1305();
        byte[] tag = new byte[16];

        poly.init(key, 0);
        int at = 0;
        while (at < message.length) {
            int length = Math.min(random.nextInt(50), message.length - at);
            poly.update(message, at, length);
            at += length;
        }
        poly.finish(tag, 0);

        assertThat(tag).isEqualTo(expected(key, message));
    }

    private static void check(byte[] key, byte[] message) {
        Poly1305 poly = new Poly1305();
        byte[] tag = new byte[20];

        poly.init(key, 0);
        poly.update(message, 0, message.length);
        poly.finish(tag, 3);

        assertThat(Bytes.wrap(tag, 3, 16)).isEqualTo(Bytes.wrap(expected(key, message)));
    }

    private static byte[] expected(byte[] key, byte[] message) {
        var poly = new org.bouncycastle.crypto.macs.Poly1305();
        poly.init(new KeyParameter(key));
        poly.update(message, 0, message.length);
        byte[] tag = new byte[16];
        poly.doFinal(tag, 0);
        return tag;
    }

    /** Runs of ones and zeros, where sums overflow. */
    private static byte[] edgy(Random random, int length) {
        byte[] bytes = new byte[length];
        int at = 0;
        while (at < length) {
            int end = Math.min(length, at + 1 + random.nextInt(20));
            Arrays.fill(bytes, at, end, (byte) (random.nextBoolean() ? 0xff : 0));
            at = end;
        }
        if (length > 0 && random.nextBoolean()) {
            bytes[random.nextInt(length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }
}
