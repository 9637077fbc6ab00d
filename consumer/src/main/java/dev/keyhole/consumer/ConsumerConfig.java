package dev.keyhole.consumer;

import dev.keyhole.dht.DhtConfig;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.rpc.RpcLimits;
import java.security.SecureRandom;
import java.util.List;

/**
 * How a consumer takes part in the network.
 *
 * @param keyPair who providers see; their firewalls decide by its public key
 * @param network the DHT through which providers are found
 * @param limits what one provider may take of us
 * @param relayThrough blind relays for providers between whom and us no hole can be punched
 */
public record ConsumerConfig(
        KeyPair keyPair, DhtConfig network, RpcLimits limits, List<PublicKey> relayThrough) {

    public ConsumerConfig {
        relayThrough = List.copyOf(relayThrough);
    }

    /** A new identity, on the public network. */
    public static ConsumerConfig defaults() {
        return of(KeyPair.random(new SecureRandom()));
    }

    /** A lasting identity, on the public network. */
    public static ConsumerConfig of(KeyPair keyPair) {
        return new ConsumerConfig(keyPair, DhtConfig.defaults(), RpcLimits.defaults(), List.of());
    }

    public ConsumerConfig withKeyPair(KeyPair value) {
        return new ConsumerConfig(value, network, limits, relayThrough);
    }

    public ConsumerConfig withNetwork(DhtConfig value) {
        return new ConsumerConfig(keyPair, value, limits, relayThrough);
    }

    public ConsumerConfig withLimits(RpcLimits value) {
        return new ConsumerConfig(keyPair, network, value, relayThrough);
    }

    /** Names these blind relays to providers, for when there is no direct way. */
    public ConsumerConfig withRelayThrough(List<PublicKey> relays) {
        return new ConsumerConfig(keyPair, network, limits, relays);
    }
}
