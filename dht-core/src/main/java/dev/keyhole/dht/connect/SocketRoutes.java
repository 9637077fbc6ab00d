package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Over which sockets servers were reached that agreed to be reached like that again: their NATs and
 * ours still let us through, so a handshake may go straight there.
 */
final class SocketRoutes {

    static final int MAX_KEYS = 512;

    private final Map<PublicKey, SocketRoute> routes =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<PublicKey, SocketRoute> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    /** A socket of ours, and where the server is as seen from it. */
    record SocketRoute(LocalSocket socket, Address server) {}

    @Nullable SocketRoute of(PublicKey server) {
        return routes.get(server);
    }

    void remember(PublicKey server, SocketRoute route) {
        routes.put(server, route);
    }

    void forget(PublicKey server, SocketRoute route) {
        routes.remove(server, route);
    }
}
