package dev.keyhole.transport.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The ChaCha20 of the platform, which is the faster one where it has instructions of its own.
 *
 * <p>Java has those from 21 on. The cipher decrypts throughout: that is the same operation, without
 * the check against using a nonce twice, and here the nonces are somebody else's to count.
 */
final class PlatformKeyStream implements KeyStream {

    private static final int FAST_SINCE = 21;
    private static final byte[] ZEROS = new byte[HEAD_BYTES];

    private final Cipher cipher;

    private PlatformKeyStream(Cipher cipher) {
        this.cipher = cipher;
    }

    /** One of these, or null where there is none or it is slow. */
    static @Nullable KeyStream ifFaster() {
        return javaVersion() >= FAST_SINCE ? ifPresent() : null;
    }

    /** One of these, or null where there is none. */
    static @Nullable KeyStream ifPresent() {
        try {
            return new PlatformKeyStream(Cipher.getInstance("ChaCha20"));
        } catch (GeneralSecurityException e) {
            return null;
        }
    }

    @Override
    public void begin(byte[] key, byte[] nonce, byte[] head, int length) {
        try {
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(key, "ChaCha20"),
                    new ChaCha20ParameterSpec(nonce, 0));
            cipher.update(ZEROS, 0, HEAD_BYTES, head);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("ChaCha20 of the platform fails", e);
        }
    }

    @Override
    public void xor(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
        if (length == 0) {
            return;
        }
        try {
            cipher.update(in, inOffset, length, out, outOffset);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("ChaCha20 of the platform fails", e);
        }
    }

    /** Makes the cipher forget its key by giving it another. */
    @Override
    public void wipe() {
        begin(new byte[KEY_BYTES], new byte[NONCE_BYTES], new byte[HEAD_BYTES], 0);
    }

    /** The number of the Java release; Android answers 0. */
    private static int javaVersion() {
        String version = System.getProperty("java.specification.version", "0");
        try {
            return Integer.parseInt(version);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
