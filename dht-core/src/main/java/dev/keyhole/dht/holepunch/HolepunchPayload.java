package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What client and server tell each other about their NATs ({@code docs/protocol.md}, "Holepunch
 * payload").
 *
 * @param error see {@link PeerError}
 * @param round counts the client's messages, from 0
 * @param addresses what the sender looks like from outside, as far as it knows
 * @param remoteAddress where the sender believes the receiver to be
 * @param token proves to its issuer, when echoed, that the receiver gets what is sent to its host
 * @param remoteToken the echo of the receiver's own token
 */
public record HolepunchPayload(
        long error,
        NatType firewall,
        long round,
        boolean connected,
        boolean punching,
        @Nullable List<Address> addresses,
        @Nullable Address remoteAddress,
        @Nullable Bytes token,
        @Nullable Bytes remoteToken) {

    public static final int TOKEN_BYTES = 32;

    private static final int CONNECTED = 1;
    private static final int PUNCHING = 2;
    private static final int ADDRESSES = 4;
    private static final int REMOTE_ADDRESS = 8;
    private static final int TOKEN = 16;
    private static final int REMOTE_TOKEN = 32;

    /** The answer, or the message, that ends an attempt. */
    public static HolepunchPayload ofError(long error, long round) {
        return new HolepunchPayload(
                error, NatType.UNKNOWN, round, false, false, null, null, null, null);
    }

    public static HolepunchPayload decode(Bytes plain) throws MalformedException {
        WireReader reader = new WireReader(plain);
        long flags = reader.uint();
        return new HolepunchPayload(
                reader.uint(),
                NatType.decode(reader),
                reader.uint(),
                (flags & CONNECTED) != 0,
                (flags & PUNCHING) != 0,
                (flags & ADDRESSES) == 0 ? null : reader.list(Address::decode),
                (flags & REMOTE_ADDRESS) == 0 ? null : Address.decode(reader),
                (flags & TOKEN) == 0 ? null : reader.bytes(TOKEN_BYTES),
                (flags & REMOTE_TOKEN) == 0 ? null : reader.bytes(TOKEN_BYTES));
    }

    public Bytes encode() {
        WireWriter writer = new WireWriter(96);
        writer.uint(flags()).uint(error);
        firewall.encode(writer);
        writer.uint(round);
        if (addresses != null) {
            writer.list(addresses, (w, address) -> address.encode(w));
        }
        if (remoteAddress != null) {
            remoteAddress.encode(writer);
        }
        if (token != null) {
            writer.bytes(token);
        }
        if (remoteToken != null) {
            writer.bytes(remoteToken);
        }
        return writer.toBytes();
    }

    private int flags() {
        return (connected ? CONNECTED : 0)
                | (punching ? PUNCHING : 0)
                | (addresses == null ? 0 : ADDRESSES)
                | (remoteAddress == null ? 0 : REMOTE_ADDRESS)
                | (token == null ? 0 : TOKEN)
                | (remoteToken == null ? 0 : REMOTE_TOKEN);
    }
}
