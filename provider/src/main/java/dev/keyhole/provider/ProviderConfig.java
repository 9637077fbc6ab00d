package dev.keyhole.provider;

import dev.keyhole.dht.Firewall;
import dev.keyhole.model.ModelSource;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a provider serves, and to whom. Unless it is told otherwise it lets nobody in.
 *
 * @param keyPair the identity that consumers connect to
 * @param models what consumers may load; nothing else is
 * @param quota what a consumer may use that has no quota of its own
 * @param quotas what particular consumers may use
 * @param maxConnections how many connections may be open at once, of all consumers
 * @param requestsPerConnection how many requests for a model may run or wait on one connection
 * @param drain how long {@link Provider#close} lets answers go on that have begun
 * @param relayThrough blind relays for consumers between whom and us no hole can be punched
 */
public record ProviderConfig(
        KeyPair keyPair,
        Firewall firewall,
        List<ServedModel> models,
        Quota quota,
        Map<PublicKey, Quota> quotas,
        int maxConnections,
        int requestsPerConnection,
        Duration drain,
        List<PublicKey> relayThrough) {

    public static final int DEFAULT_MAX_CONNECTIONS = 1024;
    public static final int DEFAULT_REQUESTS_PER_CONNECTION = 16;
    public static final Duration DEFAULT_DRAIN = Duration.ofSeconds(2);

    public ProviderConfig {
        models = List.copyOf(models);
        quotas = Map.copyOf(quotas);
        relayThrough = List.copyOf(relayThrough);
        requireNamesDiffer(models);
        if (maxConnections < 1 || requestsPerConnection < 1) {
            throw new IllegalArgumentException("a limit that lets nothing through");
        }
    }

    public static ProviderConfig of(KeyPair keyPair) {
        return new ProviderConfig(
                keyPair,
                Firewall.allow(),
                List.of(),
                Quota.defaults(),
                Map.of(),
                DEFAULT_MAX_CONNECTIONS,
                DEFAULT_REQUESTS_PER_CONNECTION,
                DEFAULT_DRAIN,
                List.of());
    }

    public ProviderConfig withFirewall(Firewall value) {
        return new ProviderConfig(
                keyPair,
                value,
                models,
                quota,
                quotas,
                maxConnections,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    /** Offers one more model, under a name of the owner's choice. */
    public ProviderConfig withModel(String name, ModelSource source) {
        return withModel(ServedModel.of(name, source));
    }

    /** Offers one more model. */
    public ProviderConfig withModel(ServedModel model) {
        List<ServedModel> more = new ArrayList<>(models);
        more.add(model);
        return withModels(more);
    }

    public ProviderConfig withModels(List<ServedModel> value) {
        return new ProviderConfig(
                keyPair,
                firewall,
                value,
                quota,
                quotas,
                maxConnections,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    /** What a consumer may use that has no quota of its own. */
    public ProviderConfig withQuota(Quota value) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                value,
                quotas,
                maxConnections,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    /** What one consumer may use. */
    public ProviderConfig withQuota(PublicKey consumer, Quota value) {
        Map<PublicKey, Quota> more = new HashMap<>(quotas);
        more.put(consumer, value);
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                more,
                maxConnections,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    public ProviderConfig withMaxConnections(int value) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                quotas,
                value,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    public ProviderConfig withRequestsPerConnection(int value) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                quotas,
                maxConnections,
                value,
                drain,
                relayThrough);
    }

    public ProviderConfig withDrain(Duration value) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                quotas,
                maxConnections,
                requestsPerConnection,
                value,
                relayThrough);
    }

    /** Names these blind relays to consumers, for when there is no direct way. */
    public ProviderConfig withRelayThrough(List<PublicKey> relays) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                quotas,
                maxConnections,
                requestsPerConnection,
                drain,
                relays);
    }

    private static void requireNamesDiffer(List<ServedModel> models) {
        Set<String> names = new HashSet<>();
        for (ServedModel model : models) {
            if (!names.add(model.name())) {
                throw new IllegalArgumentException("two models are named \"" + model.name() + "\"");
            }
        }
    }
}
