package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Through whom servers were reached before: saves the next connect a walk. */
final class RelayMemory {

    static final int MAX_KEYS = 512;

    /** How many relays of one server are remembered, whatever it claims to have. */
    static final int MAX_RELAYS = 8;

    private final Map<PublicKey, Route> routes =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<PublicKey, Route> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    /**
     * The way to one server.
     *
     * @param relays nodes that knew it, best first
     * @param roundTripNanos how long its answer took, 0 if that is not known
     */
    public record Route(List<Address> relays, long roundTripNanos) {
        public Route {
            relays = List.copyOf(relays);
        }
    }

    @Nullable Route of(PublicKey server) {
        return routes.get(server);
    }

    void remember(PublicKey server, Route route) {
        if (!route.relays.isEmpty()) {
            List<Address> kept = route.relays.subList(0, Math.min(route.relays.size(), MAX_RELAYS));
            routes.put(server, new Route(kept, route.roundTripNanos));
        }
    }

    /** What was remembered did not lead to the server. */
    void forget(PublicKey server) {
        routes.remove(server);
    }

    /** All that is remembered, the least recently used first. */
    Map<PublicKey, Route> all() {
        return new LinkedHashMap<>(routes);
    }
}
