package dev.keyhole.dht;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.util.List;

/**
 * What the network knows of a key.
 *
 * @param answered how many of the nodes closest to the key answered
 * @param holders those of them that know the way to its owner, closest first
 */
public record KeySearch(PublicKey publicKey, int answered, List<Address> holders) {

    public KeySearch {
        holders = List.copyOf(holders);
    }
}
