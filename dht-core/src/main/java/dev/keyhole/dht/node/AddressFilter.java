package dev.keyhole.dht.node;

import dev.keyhole.transport.net.Address;
import java.util.Set;

/** Which addresses can be nodes at all. */
final class AddressFilter {

    /** Addresses that once leaked into the public network and never were nodes. */
    private static final Set<Address> LEAKED =
            Set.of(
                    Address.of("134.209.28.98", 49738),
                    Address.of("167.99.142.185", 49738),
                    Address.of("35.233.47.252", 9400));

    private static final int LEAKED_HOST = Address.of("150.136.142.116", 0).host();

    private AddressFilter() {}

    static boolean admits(Address node) {
        return node.port() != 0
                && !node.isReserved()
                && node.host() != LEAKED_HOST
                && !LEAKED.contains(node);
    }

    /** Whether one address may make us send to another: private ones are for private sources. */
    static boolean admits(Address node, Address from) {
        return admits(node) && (!node.isPrivate() || from.isPrivate());
    }
}
