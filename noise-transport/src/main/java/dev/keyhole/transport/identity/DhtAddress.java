package dev.keyhole.transport.identity;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;

/**
 * An address to hand to somebody: a key, and nodes that may know the way to it ({@code
 * docs/protocol.md}, "Shareable addresses").
 *
 * @param nodes may be none: the key alone is enough to be found
 */
public record DhtAddress(PublicKey publicKey, List<Address> nodes) {

    private static final int HAS_NODES = 1;

    public DhtAddress {
        nodes = List.copyOf(nodes);
    }

    /** The address that is a key and nothing else. */
    public static DhtAddress of(PublicKey publicKey) {
        return new DhtAddress(publicKey, List.of());
    }

    /** Reads an address, or the 32 bytes of a bare key. */
    public static DhtAddress decode(WireReader reader) throws MalformedException {
        PublicKey publicKey = PublicKey.decode(reader);
        long flags = reader.remaining() == 0 ? 0 : reader.uint();
        boolean hasNodes = (flags & HAS_NODES) != 0;
        return new DhtAddress(publicKey, hasNodes ? reader.list(Address::decode) : List.of());
    }

    public static DhtAddress decode(Bytes bytes) throws MalformedException {
        return decode(new WireReader(bytes));
    }

    public void encode(WireWriter writer) {
        publicKey.encode(writer);
        if (nodes.isEmpty()) {
            writer.uint(0);
        } else {
            writer.uint(HAS_NODES).list(nodes, (out, node) -> node.encode(out));
        }
    }

    public Bytes encode() {
        WireWriter writer = new WireWriter();
        encode(writer);
        return writer.toBytes();
    }
}
