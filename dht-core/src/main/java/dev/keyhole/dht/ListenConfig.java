package dev.keyhole.dht;

import dev.keyhole.transport.identity.PublicKey;
import java.util.List;

/**
 * How to serve a key. Without a firewall named nobody is admitted.
 *
 * @param shareLocalAddress whether clients on the same network are told where it is there
 * @param maxConnections how many connections it holds at a time
 * @param maxConnectionsPerKey how many of them with one peer
 * @param relayThrough blind relays for peers that cannot be reached; one is named to each
 * @param tellDenied whether those who are not admitted are told so, which also tells them that the
 *     key is served here; otherwise they hear nothing and give up after eight seconds
 * @param punching whether the node opens its NAT for clients that cannot come otherwise
 */
public record ListenConfig(
        Firewall firewall,
        boolean shareLocalAddress,
        int maxConnections,
        int maxConnectionsPerKey,
        List<PublicKey> relayThrough,
        boolean tellDenied,
        boolean punching) {

    public static final int DEFAULT_MAX_CONNECTIONS = 1024;
    public static final int DEFAULT_MAX_CONNECTIONS_PER_KEY = 8;

    public ListenConfig {
        relayThrough = List.copyOf(relayThrough);
        if (maxConnections < 1 || maxConnectionsPerKey < 1) {
            throw new IllegalArgumentException(
                    "a server needs room for a connection, not for "
                            + Math.min(maxConnections, maxConnectionsPerKey));
        }
    }

    public static ListenConfig of(Firewall firewall) {
        return new ListenConfig(
                firewall,
                true,
                DEFAULT_MAX_CONNECTIONS,
                DEFAULT_MAX_CONNECTIONS_PER_KEY,
                List.of(),
                false,
                true);
    }

    public ListenConfig withShareLocalAddress(boolean share) {
        return with(share, maxConnections, maxConnectionsPerKey, tellDenied, punching);
    }

    public ListenConfig withMaxConnections(int max) {
        return with(shareLocalAddress, max, maxConnectionsPerKey, tellDenied, punching);
    }

    public ListenConfig withMaxConnectionsPerKey(int max) {
        return with(shareLocalAddress, maxConnections, max, tellDenied, punching);
    }

    /** Names these blind relays to peers, whatever relay they name themselves. */
    public ListenConfig withRelayThrough(List<PublicKey> relays) {
        return new ListenConfig(
                firewall,
                shareLocalAddress,
                maxConnections,
                maxConnectionsPerKey,
                relays,
                tellDenied,
                punching);
    }

    public ListenConfig withTellDenied(boolean tell) {
        return with(shareLocalAddress, maxConnections, maxConnectionsPerKey, tell, punching);
    }

    public ListenConfig withPunching(boolean punch) {
        return with(shareLocalAddress, maxConnections, maxConnectionsPerKey, tellDenied, punch);
    }

    private ListenConfig with(boolean share, int max, int maxPerKey, boolean tell, boolean punch) {
        return new ListenConfig(firewall, share, max, maxPerKey, relayThrough, tell, punch);
    }
}
