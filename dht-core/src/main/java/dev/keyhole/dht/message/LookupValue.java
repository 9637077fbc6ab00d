package dev.keyhole.dht.message;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;

/**
 * The body of the answer to a lookup: who announced a topic.
 *
 * @param bump the newest clock an announcer sent along, 0 if none did
 */
public record LookupValue(List<PeerRecord> peers, long bump) {

    /** How many records one answer holds at most. */
    public static final int MAX_PEERS = 20;

    public LookupValue {
        peers = List.copyOf(peers);
    }

    /** Older nodes leave the bump out. */
    public static LookupValue decode(WireReader reader) throws MalformedException {
        List<PeerRecord> peers = reader.list(PeerRecord::decode);
        return new LookupValue(peers, reader.remaining() == 0 ? 0 : reader.uint());
    }

    public void encode(WireWriter writer) {
        writer.list(peers, (w, peer) -> peer.encode(w)).uint(bump);
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(64 * peers.size() + 8);
        encode(writer);
        return writer.toBytes();
    }
}
