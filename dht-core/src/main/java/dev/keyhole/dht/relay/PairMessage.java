package dev.keyhole.dht.relay;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/**
 * Asks a relay to join a stream with the one of whoever has the same token; and its answer ({@code
 * docs/protocol.md}, "Blind relay").
 *
 * @param initiator whether the sender, or the receiver of the answer, is the one who named the relay
 * @param token 32 bytes that only the two know
 * @param streamId the id that packets for the sender's stream have to carry
 */
record PairMessage(boolean initiator, Bytes token, int streamId, long seq) {

    /** Its number among the messages of the protocol. */
    static final int TYPE = 0;

    private static final int INITIATOR = 1;
    private static final long MAX_STREAM_ID = 0xffff_ffffL;

    static PairMessage decode(Bytes message) throws MalformedException {
        WireReader reader = new WireReader(message);
        boolean initiator = (reader.u8() & INITIATOR) != 0;
        Bytes token = reader.bytes(BlindRelay.TOKEN_BYTES);
        long id = reader.uint();
        if (id > MAX_STREAM_ID) {
            throw new MalformedException("stream id " + id + " has more than 32 bits");
        }
        return new PairMessage(initiator, token, (int) id, reader.uint());
    }

    Bytes encode() {
        return new WireWriter(48)
                .u8(initiator ? INITIATOR : 0)
                .bytes(token)
                .uint(Integer.toUnsignedLong(streamId))
                .uint(seq)
                .toBytes();
    }
}
