package dev.keyhole.transport.crypto;

import org.bouncycastle.crypto.digests.Blake2bDigest;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * HMAC (RFC 2104) over BLAKE2b-512, with its block of 128 bytes; not BLAKE2b's own keyed mode.
 *
 * <p>Noise wants it so ({@code docs/protocol.md}, "Noise symmetric state").
 */
public final class Hmac {

    public static final int BYTES = 64;

    private Hmac() {}

    /** The 64-byte code of the parts, one behind the other, under a key of any length. */
    public static byte[] blake2b512(byte[] key, byte[]... parts) {
        HMac hmac = new HMac(new Blake2bDigest(8 * BYTES));
        hmac.init(new KeyParameter(key));
        for (byte[] part : parts) {
            hmac.update(part, 0, part.length);
        }
        byte[] out = new byte[BYTES];
        hmac.doFinal(out, 0);
        return out;
    }
}
