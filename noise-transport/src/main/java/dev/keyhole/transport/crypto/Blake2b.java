package dev.keyhole.transport.crypto;

import dev.keyhole.transport.wire.Bytes;
import org.bouncycastle.crypto.digests.Blake2bDigest;
import org.jspecify.annotations.Nullable;

/** BLAKE2b (RFC 7693) over a sequence of parts, with or without a key. */
public final class Blake2b {

    private Blake2b() {}

    /** The 32-byte digest of the parts, one behind the other. */
    public static Bytes hash256(Bytes... parts) {
        return hash(32, null, parts);
    }

    /** The 64-byte digest of the parts, one behind the other. */
    public static Bytes hash512(Bytes... parts) {
        return hash(64, null, parts);
    }

    /** The 32-byte digest of the parts under a key of up to 64 bytes. */
    public static Bytes keyed256(Bytes key, Bytes... parts) {
        return hash(32, key.toArray(), parts);
    }

    /** The 64-byte digest of the parts under a key of up to 64 bytes. */
    static Bytes keyed512(Bytes key, Bytes... parts) {
        return hash(64, key.toArray(), parts);
    }

    private static Bytes hash(int length, byte @Nullable [] key, Bytes... parts) {
        Blake2bDigest digest = new Blake2bDigest(key, length, null, null);
        for (Bytes part : parts) {
            digest.update(part.array(), part.offset(), part.length());
        }
        byte[] out = new byte[length];
        digest.doFinal(out, 0);
        return Bytes.wrap(out);
    }
}
