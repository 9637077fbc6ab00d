package dev.keyhole.dht.announce;

import dev.keyhole.dht.message.AnnounceValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The signature of an announce or unannounce: good at one node, for one host, for as long as that
 * node honours the token ({@code docs/protocol.md}, "Announces").
 *
 * @param target what is announced under
 * @param node the storing node's id
 * @param token what that node gave out
 */
public record AnnounceSignature(Bytes target, NodeId node, Bytes token) {

    /** The body of an announce. */
    public Bytes announce(
            KeyPair keyPair, List<Address> relays, @Nullable Bytes refresh, long bump) {
        return signed(Namespace.ANNOUNCE, keyPair, relays, refresh, bump);
    }

    /** The body of an unannounce. */
    public Bytes unannounce(KeyPair keyPair) {
        return signed(Namespace.UNANNOUNCE, keyPair, List.of(), null, 0);
    }

    public boolean verifyAnnounce(AnnounceValue value) {
        return verify(Namespace.ANNOUNCE, value);
    }

    public boolean verifyUnannounce(AnnounceValue value) {
        return verify(Namespace.UNANNOUNCE, value);
    }

    private Bytes signed(
            Bytes namespace,
            KeyPair keyPair,
            List<Address> relays,
            @Nullable Bytes refresh,
            long bump) {
        PeerRecord peer = new PeerRecord(keyPair.publicKey(), relays);
        Bytes signature = keyPair.sign(signable(namespace, peer, refresh));
        return new AnnounceValue(peer, refresh, signature, bump).toBytes();
    }

    private boolean verify(Bytes namespace, AnnounceValue value) {
        PeerRecord peer = value.peer();
        Bytes signature = value.signature();
        return peer != null
                && signature != null
                && peer.publicKey().verify(signable(namespace, peer, value.refresh()), signature);
    }

    private Bytes signable(Bytes namespace, PeerRecord peer, @Nullable Bytes refresh) {
        Bytes secret = refresh == null ? Bytes.EMPTY : refresh;
        return Bytes.concat(
                namespace, Blake2b.hash256(target, node.bytes(), token, peer.toBytes(), secret));
    }
}
