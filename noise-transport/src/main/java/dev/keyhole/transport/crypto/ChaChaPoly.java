package dev.keyhole.transport.crypto;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.modes.ChaCha20Poly1305;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/** ChaCha20-Poly1305 (RFC 8439) as Noise uses it: the nonce is a counter, the tag comes last. */
public final class ChaChaPoly {

    public static final int KEY_BYTES = 32;
    public static final int TAG_BYTES = 16;

    private static final int NONCE_BYTES = 12;

    private ChaChaPoly() {}

    /** Encrypts under a key and a counter that must not have been used together before. */
    public static Bytes seal(byte[] key, int counter, Bytes associated, Bytes plaintext) {
        byte[] out = new byte[plaintext.length() + TAG_BYTES];
        try {
            run(true, key, counter, associated, plaintext, out);
        } catch (InvalidCipherTextException e) {
            throw new IllegalStateException("encryption has nothing to verify", e);
        }
        return Bytes.wrap(out);
    }

    /**
     * Decrypts what {@link #seal} made.
     *
     * @throws MalformedException if the bytes are too few or the tag does not fit them
     */
    public static Bytes open(byte[] key, int counter, Bytes associated, Bytes ciphertext)
            throws MalformedException {
        if (ciphertext.length() < TAG_BYTES) {
            throw new MalformedException("ciphertext of " + ciphertext.length() + " bytes");
        }
        byte[] out = new byte[ciphertext.length() - TAG_BYTES];
        try {
            run(false, key, counter, associated, ciphertext, out);
        } catch (InvalidCipherTextException e) {
            throw new MalformedException("ciphertext is not authentic");
        }
        return Bytes.wrap(out);
    }

    private static void run(
            boolean encrypt, byte[] key, int counter, Bytes associated, Bytes in, byte[] out)
            throws InvalidCipherTextException {
        ChaCha20Poly1305 cipher = new ChaCha20Poly1305();
        cipher.init(
                encrypt, new AEADParameters(new KeyParameter(key), 8 * TAG_BYTES, nonce(counter)));
        cipher.processAADBytes(associated.array(), associated.offset(), associated.length());
        int written = cipher.processBytes(in.array(), in.offset(), in.length(), out, 0);
        cipher.doFinal(out, written);
    }

    /** Four zero bytes and the counter, little-endian. */
    private static byte[] nonce(int counter) {
        byte[] nonce = new byte[NONCE_BYTES];
        for (int i = 0; i < Integer.BYTES; i++) {
            nonce[4 + i] = (byte) (counter >>> (8 * i));
        }
        return nonce;
    }
}
