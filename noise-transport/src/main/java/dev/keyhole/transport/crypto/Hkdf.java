package dev.keyhole.transport.crypto;

/** The key derivation of Noise: HKDF (RFC 5869) over {@link Hmac} with an empty info. */
public final class Hkdf {

    private static final int MAX_OUTPUTS = 3;

    private Hkdf() {}

    /**
     * The first two or three outputs, 64 bytes each, of a chaining key and new key material.
     *
     * @throws IllegalArgumentException if another number of outputs is asked for
     */
    public static byte[][] outputs(int count, byte[] chainingKey, byte[] keyMaterial) {
        if (count < 2 || count > MAX_OUTPUTS) {
            throw new IllegalArgumentException(count + " outputs, not 2 or " + MAX_OUTPUTS);
        }
        byte[] pseudorandomKey = Hmac.blake2b512(chainingKey, keyMaterial);
        byte[][] outputs = new byte[count][];
        byte[] previous = new byte[0];
        for (int i = 0; i < count; i++) {
            previous = Hmac.blake2b512(pseudorandomKey, previous, new byte[] {(byte) (i + 1)});
            outputs[i] = previous;
        }
        Secrets.wipe(pseudorandomKey);
        return outputs;
    }
}
