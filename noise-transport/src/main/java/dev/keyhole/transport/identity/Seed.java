package dev.keyhole.transport.identity;

import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** The secret 32 bytes that a key pair is made from. Never printed. */
public final class Seed {

    public static final int LENGTH = 32;

    private final Bytes bytes;

    private Seed(Bytes bytes) {
        this.bytes = bytes;
    }

    /**
     * A seed of 32 given bytes.
     *
     * @throws IllegalArgumentException if there are more or fewer; the bytes are not repeated
     */
    public static Seed of(Bytes bytes) {
        if (bytes.length() != LENGTH) {
            throw new IllegalArgumentException("a seed has 32 bytes, not " + bytes.length());
        }
        return new Seed(bytes);
    }

    /**
     * A seed from 64 hex digits of either case.
     *
     * @throws IllegalArgumentException if the text is not that; the text is not repeated
     */
    public static Seed ofHex(String hex) {
        if (hex.length() != 2 * LENGTH) {
            throw new IllegalArgumentException("a seed has 64 hex digits, not " + hex.length());
        }
        if (hex.chars().anyMatch(digit -> digit > 'f' || Character.digit(digit, 16) < 0)) {
            throw new IllegalArgumentException("a seed consists of hex digits only");
        }
        return new Seed(Bytes.ofHex(hex));
    }

    public static Seed random(SecureRandom entropy) {
        byte[] bytes = new byte[LENGTH];
        entropy.nextBytes(bytes);
        return new Seed(Bytes.wrap(bytes));
    }

    /** The secret itself, for deriving keys and for files that only their owner reads. */
    public Bytes secret() {
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Seed that && bytes.equalsInConstantTime(that.bytes);
    }

    @Override
    public int hashCode() {
        return 0;
    }

    @Override
    public String toString() {
        return "Seed(secret)";
    }
}
