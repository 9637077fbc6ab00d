package dev.keyhole.dht;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * At most one connection with each peer, whoever of the two made it ({@code docs/protocol.md}, "One
 * connection for two").
 *
 * <p>What is connected or accepted through the pool is in it until the first step of its end. When
 * two peers dial each other at the same time, both sides keep the same one of the two connections.
 */
public final class ConnectionPool {

    private static final CloseReason DUPLICATE =
            new CloseReason.ByUs("another connection with the peer stays instead");

    private final Dht dht;
    private final Map<PublicKey, Connection> open = new HashMap<>();
    private final Map<PublicKey, Mono<Connection>> dialing = new HashMap<>();

    ConnectionPool(Dht dht) {
        this.dht = dht;
    }

    /** The connection with a peer, if there is one that nobody has begun to close. */
    public synchronized Optional<Connection> with(PublicKey remote) {
        return Optional.ofNullable(usable(remote));
    }

    /** All connections that nobody has begun to close. */
    public synchronized List<Connection> connections() {
        return open.values().stream().filter(Connection::isOpen).collect(toUnmodifiableList());
    }

    /** The connection with a peer, made unless there is one or somebody is just making it. */
    public Mono<Connection> connect(PublicKey remote, ConnectOptions options) {
        return Mono.defer(
                () -> {
                    synchronized (this) {
                        Connection there = usable(remote);
                        return there == null ? dial(remote, options) : Mono.just(there);
                    }
                });
    }

    private synchronized Mono<Connection> dial(PublicKey remote, ConnectOptions options) {
        return dialing.computeIfAbsent(
                remote,
                key ->
                        dht.connect(remote, options)
                                .flatMap(
                                        made ->
                                                Mono.<Connection>create(
                                                        sink -> admit(made, sink::success)))
                                .doOnTerminate(() -> dialed(remote))
                                .doOnCancel(() -> dialed(remote))
                                .share());
    }

    private synchronized void dialed(PublicKey remote) {
        dialing.remove(remote);
    }

    /**
     * Serves a key as {@link Dht#listen} does.
     *
     * @param onConnection gets the connections that stay
     */
    public Listener listen(
            KeyPair keyPair, ListenConfig config, Consumer<Connection> onConnection) {
        return dht.listen(
                keyPair,
                config,
                made ->
                        admit(
                                made,
                                staying -> {
                                    if (staying == made) {
                                        onConnection.accept(made);
                                    }
                                }));
    }

    /** Takes a connection in or closes it; tells which one with the peer stays, once it is alone. */
    void admit(Connection made, Consumer<Connection> told) {
        Connection before = enter(made);
        if (before == null) {
            made.closed().subscribe(reason -> leave(made));
            told.accept(made);
        } else if (staysInsteadOf(made, before)) {
            before.closed().subscribe(reason -> admit(made, told));
            before.destroy(DUPLICATE);
        } else {
            made.destroy(DUPLICATE);
            told.accept(before);
        }
    }

    /** The connection in the way of another, or null if the other one is in the pool now. */
    private synchronized @Nullable Connection enter(Connection made) {
        Connection before = usable(made.remotePublicKey());
        if (before == null) {
            open.put(made.remotePublicKey(), made);
        }
        return before;
    }

    private synchronized void leave(Connection gone) {
        open.remove(gone.remotePublicKey(), gone);
    }

    private @Nullable Connection usable(PublicKey remote) {
        Connection there = open.get(remote);
        return there != null && there.isOpen() ? there : null;
    }

    /** The same answer at both ends, if the two connections came up in opposite order there. */
    private static boolean staysInsteadOf(Connection made, Connection before) {
        return made.isInitiator() == before.isInitiator()
                || made.localPublicKey().compareTo(made.remotePublicKey()) > 0;
    }
}
