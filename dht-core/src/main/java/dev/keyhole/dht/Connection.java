package dev.keyhole.dht;

import dev.keyhole.dht.connect.Path;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An encrypted connection with a peer that has proved its key.
 *
 * <p>As a {@link Link} it belongs to its loop's thread; what is declared here beyond that may be
 * called from anywhere.
 */
public final class Connection implements Link, AutoCloseable {

    private final UdpLoop loop;
    private final PeerStream stream;
    private final Path path;
    private final Address remoteAddress;
    private final Sinks.One<CloseReason> closed = Sinks.one();

    /** Made on the loop's thread, when the peer has proved its key. */
    Connection(UdpLoop loop, PeerStream stream) {
        this.loop = loop;
        this.stream = stream;
        this.path = stream.path();
        this.remoteAddress = stream.remoteAddress();
        stream.onClosed(closed::tryEmitValue);
    }

    /** How packets reached the peer when the connection was made. */
    public Path path() {
        return path;
    }

    /** Where the peer was when the connection was made. */
    public Address remoteAddress() {
        return remoteAddress;
    }

    /** Why the connection ended, once it has. */
    public Mono<CloseReason> closed() {
        return closed.asMono();
    }

    /** Lets go of the peer at once; harmless when repeated. */
    @Override
    public void close() {
        loop.command(now -> stream.destroy(new CloseReason.ByUs("closed"), now));
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
        stream.end(loop.nowNanos());
    }

    @Override
    public void destroy(CloseReason reason) {
        stream.destroy(reason, loop.nowNanos());
    }

    @Override
    public String toString() {
        return "connection with " + remotePublicKey() + " at " + remoteAddress + " (" + path + ")";
    }
}
