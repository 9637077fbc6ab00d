package dev.keyhole.dht.message;

import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a {@link Request} ({@code docs/protocol.md}, "Replies").
 *
 * @param to the asker's address as the answering node saw it: all a node ever learns of its own
 * @param id the sender's id, present when it is persistent and speaks from its server socket
 * @param token proves the asker's address to the answering node for a few seconds
 * @param closerNodes nodes nearer to the target, none if there was no target
 * @param error a number of {@link ErrorCode}, or one that has no name; 0 is success
 * @param value the body; an empty one is present all the same
 */
public record Reply(
        int tid,
        Address to,
        @Nullable NodeId id,
        @Nullable Bytes token,
        List<Address> closerNodes,
        long error,
        @Nullable Bytes value) {

    /** The first byte: the kind in the high half, the version in the low one. */
    public static final int TYPE = 0x13;

    private static final int ID = 1;
    private static final int TOKEN = 2;
    private static final int CLOSER_NODES = 4;
    private static final int ERROR = 8;
    private static final int VALUE = 16;

    public Reply {
        closerNodes = List.copyOf(closerNodes);
    }

    /** Reads a whole datagram; what is left behind the message is ignored. */
    public static Reply decode(WireReader reader) throws MalformedException {
        if (reader.u8() != TYPE) {
            throw new MalformedException("not a reply");
        }
        long flags = reader.uint();
        int tid = reader.u16();
        Address to = Address.decode(reader);
        NodeId id = (flags & ID) == 0 ? null : NodeId.decode(reader);
        Bytes token = (flags & TOKEN) == 0 ? null : reader.bytes(32);
        List<Address> closerNodes =
                (flags & CLOSER_NODES) == 0 ? List.of() : reader.list(Address::decode);
        long error = (flags & ERROR) == 0 ? 0 : reader.uint();
        Bytes value = (flags & VALUE) == 0 ? null : reader.buffer();
        return new Reply(tid, to, id, token, closerNodes, error, value);
    }

    public void encode(WireWriter writer) {
        int flags =
                (id == null ? 0 : ID)
                        | (token == null ? 0 : TOKEN)
                        | (closerNodes.isEmpty() ? 0 : CLOSER_NODES)
                        | (error == 0 ? 0 : ERROR)
                        | (value == null ? 0 : VALUE);
        writer.u8(TYPE).uint(flags).u16(tid);
        to.encode(writer);
        if (id != null) {
            id.encode(writer);
        }
        if (token != null) {
            writer.bytes(token);
        }
        if (!closerNodes.isEmpty()) {
            writer.list(closerNodes, (w, address) -> address.encode(w));
        }
        if (error != 0) {
            writer.uint(error);
        }
        if (value != null) {
            writer.buffer(value);
        }
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(256);
        encode(writer);
        return writer.toBytes();
    }
}
