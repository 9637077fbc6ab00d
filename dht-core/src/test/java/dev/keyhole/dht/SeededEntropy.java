package dev.keyhole.dht;

import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.Random;

/** Entropy that follows from a seed, and costs little to have ten thousand times. */
public final class SeededEntropy extends SecureRandom {

    private static final long serialVersionUID = 1;

    private final transient Random random;

    public SeededEntropy(long seed) {
        super(new Unused(), null);
        this.random = new Random(seed);
    }

    @Override
    public void nextBytes(byte[] bytes) {
        random.nextBytes(bytes);
    }

    @Override
    public int nextInt() {
        return random.nextInt();
    }

    @Override
    public int nextInt(int bound) {
        return random.nextInt(bound);
    }

    @Override
    public long nextLong() {
        return random.nextLong();
    }

    @Override
    public double nextDouble() {
        return random.nextDouble();
    }

    @Override
    public boolean nextBoolean() {
        return random.nextBoolean();
    }

    private static final class Unused extends SecureRandomSpi {

        private static final long serialVersionUID = 1;

        @Override
        protected void engineSetSeed(byte[] seed) {}

        @Override
        protected void engineNextBytes(byte[] bytes) {
            throw new IllegalStateException("drawn past the seed");
        }

        @Override
        protected byte[] engineGenerateSeed(int count) {
            throw new IllegalStateException("drawn past the seed");
        }
    }
}
