package dev.keyhole.dht.relay;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/** Takes back a {@link PairMessage}, or ends what came of it. */
record UnpairMessage(Bytes token) {

    /** Its number among the messages of the protocol. */
    static final int TYPE = 1;

    static UnpairMessage decode(Bytes message) throws MalformedException {
        WireReader reader = new WireReader(message);
        reader.u8();
        return new UnpairMessage(reader.bytes(BlindRelay.TOKEN_BYTES));
    }

    Bytes encode() {
        return new WireWriter(BlindRelay.TOKEN_BYTES + 1).u8(0).bytes(token).toBytes();
    }
}
