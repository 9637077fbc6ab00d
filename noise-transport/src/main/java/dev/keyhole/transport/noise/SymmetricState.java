package dev.keyhole.transport.noise;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.ChaChaPoly;
import dev.keyhole.transport.crypto.Hkdf;
import dev.keyhole.transport.crypto.Secrets;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Arrays;

/** The running hash and keys of a handshake ({@code docs/protocol.md}, "Noise symmetric state"). */
final class SymmetricState {

    private static final int HASH_BYTES = 64;

    private final byte[] h;
    private final byte[] ck;
    private final byte[] k = new byte[ChaChaPoly.KEY_BYTES];
    private boolean keyed;
    private int n;

    /** Starts with the name of the protocol, which is at most 64 bytes of ASCII. */
    SymmetricState(String protocolName) {
        Bytes name = Bytes.utf8(protocolName);
        h = Arrays.copyOf(name.toArray(), HASH_BYTES);
        ck = h.clone();
    }

    void mixHash(Bytes data) {
        Blake2b.hash512(hash(), data).copyTo(h, 0);
    }

    void mixKey(byte[] secret) {
        byte[][] outputs = Hkdf.outputs(2, ck, secret);
        System.arraycopy(outputs[0], 0, ck, 0, ck.length);
        System.arraycopy(outputs[1], 0, k, 0, k.length);
        Secrets.wipe(outputs);
        keyed = true;
        n = 0;
    }

    Bytes encryptAndHash(Bytes plaintext) {
        Bytes ciphertext = keyed ? ChaChaPoly.seal(k, n++, hash(), plaintext) : plaintext;
        mixHash(ciphertext);
        return ciphertext;
    }

    Bytes decryptAndHash(Bytes ciphertext) throws MalformedException {
        Bytes plaintext = keyed ? ChaChaPoly.open(k, n++, hash(), ciphertext) : ciphertext;
        mixHash(ciphertext);
        return plaintext;
    }

    /** How many bytes encryption adds at present. */
    int overhead() {
        return keyed ? ChaChaPoly.TAG_BYTES : 0;
    }

    /** The keys of the two directions, the initiator's first. */
    Bytes[] split() {
        byte[][] outputs = Hkdf.outputs(2, ck, new byte[0]);
        Bytes[] keys = new Bytes[2];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = Bytes.copyOf(outputs[i], 0, ChaChaPoly.KEY_BYTES);
        }
        Secrets.wipe(outputs);
        return keys;
    }

    Bytes hash() {
        return Bytes.copyOf(h);
    }

    Bytes chainingKey() {
        return Bytes.copyOf(ck);
    }

    /** The cipher key, or nothing before the first one. */
    Bytes cipherKey() {
        return keyed ? Bytes.copyOf(k) : Bytes.EMPTY;
    }

    int counter() {
        return n;
    }

    void wipe() {
        Secrets.wipe(h, ck, k);
    }
}
