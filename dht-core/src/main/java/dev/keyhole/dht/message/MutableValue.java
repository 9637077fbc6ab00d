package dev.keyhole.dht.message;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.Ed25519;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/**
 * A value that its key may replace by one with a higher sequence number: the body of the answer to
 * a mutable get, and what a storing node keeps.
 */
public record MutableValue(long seq, Bytes value, Bytes signature) {

    public static MutableValue sign(KeyPair keyPair, long seq, Bytes value) {
        return new MutableValue(seq, value, keyPair.sign(signable(seq, value)));
    }

    public static MutableValue decode(WireReader reader) throws MalformedException {
        long seq = reader.uint();
        Bytes value = reader.buffer();
        return new MutableValue(seq, value, reader.bytes(Ed25519.SIGNATURE_BYTES));
    }

    public void encode(WireWriter writer) {
        writer.uint(seq).buffer(value).bytes(signature);
    }

    public boolean verify(PublicKey publicKey) {
        return publicKey.verify(signable(seq, value), signature);
    }

    /** The same value, with nothing of the message around it in memory. */
    public MutableValue compact() {
        return new MutableValue(seq, value.compact(), signature.compact());
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(80 + value.length());
        encode(writer);
        return writer.toBytes();
    }

    private static Bytes signable(long seq, Bytes value) {
        Bytes signed = new WireWriter(16 + value.length()).uint(seq).buffer(value).toBytes();
        return Bytes.concat(Namespace.MUTABLE_PUT, Blake2b.hash256(signed));
    }
}
