package dev.keyhole.dht.message;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;

/**
 * Who can be reached, and through whom.
 *
 * @param relayAddresses nodes that claim to know the way; a hint nobody has verified
 */
public record PeerRecord(PublicKey publicKey, List<Address> relayAddresses) {

    /** How many relays a storing node keeps. */
    public static final int MAX_RELAYS = 3;

    public PeerRecord {
        relayAddresses = List.copyOf(relayAddresses);
    }

    public static PeerRecord decode(WireReader reader) throws MalformedException {
        PublicKey publicKey = PublicKey.decode(reader);
        return new PeerRecord(publicKey, reader.list(Address::decode));
    }

    public void encode(WireWriter writer) {
        publicKey.encode(writer);
        writer.list(relayAddresses, (w, address) -> address.encode(w));
    }

    /** What a storing node keeps of it: few relays, and nothing of the message it came in. */
    public PeerRecord kept() {
        return new PeerRecord(
                new PublicKey(publicKey.bytes().compact()),
                relayAddresses.subList(0, Math.min(MAX_RELAYS, relayAddresses.size())));
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(64);
        encode(writer);
        return writer.toBytes();
    }
}
