package dev.keyhole.dht;

import dev.keyhole.dht.connect.Path;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executor;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An encrypted connection with a peer that has proved its key.
 *
 * <p>As a {@link Link} it belongs to its loop's thread; what is declared here beyond that may be
 * called from anywhere.
 */
public final class Connection implements Link, AutoCloseable {

    /** How long a peer may take to end, too, before a closed connection is cut off. */
    static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final UdpLoop loop;
    private final PeerStream stream;

    /** Those of the node that are being closed. */
    private final Set<Connection> closing;

    private final Sinks.One<CloseReason> closed = Sinks.one();
    private final Sinks.Many<Path> moves = Sinks.many().multicast().directBestEffort();
    private final Sinks.Many<Duration> silences = Sinks.many().multicast().directBestEffort();
    private volatile boolean open = true;
    private volatile Path path;
    private volatile Address remoteAddress;

    /** Made on the loop's thread, when the peer has proved its key. */
    Connection(UdpLoop loop, PeerStream stream, Set<Connection> closing) {
        this.loop = loop;
        this.stream = stream;
        this.closing = closing;
        this.path = stream.path();
        this.remoteAddress = stream.remoteAddress();
        stream.onMoved(this::moved);
        stream.onSilent(() -> silences.tryEmitNext(PeerStream.SILENCE));
        stream.onClosed(this::ended);
    }

    PeerStream stream() {
        return stream;
    }

    private void moved(Path newPath) {
        path = newPath;
        remoteAddress = stream.remoteAddress();
        moves.tryEmitNext(newPath);
    }

    private void ended(CloseReason reason) {
        open = false;
        closing.remove(this);
        closed.tryEmitValue(reason);
        moves.tryEmitComplete();
        silences.tryEmitComplete();
    }

    /** Whether we connected to the peer, not the peer to us. */
    public boolean isInitiator() {
        return stream.isInitiator();
    }

    /** Whether nobody here has begun to close it, nor the peer closed it. */
    public boolean isOpen() {
        return open;
    }

    /** How packets reach the peer now. */
    public Path path() {
        return path;
    }

    /** Where packets for the peer go now. */
    public Address remoteAddress() {
        return remoteAddress;
    }

    /** Each path that the connection moves to, until it ends; one of the same kind counts too. */
    public Flux<Path> pathChanges() {
        return moves.asFlux();
    }

    /**
     * Each time the peer gives no sign of life for so long after this machine changed networks. The
     * connection may still recover; whoever cannot wait connects anew and takes what is faster.
     */
    public Flux<Duration> silences() {
        return silences.asFlux();
    }

    /** How long a packet takes there and back, smoothed; zero before that is known. */
    public Duration roundTrip() {
        return Duration.ofNanos(stream.roundTripNanos());
    }

    /** Why the connection ended, once it has. */
    public Mono<CloseReason> closed() {
        return closed.asMono();
    }

    /**
     * Ends the connection once all that was written has arrived and the peer has ended, too, or
     * after five seconds. Returns at once; {@link #closed} tells when that is. Nothing that still
     * comes from the peer is handed on. Harmless when repeated.
     */
    @Override
    public void close() {
        close(CLOSE_LIMIT);
    }

    /**
     * The same with another limit; zero lets go of the peer at once, and what has not arrived is
     * lost.
     */
    public void close(Duration limit) {
        long nanos = limit.toNanos();
        if (open) {
            closing.add(this);
        }
        open = false;
        loop.command(
                now -> {
                    stream.close(nanos, now);
                    if (stream.isClosed()) {
                        closing.remove(this);
                    }
                });
    }

    @Override
    public PublicKey localPublicKey() {
        return stream.localPublicKey();
    }

    @Override
    public PublicKey remotePublicKey() {
        return stream.remotePublicKey();
    }

    @Override
    public Executor loop() {
        return loop.executor();
    }

    @Override
    public void start(Receiver receiver) {
        stream.start(receiver, loop.nowNanos());
    }

    @Override
    public boolean write(Bytes message) {
        return stream.write(message, loop.nowNanos());
    }

    @Override
    public void pause() {
        stream.pause(loop.nowNanos());
    }

    @Override
    public void resume() {
        stream.resume(loop.nowNanos());
    }

    @Override
    public void end() {
        open = false;
        stream.end(loop.nowNanos());
    }

    @Override
    public void destroy(CloseReason reason) {
        open = false;
        stream.destroy(reason, loop.nowNanos());
    }

    @Override
    public String toString() {
        return "connection with " + remotePublicKey() + " at " + remoteAddress + " (" + path + ")";
    }
}
