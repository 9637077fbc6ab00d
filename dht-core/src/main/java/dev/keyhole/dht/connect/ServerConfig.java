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
 * @param tellDenied whether those it turns away are told so, rather than nothing
 * @param punching whether it opens its NAT for those who cannot come otherwise
 */
public record ServerConfig(
        Admission denies,
        boolean shareLocalAddress,
        int maxConnections,
        int maxConnectionsPerKey,
        List<PublicKey> relayThrough,
        boolean tellDenied,
        boolean punching) {

    public ServerConfig {
        relayThrough = List.copyOf(relayThrough);
    }

    /** A server that judges by the key alone, names no blind relay, and punches. */
    public ServerConfig(
            Predicate<PublicKey> denies,
            boolean shareLocalAddress,
            int maxConnections,
            int maxConnectionsPerKey) {
        this(denies, shareLocalAddress, maxConnections, maxConnectionsPerKey, List.of());
    }

    /** A server that judges by the key alone, is silent to those it denies, and punches. */
    public ServerConfig(
            Predicate<PublicKey> denies,
            boolean shareLocalAddress,
            int maxConnections,
            int maxConnectionsPerKey,
            List<PublicKey> relayThrough) {
        this(
                (remote, origin) -> denies.test(remote),
                shareLocalAddress,
                maxConnections,
                maxConnectionsPerKey,
                relayThrough,
                false,
                true);
    }

    public ServerConfig withTellDenied(boolean tell) {
        return with(denies, tell, punching);
    }

    public ServerConfig withPunching(boolean punch) {
        return with(denies, tellDenied, punch);
    }

    public ServerConfig withDenies(Admission admission) {
        return with(admission, tellDenied, punching);
    }

    private ServerConfig with(Admission admission, boolean tell, boolean punch) {
        return new ServerConfig(
                admission,
                shareLocalAddress,
                maxConnections,
                maxConnectionsPerKey,
                relayThrough,
                tell,
                punch);
    }
}
