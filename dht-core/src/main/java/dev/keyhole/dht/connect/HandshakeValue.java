package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * The value of PEER_HANDSHAKE: a Noise message and whom it concerns.
 *
 * @param noise the Noise message; what may not be empty is for the reader to say
 * @param peerAddress the client towards the server, the server towards the client
 * @param relayAddress where a client wants it forwarded, or the first of two relays
 */
public record HandshakeValue(
        Mode mode, Bytes noise, @Nullable Address peerAddress, @Nullable Address relayAddress) {

    private static final int PEER_ADDRESS = 1;
    private static final int RELAY_ADDRESS = 2;

    public static HandshakeValue fromClient(Bytes noise) {
        return new HandshakeValue(Mode.FROM_CLIENT, noise, null, null);
    }

    public static HandshakeValue decode(Bytes value) throws MalformedException {
        WireReader reader = new WireReader(value);
        long flags = reader.uint();
        Mode mode = Mode.decode(reader);
        Bytes noise = reader.buffer();
        Address peer = (flags & PEER_ADDRESS) == 0 ? null : Address.decode(reader);
        Address relay = (flags & RELAY_ADDRESS) == 0 ? null : Address.decode(reader);
        return new HandshakeValue(mode, noise, peer, relay);
    }

    /** The answer in what a node sent back, or null if it is none. */
    static @Nullable HandshakeValue replyIn(@Nullable Bytes value) {
        if (value == null) {
            return null;
        }
        try {
            HandshakeValue reply = decode(value);
            return reply.mode == Mode.REPLY && !reply.noise.isEmpty() ? reply : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    public Bytes encode() {
        WireWriter writer = new WireWriter(noise.length() + 20);
        writer.uint(
                (peerAddress == null ? 0 : PEER_ADDRESS)
                        | (relayAddress == null ? 0 : RELAY_ADDRESS));
        mode.encode(writer);
        writer.buffer(noise);
        if (peerAddress != null) {
            peerAddress.encode(writer);
        }
        if (relayAddress != null) {
            relayAddress.encode(writer);
        }
        return writer.toBytes();
    }
}
