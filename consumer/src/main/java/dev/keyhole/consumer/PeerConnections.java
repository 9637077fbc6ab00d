package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.rpc.RpcHandler;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.Link;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The open connections to providers: one for each key, shared by all who ask it something.
 *
 * <p>A connection is handed out when the provider has answered on it. One that was silent for a
 * while is asked for a sign of life first; one with traffic needs none. What does not answer is
 * replaced by a new connection, and closed when nothing runs on it any more.
 */
final class PeerConnections implements AutoCloseable {

    private final Dialer dialer;
    private final RpcLimits limits;
    private final LongSupplier nanoClock;
    private final Map<PublicKey, Slot> slots = new ConcurrentHashMap<>();
    private volatile boolean closed;

    PeerConnections(Dialer dialer, RpcLimits limits, LongSupplier nanoClock) {
        this.dialer = dialer;
        this.limits = limits;
        this.nanoClock = nanoClock;
    }

    /** A connection on which the provider answers. */
    Mono<PeerConnection> to(PublicKey provider, Delegate how) {
        return Mono.defer(() -> connected(provider, how, true));
    }

    /** Leaves an open connection to its other users, so that the next one asked for is new. */
    void retire(PublicKey provider) {
        Slot slot = slots.remove(provider);
        if (slot != null) {
            slot.retire();
        }
    }

    /** Closes all connections in good order; completes when that is done. */
    Mono<Void> closeAll() {
        closed = true;
        return Mono.whenDelayError(
                slots.values().stream().map(Slot::close).collect(Collectors.toUnmodifiableList()));
    }

    @Override
    public void close() {
        closeAll().subscribe();
    }

    private Mono<PeerConnection> connected(PublicKey provider, Delegate how, boolean mayReplace) {
        if (closed) {
            return Mono.error(new IllegalStateException("the consumer is closed"));
        }
        Slot slot = slots.computeIfAbsent(provider, Slot::new);
        slot.dialOnce();
        return slot.connection()
                .timeout(how.timeout())
                .onErrorMap(
                        TimeoutException.class,
                        late -> new PeerTimeoutException(provider, "a connection", how.timeout()))
                .flatMap(
                        connection ->
                                connection
                                        .isAlive(healthLimit(how))
                                        .flatMap(
                                                alive -> {
                                                    if (alive) {
                                                        return Mono.just(connection);
                                                    }
                                                    slots.remove(provider, slot);
                                                    slot.retire();
                                                    return mayReplace
                                                            ? connected(provider, how, false)
                                                            : silent(provider, how);
                                                }));
    }

    private static Mono<PeerConnection> silent(PublicKey provider, Delegate how) {
        return Mono.error(
                new PeerTimeoutException(provider, "a sign of life", how.healthCheckTimeout()));
    }

    private static Duration healthLimit(Delegate how) {
        Duration half = how.timeout().dividedBy(2);
        return half.compareTo(how.healthCheckTimeout()) < 0 ? half : how.healthCheckTimeout();
    }

    /** The place of one provider's connection: being made, or open. */
    private final class Slot {

        private final PublicKey provider;
        private final AtomicBoolean dialed = new AtomicBoolean();
        private final Sinks.One<PeerConnection> made = Sinks.one();
        private final Disposable.Swap dialing = Disposables.swap();

        Slot(PublicKey provider) {
            this.provider = provider;
        }

        Mono<PeerConnection> connection() {
            return made.asMono();
        }

        void dialOnce() {
            if (dialed.compareAndSet(false, true)) {
                dialing.update(dialer.dial(provider).subscribe(this::opened, this::failed));
            }
        }

        /** No longer handed out; closes when its users are done. */
        void retire() {
            stopDialing("the connection was replaced");
            made.asMono().subscribe(PeerConnection::retire, failure -> {});
        }

        Mono<Void> close() {
            stopDialing("the consumer was closed");
            return made.asMono().flatMap(PeerConnection::close).onErrorComplete();
        }

        private void stopDialing(String why) {
            dialing.dispose();
            made.tryEmitError(
                    new PeerUnreachableException(provider, why, new IllegalStateException(why)));
        }

        private void opened(Link link) {
            RpcPeer rpc = RpcPeer.over(link, RpcHandler.NONE, limits, nanoClock);
            PeerConnection connection = new PeerConnection(provider, rpc, nanoClock);
            rpc.closed().subscribe(reason -> slots.remove(provider, this));
            if (made.tryEmitValue(connection).isFailure()) {
                connection.retire();
            }
        }

        private void failed(Throwable cause) {
            slots.remove(provider, this);
            String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
            made.tryEmitError(new PeerUnreachableException(provider, message, cause));
        }
    }
}
