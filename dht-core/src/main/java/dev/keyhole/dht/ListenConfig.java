package dev.keyhole.dht;

/**
 * How to serve a key. Without a firewall named nobody is admitted.
 *
 * @param shareLocalAddress whether clients on the same network are told where it is there
 * @param maxConnections how many connections it holds at a time
 * @param maxConnectionsPerKey how many of them with one peer
 */
public record ListenConfig(
        Firewall firewall,
        boolean shareLocalAddress,
        int maxConnections,
        int maxConnectionsPerKey) {

    public static final int DEFAULT_MAX_CONNECTIONS = 1024;
    public static final int DEFAULT_MAX_CONNECTIONS_PER_KEY = 8;

    public ListenConfig {
        if (maxConnections < 1 || maxConnectionsPerKey < 1) {
            throw new IllegalArgumentException(
                    "a server needs room for a connection, not for "
                            + Math.min(maxConnections, maxConnectionsPerKey));
        }
    }

    public static ListenConfig of(Firewall firewall) {
        return new ListenConfig(
                firewall, true, DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_CONNECTIONS_PER_KEY);
    }

    public ListenConfig withShareLocalAddress(boolean share) {
        return new ListenConfig(firewall, share, maxConnections, maxConnectionsPerKey);
    }

    public ListenConfig withMaxConnections(int max) {
        return new ListenConfig(firewall, shareLocalAddress, max, maxConnectionsPerKey);
    }

    public ListenConfig withMaxConnectionsPerKey(int max) {
        return new ListenConfig(firewall, shareLocalAddress, maxConnections, max);
    }
}
