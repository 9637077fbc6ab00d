package dev.keyhole.transport.identity;

import dev.keyhole.transport.crypto.Ed25519;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** An identity: a seed and the public key that follows from it. Prints its public half only. */
public final class KeyPair {

    private final Seed seed;
    private final PublicKey publicKey;

    private KeyPair(Seed seed) {
        this.seed = seed;
        this.publicKey = new PublicKey(Ed25519.publicKey(seed.secret()));
    }

    public static KeyPair fromSeed(Seed seed) {
        return new KeyPair(seed);
    }

    public static KeyPair random(SecureRandom entropy) {
        return new KeyPair(Seed.random(entropy));
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    public Seed seed() {
        return seed;
    }

    /** The detached Ed25519 signature of a message, 64 bytes. */
    public Bytes sign(Bytes message) {
        return Ed25519.sign(seed.secret(), publicKey.bytes(), message);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KeyPair that && publicKey.equals(that.publicKey);
    }

    @Override
    public int hashCode() {
        return publicKey.hashCode();
    }

    @Override
    public String toString() {
        return "KeyPair(" + publicKey + ")";
    }
}
