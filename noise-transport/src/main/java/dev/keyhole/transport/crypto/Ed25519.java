package dev.keyhole.transport.crypto;

import dev.keyhole.transport.wire.Bytes;

/** Ed25519 signatures (RFC 8032), from a 32-byte seed. */
public final class Ed25519 {

    public static final int PUBLIC_KEY_BYTES = 32;
    public static final int SIGNATURE_BYTES = 64;

    private Ed25519() {}

    /** The public key of a seed. */
    public static Bytes publicKey(Bytes seed) {
        byte[] publicKey = new byte[PUBLIC_KEY_BYTES];
        org.bouncycastle.math.ec.rfc8032.Ed25519.generatePublicKey(
                seed.array(), seed.offset(), publicKey, 0);
        return Bytes.wrap(publicKey);
    }

    /** The detached signature of a message. */
    public static Bytes sign(Bytes seed, Bytes publicKey, Bytes message) {
        byte[] signature = new byte[SIGNATURE_BYTES];
        org.bouncycastle.math.ec.rfc8032.Ed25519.sign(
                seed.array(),
                seed.offset(),
                publicKey.array(),
                publicKey.offset(),
                message.array(),
                message.offset(),
                message.length(),
                signature,
                0);
        return Bytes.wrap(signature);
    }

    /** Whether the message was signed with the key's seed; wrong lengths are no. */
    public static boolean verify(Bytes publicKey, Bytes message, Bytes signature) {
        return publicKey.length() == PUBLIC_KEY_BYTES
                && signature.length() == SIGNATURE_BYTES
                && org.bouncycastle.math.ec.rfc8032.Ed25519.verify(
                        signature.array(),
                        signature.offset(),
                        publicKey.array(),
                        publicKey.offset(),
                        message.array(),
                        message.offset(),
                        message.length());
    }
}
