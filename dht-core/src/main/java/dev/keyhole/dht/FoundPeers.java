package dev.keyhole.dht;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.util.List;

/**
 * What one node of the network says about a topic. A hint: whether a peer is who it is said to be
 * shows when it is connected to.
 *
 * @param from the node that said so
 * @param peers who announced the topic, as far as that node knows
 * @param bump the latest clock an announcer sent along, 0 if none did
 */
public record FoundPeers(Address from, List<Peer> peers, long bump) {

    /**
     * Somebody who announced a topic.
     *
     * @param relays nodes that may know the way; see {@link ConnectOptions#withRelays}
     */
    public record Peer(PublicKey publicKey, List<Address> relays) {}
}
