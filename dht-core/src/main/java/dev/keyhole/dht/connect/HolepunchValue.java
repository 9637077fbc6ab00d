package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * The value of PEER_HOLEPUNCH: a sealed payload and whom it concerns.
 *
 * @param id the server's handshake slot; 0 on the way back
 * @param payload sealed with the holepunch secret of that handshake
 * @param peerAddress the server towards the first node, then as in {@link HandshakeValue}
 */
public record HolepunchValue(Mode mode, long id, Bytes payload, @Nullable Address peerAddress) {

    private static final int PEER_ADDRESS = 1;

    public static HolepunchValue decode(Bytes value) throws MalformedException {
        WireReader reader = new WireReader(value);
        long flags = reader.uint();
        Mode mode = Mode.decode(reader);
        long id = reader.uint();
        Bytes payload = reader.buffer();
        Address peer = (flags & PEER_ADDRESS) == 0 ? null : Address.decode(reader);
        return new HolepunchValue(mode, id, payload, peer);
    }

    public Bytes encode() {
        WireWriter writer = new WireWriter(payload.length() + 24);
        writer.uint(peerAddress == null ? 0 : PEER_ADDRESS);
        mode.encode(writer);
        writer.uint(id).buffer(payload);
        if (peerAddress != null) {
            peerAddress.encode(writer);
        }
        return writer.toBytes();
    }
}
