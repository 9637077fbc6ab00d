package dev.keyhole.transport.crypto;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Diffie-Hellman on Ed25519 keys ({@code docs/protocol.md}, "DH on Ed25519").
 *
 * <p>One seed serves for signing and for this: the secret scalar is the one of RFC 8032. The shared
 * secret is a compressed Edwards point, which X25519 cannot produce since it loses the sign of x.
 */
public final class Ed25519Dh {

    public static final int SCALAR_BYTES = 32;

    private Ed25519Dh() {}

    /** The clamped secret scalar of a seed, little-endian; the caller wipes it. */
    public static byte[] scalar(Bytes seed) {
        byte[] hash = sha512(seed);
        byte[] scalar = Arrays.copyOf(hash, SCALAR_BYTES);
        Secrets.wipe(hash);
        scalar[0] &= (byte) 0xf8;
        scalar[31] &= 0x7f;
        scalar[31] |= 0x40;
        return scalar;
    }

    /**
     * The secret that the owner of a seed shares with the owner of a public key, 32 bytes.
     *
     * @throws MalformedException if the key is no point of the prime-order subgroup
     */
    public static byte[] shared(Bytes seed, Bytes publicKey) throws MalformedException {
        byte[] scalar = scalar(seed);
        try {
            return CurvePoint.decode(publicKey).times(scalar);
        } finally {
            Secrets.wipe(scalar);
        }
    }

    private static byte[] sha512(Bytes seed) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-512");
            digest.update(seed.array(), seed.offset(), seed.length());
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every platform has SHA-512", e);
        }
    }
}
