package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import java.util.List;
import java.util.function.Predicate;

/**
 * How one server of a node behaves.
 *
 * @param denies whom it turns away
 * @param shareLocalAddress whether clients on the same network are told where it is there
 * @param maxConnections how many connections it holds at a time
 * @param maxConnectionsPerKey how many of them with one peer
 * @param relayThrough blind relays for clients that cannot be reached; one is named to each
 */
public record ServerConfig(
        Predicate<PublicKey> denies,
        boolean shareLocalAddress,
        int maxConnections,
        int maxConnectionsPerKey,
        List<PublicKey> relayThrough) {

    public ServerConfig {
        relayThrough = List.copyOf(relayThrough);
    }

    /** A server that names no blind relay. */
    public ServerConfig(
            Predicate<PublicKey> denies,
            boolean shareLocalAddress,
            int maxConnections,
            int maxConnectionsPerKey) {
        this(denies, shareLocalAddress, maxConnections, maxConnectionsPerKey, List.of());
    }
}
