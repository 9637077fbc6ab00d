package dev.keyhole.transport.noise;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;

/**
 * What a finished handshake leaves to its two sides. Prints its public half only.
 *
 * @param initiator whether this side spoke first
 * @param hash 64 bytes that are the same on both sides and belong to no other handshake
 * @param tx the 32-byte key for what this side sends
 * @param rx the 32-byte key for what this side receives
 */
public record Session(
        boolean initiator,
        PublicKey localPublicKey,
        PublicKey remotePublicKey,
        Bytes hash,
        Bytes tx,
        Bytes rx) {

    @Override
    public String toString() {
        return "Session("
                + (initiator ? "initiator " : "responder ")
                + localPublicKey
                + " with "
                + remotePublicKey
                + ")";
    }
}
