package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Through whom servers were reached before: saves the next connect a walk. */
final class RelayMemory {

    static final int MAX_KEYS = 512;

    private final Map<PublicKey, List<Address>> relays =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<PublicKey, List<Address>> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    List<Address> of(PublicKey server) {
        return relays.getOrDefault(server, List.of());
    }

    void remember(PublicKey server, List<Address> addresses) {
        if (!addresses.isEmpty()) {
            relays.put(server, List.copyOf(addresses));
        }
    }

    /** What was remembered did not lead to the server. */
    void forget(PublicKey server) {
        relays.remove(server);
    }
}
