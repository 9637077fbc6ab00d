package dev.keyhole.dht;

import dev.keyhole.dht.relay.RelayLimits;

/**
 * How to relay for others. Without a firewall named nobody is admitted.
 *
 * @param limits what each admitted key may use
 * @param maxConnections how many clients it serves at a time
 * @param maxConnectionsPerKey how many connections one key may hold
 */
public record RelayConfig(
        Firewall firewall, RelayLimits limits, int maxConnections, int maxConnectionsPerKey) {

    public static final int DEFAULT_MAX_CONNECTIONS = 4096;
    public static final int DEFAULT_MAX_CONNECTIONS_PER_KEY = 64;

    public static RelayConfig of(Firewall firewall) {
        return new RelayConfig(
                firewall,
                RelayLimits.defaults(),
                DEFAULT_MAX_CONNECTIONS,
                DEFAULT_MAX_CONNECTIONS_PER_KEY);
    }

    public RelayConfig withLimits(RelayLimits newLimits) {
        return new RelayConfig(firewall, newLimits, maxConnections, maxConnectionsPerKey);
    }

    public RelayConfig withMaxConnections(int max) {
        return new RelayConfig(firewall, limits, max, maxConnectionsPerKey);
    }

    public RelayConfig withMaxConnectionsPerKey(int max) {
        return new RelayConfig(firewall, limits, maxConnections, max);
    }
}
