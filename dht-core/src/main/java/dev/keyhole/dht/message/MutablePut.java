package dev.keyhole.dht.message;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/** The body of a mutable put. */
public record MutablePut(PublicKey publicKey, MutableValue stored) {

    public static MutablePut decode(WireReader reader) throws MalformedException {
        PublicKey publicKey = PublicKey.decode(reader);
        return new MutablePut(publicKey, MutableValue.decode(reader));
    }

    public void encode(WireWriter writer) {
        publicKey.encode(writer);
        stored.encode(writer);
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(112 + stored.value().length());
        encode(writer);
        return writer.toBytes();
    }
}
