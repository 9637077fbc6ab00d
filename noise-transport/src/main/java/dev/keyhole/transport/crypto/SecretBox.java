package dev.keyhole.transport.crypto;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import org.bouncycastle.crypto.engines.XSalsa20Engine;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;

/**
 * A message that stands alone: NaCl's secretbox, XSalsa20-Poly1305, its mac in front ({@code
 * docs/protocol.md}, "Unordered messages of a secret stream").
 */
public final class SecretBox {

    public static final int KEY_BYTES = 32;
    public static final int NONCE_BYTES = 24;
    public static final int OVERHEAD_BYTES = Poly1305.TAG_BYTES;

    private SecretBox() {}

    /** Encrypts under a key and a nonce that must not have been used together before. */
    public static Bytes seal(Bytes key, Bytes nonce, Bytes message) {
        byte[] out = new byte[OVERHEAD_BYTES + message.length()];
        byte[] macKey = new byte[Poly1305.KEY_BYTES];
        XSalsa20Engine cipher = started(key, nonce, macKey);
        cipher.processBytes(
                message.array(), message.offset(), message.length(), out, OVERHEAD_BYTES);
        authenticate(macKey, out, OVERHEAD_BYTES, message.length(), out);
        return Bytes.wrap(out);
    }

    /**
     * Decrypts what {@link #seal} made.
     *
     * @throws MalformedException if the box is too short or its mac does not fit it
     */
    public static Bytes open(Bytes key, Bytes nonce, Bytes box) throws MalformedException {
        int length = box.length() - OVERHEAD_BYTES;
        if (length < 0) {
            throw new MalformedException("secret box of " + box.length() + " bytes");
        }
        byte[] macKey = new byte[Poly1305.KEY_BYTES];
        XSalsa20Engine cipher = started(key, nonce, macKey);
        byte[] mac = new byte[OVERHEAD_BYTES];
        authenticate(macKey, box.array(), box.offset() + OVERHEAD_BYTES, length, mac);
        if (!Bytes.wrap(mac).equalsInConstantTime(box.slice(0, OVERHEAD_BYTES))) {
            throw new MalformedException("secret box is not authentic");
        }
        byte[] out = new byte[length];
        cipher.processBytes(box.array(), box.offset() + OVERHEAD_BYTES, length, out, 0);
        return Bytes.wrap(out);
    }

    /** The cipher behind the first 32 bytes of its keystream, which become the mac's key. */
    private static XSalsa20Engine started(Bytes key, Bytes nonce, byte[] macKey) {
        XSalsa20Engine cipher = new XSalsa20Engine();
        cipher.init(true, new ParametersWithIV(new KeyParameter(key.toArray()), nonce.toArray()));
        cipher.processBytes(macKey, 0, macKey.length, macKey, 0);
        return cipher;
    }

    private static void authenticate(byte[] macKey, byte[] in, int offset, int length, byte[] out) {
        Poly1305 poly = new Poly1305();
        poly.init(macKey, 0);
        poly.update(in, offset, length);
        poly.finish(out, 0);
        Secrets.wipe(macKey);
    }
}
