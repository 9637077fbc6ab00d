package dev.keyhole.dht.node;

import dev.keyhole.dht.store.StoreLimits;
import dev.keyhole.transport.net.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node is told about itself and the network.
 *
 * @param bootstrap nodes to begin with, already resolved
 * @param persistence whether it stores for others
 * @param firewalled false if its server socket is known to be reachable; otherwise it finds out
 * @param quickFirewall whether it finds out during bootstrap already
 * @param publicAddress where others see its server socket, if that is known beforehand
 * @param storeLimits how much it stores, and for how long
 * @param advertisedAddress where others reach the server socket by way of a forwarded port; believed
 *     when others have confirmed it
 * @param adaptiveTimeouts whether requests wait for each node as long as its answers usually take,
 *     and not a second for every one
 */
public record NodeConfig(
        List<Address> bootstrap,
        Persistence persistence,
        boolean firewalled,
        boolean quickFirewall,
        @Nullable Address publicAddress,
        StoreLimits storeLimits,
        @Nullable Address advertisedAddress,
        boolean adaptiveTimeouts) {

    public NodeConfig {
        bootstrap = List.copyOf(bootstrap);
    }

    /** Whether a node stores for others. */
    public enum Persistence {
        /** When it has been reachable and stable for a while. */
        ADAPTIVE,
        /** Never. */
        EPHEMERAL,
        /** As soon as it knows its own address. */
        PERSISTENT
    }

    public static NodeConfig of(List<Address> bootstrap) {
        return new NodeConfig(
                bootstrap,
                Persistence.ADAPTIVE,
                true,
                true,
                null,
                StoreLimits.DEFAULT,
                null,
                false);
    }

    /** The first node of a network, at an address it knows. */
    public static NodeConfig bootstrapper(Address own) {
        return new NodeConfig(
                List.of(),
                Persistence.PERSISTENT,
                false,
                false,
                own,
                StoreLimits.DEFAULT,
                null,
                false);
    }

    public NodeConfig withPersistence(Persistence newPersistence) {
        return new NodeConfig(
                bootstrap,
                newPersistence,
                firewalled,
                quickFirewall,
                publicAddress,
                storeLimits,
                advertisedAddress,
                adaptiveTimeouts);
    }

    public NodeConfig withFirewalled(boolean newFirewalled) {
        return new NodeConfig(
                bootstrap,
                persistence,
                newFirewalled,
                quickFirewall,
                publicAddress,
                storeLimits,
                advertisedAddress,
                adaptiveTimeouts);
    }

    public NodeConfig withQuickFirewall(boolean quick) {
        return new NodeConfig(
                bootstrap,
                persistence,
                firewalled,
                quick,
                publicAddress,
                storeLimits,
                advertisedAddress,
                adaptiveTimeouts);
    }

    public NodeConfig withStoreLimits(StoreLimits limits) {
        return new NodeConfig(
                bootstrap,
                persistence,
                firewalled,
                quickFirewall,
                publicAddress,
                limits,
                advertisedAddress,
                adaptiveTimeouts);
    }

    public NodeConfig withAdvertisedAddress(@Nullable Address advertised) {
        return new NodeConfig(
                bootstrap,
                persistence,
                firewalled,
                quickFirewall,
                publicAddress,
                storeLimits,
                advertised,
                adaptiveTimeouts);
    }

    public NodeConfig withAdaptiveTimeouts(boolean adaptive) {
        return new NodeConfig(
                bootstrap,
                persistence,
                firewalled,
                quickFirewall,
                publicAddress,
                storeLimits,
                advertisedAddress,
                adaptive);
    }
}
