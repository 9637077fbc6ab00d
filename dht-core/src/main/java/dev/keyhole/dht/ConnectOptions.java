package dev.keyhole.dht;

import dev.keyhole.dht.connect.ConnectSpec;
import dev.keyhole.dht.connect.PunchPolicy;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How to connect; the defaults are right unless there is a reason. */
public final class ConnectOptions {

    private static final ConnectOptions DEFAULTS = new ConnectOptions();

    private @Nullable KeyPair keyPair;
    private @Nullable Duration timeout;
    private List<Address> relays = List.of();
    private List<PublicKey> relayThrough = List.of();
    private boolean localConnection = true;
    private boolean punching = true;
    private boolean reusableSocket;
    private PunchPolicy punchPolicy = PunchPolicy.ALWAYS;

    private ConnectOptions() {}

    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    /** A copy that is changed once, before anybody else sees it. */
    private ConnectOptions with(Consumer<ConnectOptions> change) {
        ConnectOptions copy = new ConnectOptions();
        copy.keyPair = keyPair;
        copy.timeout = timeout;
        copy.relays = relays;
        copy.relayThrough = relayThrough;
        copy.localConnection = localConnection;
        copy.punching = punching;
        copy.reusableSocket = reusableSocket;
        copy.punchPolicy = punchPolicy;
        change.accept(copy);
        return copy;
    }

    /** Connects as somebody else than the node's default key pair. */
    public ConnectOptions withKeyPair(KeyPair newKeyPair) {
        return with(copy -> copy.keyPair = newKeyPair);
    }

    /**
     * Gives up after a while. Without it an attempt ends by its own steps, in the order of ten
     * seconds each.
     */
    public ConnectOptions withTimeout(Duration newTimeout) {
        return with(copy -> copy.timeout = newTimeout);
    }

    /** Nodes that may know the way, such as the relays of a lookup's result. */
    public ConnectOptions withRelays(List<Address> newRelays) {
        return with(copy -> copy.relays = List.copyOf(newRelays));
    }

    /** Blind relays to go through when no direct way is found, best first; none by default. */
    public ConnectOptions withRelayThrough(List<PublicKey> blindRelays) {
        return with(copy -> copy.relayThrough = List.copyOf(blindRelays));
    }

    /** Whether to tell, and to try, addresses on the own network; so by default. */
    public ConnectOptions withLocalConnection(boolean local) {
        return with(copy -> copy.localConnection = local);
    }

    /** Whether to open a way through NATs where that is needed; so by default. */
    public ConnectOptions withPunching(boolean punch) {
        return with(copy -> copy.punching = punch);
    }

    /** Has somebody judge, when both NATs are known, whether to punch; always by default. */
    public ConnectOptions withPunchPolicy(PunchPolicy policy) {
        return with(copy -> copy.punchPolicy = policy);
    }

    /**
     * Whether to offer that the socket of this connection is kept for the next one to the same key,
     * which then needs a single round trip; not by default.
     */
    public ConnectOptions withReusableSocket(boolean reusable) {
        return with(copy -> copy.reusableSocket = reusable);
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

    public List<PublicKey> relayThrough() {
        return relayThrough;
    }

    public boolean localConnection() {
        return localConnection;
    }

    public boolean punching() {
        return punching;
    }

    public boolean reusableSocket() {
        return reusableSocket;
    }

    ConnectSpec specFor(PublicKey remote, KeyPair defaultKeyPair) {
        return new ConnectSpec(
                keyPair == null ? defaultKeyPair : keyPair,
                remote,
                relays,
                localConnection,
                timeout(),
                punching,
                punchPolicy,
                relayThrough,
                reusableSocket);
    }
}
