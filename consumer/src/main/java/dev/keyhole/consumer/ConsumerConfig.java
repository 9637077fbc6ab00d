package dev.keyhole.consumer;

import dev.keyhole.dht.DhtConfig;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.rpc.RpcLimits;
import java.security.SecureRandom;

/**
 * How a consumer takes part in the network.
 *
 * @param keyPair who providers see; their firewalls decide by its public key
 * @param network the DHT through which providers are found
 * @param limits what one provider may take of us
 */
public record ConsumerConfig(KeyPair keyPair, DhtConfig network, RpcLimits limits) {

    /** A new identity, on the public network. */
    public static ConsumerConfig defaults() {
        return of(KeyPair.random(new SecureRandom()));
    }

    /** A lasting identity, on the public network. */
    public static ConsumerConfig of(KeyPair keyPair) {
        return new ConsumerConfig(keyPair, DhtConfig.defaults(), RpcLimits.defaults());
    }

    public ConsumerConfig withKeyPair(KeyPair value) {
        return new ConsumerConfig(value, network, limits);
    }

    public ConsumerConfig withNetwork(DhtConfig value) {
        return new ConsumerConfig(keyPair, value, limits);
    }

    public ConsumerConfig withLimits(RpcLimits value) {
        return new ConsumerConfig(keyPair, network, value);
    }
}
