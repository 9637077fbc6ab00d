package dev.keyhole.transport.noise;

import dev.keyhole.transport.wire.Bytes;
import java.util.Random;

/** Entropy that yields the seed of the ephemeral key a vector was made with. */
final class FixedEntropy extends Random {

    private static final long serialVersionUID = 1;

    private final transient Bytes seed;

    FixedEntropy(Bytes seed) {
        this.seed = seed;
    }

    @Override
    public void nextBytes(byte[] bytes) {
        if (bytes.length != seed.length()) {
            throw new IllegalArgumentException("nobody asked for " + bytes.length + " bytes then");
        }
        seed.copyTo(bytes, 0);
    }
}
