package dev.keyhole.dht;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How to connect; the defaults are right unless there is a reason. */
public final class ConnectOptions {

    private static final ConnectOptions DEFAULTS = new ConnectOptions(null, null, List.of(), true);

    private final @Nullable KeyPair keyPair;
    private final @Nullable Duration timeout;
    private final List<Address> relays;
    private final boolean localConnection;

    private ConnectOptions(
            @Nullable KeyPair keyPair,
            @Nullable Duration timeout,
            List<Address> relays,
            boolean localConnection) {
        this.keyPair = keyPair;
        this.timeout = timeout;
        this.relays = List.copyOf(relays);
        this.localConnection = localConnection;
    }

    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    /** Connects as somebody else than the node's default key pair. */
    public ConnectOptions withKeyPair(KeyPair newKeyPair) {
        return new ConnectOptions(newKeyPair, timeout, relays, localConnection);
    }

    /**
     * Gives up after a while. Without it an attempt ends by its own steps, in the order of ten
     * seconds each.
     */
    public ConnectOptions withTimeout(Duration newTimeout) {
        return new ConnectOptions(keyPair, newTimeout, relays, localConnection);
    }

    /** Nodes that may know the way, such as the relays of a lookup's result. */
    public ConnectOptions withRelays(List<Address> newRelays) {
        return new ConnectOptions(keyPair, timeout, newRelays, localConnection);
    }

    /** Whether to tell, and to try, addresses on the own network; so by default. */
    public ConnectOptions withLocalConnection(boolean local) {
        return new ConnectOptions(keyPair, timeout, relays, local);
    }

    public Optional<KeyPair> keyPair() {
        return Optional.ofNullable(keyPair);
    }

    public Optional<Duration> timeout() {
        return Optional.ofNullable(timeout);
    }

    public List<Address> relays() {
        return relays;
    }

    public boolean localConnection() {
        return localConnection;
    }
}
