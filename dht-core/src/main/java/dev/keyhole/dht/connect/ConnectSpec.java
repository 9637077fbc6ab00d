package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whom to connect to, and how.
 *
 * @param relays nodes that may know the way
 * @param localConnection whether to tell, and to try, addresses on the own network
 * @param timeout when to give up; without it, the steps of the protocol have limits of their own
 */
public record ConnectSpec(
        KeyPair keyPair,
        PublicKey remote,
        List<Address> relays,
        boolean localConnection,
        Optional<Duration> timeout) {

    public ConnectSpec {
        relays = List.copyOf(relays);
    }
}
