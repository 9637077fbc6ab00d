package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.net.Address;
import java.util.List;

/**
 * Decides whether both sides punch, once it is known what that would take. Asked on the node's
 * thread, which must not be blocked.
 */
@FunctionalInterface
public interface PunchPolicy {

    /** Punches whenever there is a way to. */
    PunchPolicy ALWAYS = (own, ownAddresses, remote, remoteAddresses) -> true;

    /**
     * Whether to go on. A policy that throws refuses.
     *
     * @param own what our NAT is like, as far as is known
     * @param ownAddresses where others see us
     * @param remote what the peer says of its NAT
     * @param remoteAddresses where the peer says that it is seen
     */
    boolean admits(
            NatType own, List<Address> ownAddresses, NatType remote, List<Address> remoteAddresses);
}
