package dev.keyhole.dht;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a node found out about how others can reach it.
 *
 * @param publicAddress how the network sees the node; port 0 if everybody sees another one; empty
 *     while too few nodes have answered
 * @param firewalled whether strangers' packets do not come in, as far as is known
 * @param natType what the NAT did to a fresh socket
 * @param sightings who saw that socket, and where
 * @param localAddresses the addresses told to peers on the same network
 * @param knownNodes how many nodes of the DHT it knows
 * @param storing whether it is a full node, which stores and relays for others
 */
public record Reachability(
        Optional<Address> publicAddress,
        boolean firewalled,
        NatType natType,
        List<Sighting> sightings,
        List<Address> localAddresses,
        int knownNodes,
        boolean storing) {

    public Reachability {
        sightings = List.copyOf(sightings);
        localAddresses = List.copyOf(localAddresses);
    }

    /**
     * A node of the network that answered.
     *
     * @param by the node
     * @param seenAs our fresh socket's address from there
     */
    public record Sighting(Address by, Address seenAs, Duration roundTrip) {}
}
