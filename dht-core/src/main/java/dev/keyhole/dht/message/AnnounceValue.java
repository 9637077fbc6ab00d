package dev.keyhole.dht.message;

import dev.keyhole.transport.crypto.Ed25519;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * The body of an announce and of an unannounce ({@code docs/protocol.md}, "Announces").
 *
 * @param refresh with a peer, the hash of a secret that may renew the record later; without one,
 *     such a secret
 * @param bump the announcer's clock in milliseconds, outside the signature; 0 is never written
 */
public record AnnounceValue(
        @Nullable PeerRecord peer, @Nullable Bytes refresh, @Nullable Bytes signature, long bump) {

    private static final int PEER = 1;
    private static final int REFRESH = 2;
    private static final int SIGNATURE = 4;
    private static final int BUMP = 8;

    public static AnnounceValue decode(WireReader reader) throws MalformedException {
        long flags = reader.uint();
        PeerRecord peer = (flags & PEER) == 0 ? null : PeerRecord.decode(reader);
        Bytes refresh = (flags & REFRESH) == 0 ? null : reader.bytes(32);
        Bytes signature = (flags & SIGNATURE) == 0 ? null : reader.bytes(Ed25519.SIGNATURE_BYTES);
        long bump = (flags & BUMP) == 0 ? 0 : reader.uint();
        return new AnnounceValue(peer, refresh, signature, bump);
    }

    public void encode(WireWriter writer) {
        writer.uint(
                (peer == null ? 0 : PEER)
                        | (refresh == null ? 0 : REFRESH)
                        | (signature == null ? 0 : SIGNATURE)
                        | (bump == 0 ? 0 : BUMP));
        if (peer != null) {
            peer.encode(writer);
        }
        if (refresh != null) {
            writer.bytes(refresh);
        }
        if (signature != null) {
            writer.bytes(signature);
        }
        if (bump != 0) {
            writer.uint(bump);
        }
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(160);
        encode(writer);
        return writer.toBytes();
    }
}
