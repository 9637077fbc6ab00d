package dev.keyhole.dht.message;

import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * A question to one node ({@code docs/protocol.md}, "Requests").
 *
 * @param tid pairs the reply with it; stays the same through retransmission and relaying
 * @param to whom the sender believes to ask
 * @param id the sender's id, present when it is persistent and speaks from its server socket
 * @param token what the asked node gave out earlier to prove the sender's address
 * @param value the body; an empty one is present all the same
 */
public record Request(
        int tid,
        Address to,
        @Nullable NodeId id,
        @Nullable Bytes token,
        Command command,
        @Nullable Bytes target,
        @Nullable Bytes value) {

    /** The first byte: the kind in the high half, the version in the low one. */
    public static final int TYPE = 0x03;

    private static final int ID = 1;
    private static final int TOKEN = 2;
    private static final int INTERNAL = 4;
    private static final int TARGET = 8;
    private static final int VALUE = 16;

    /** Reads a whole datagram; what is left behind the message is ignored. */
    public static Request decode(WireReader reader) throws MalformedException {
        if (reader.u8() != TYPE) {
            throw new MalformedException("not a request");
        }
        long flags = reader.uint();
        int tid = reader.u16();
        Address to = Address.decode(reader);
        NodeId id = (flags & ID) == 0 ? null : NodeId.decode(reader);
        Bytes token = (flags & TOKEN) == 0 ? null : reader.bytes(32);
        Command command = new Command((flags & INTERNAL) != 0, reader.uint());
        Bytes target = (flags & TARGET) == 0 ? null : reader.bytes(NodeId.LENGTH);
        Bytes value = (flags & VALUE) == 0 ? null : reader.buffer();
        return new Request(tid, to, id, token, command, target, value);
    }

    public void encode(WireWriter writer) {
        int flags =
                (id == null ? 0 : ID)
                        | (token == null ? 0 : TOKEN)
                        | (command.internal() ? INTERNAL : 0)
                        | (target == null ? 0 : TARGET)
                        | (value == null ? 0 : VALUE);
        writer.u8(TYPE).uint(flags).u16(tid);
        to.encode(writer);
        if (id != null) {
            id.encode(writer);
        }
        if (token != null) {
            writer.bytes(token);
        }
        writer.uint(command.number());
        if (target != null) {
            writer.bytes(target);
        }
        if (value != null) {
            writer.buffer(value);
        }
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(128);
        encode(writer);
        return writer.toBytes();
    }
}
