package dev.keyhole.dht.store;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The way to a server.
 *
 * @param relay where the server announced itself from, null for a server of this very node
 * @param record its encoded peer record
 */
public record ForwardEntry(@Nullable Address relay, Bytes record) {

    public boolean isLocal() {
        return relay == null;
    }

    public Optional<Address> relayAddress() {
        return Optional.ofNullable(relay);
    }
}
