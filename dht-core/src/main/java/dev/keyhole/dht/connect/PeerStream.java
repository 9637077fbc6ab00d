package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.EncryptedStream;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An encrypted stream over a path: the half of a connection that lives among the machines.
 *
 * <p>It begins unproved: anybody may have sent the handshake that led to it. Only when the peer's
 * first bytes are authentic does its owner hear of it, and then the application. What the peer sends
 * waits until a receiver has been named.
 */
public final class PeerStream {

    private final Surroundings around;
    private final Session session;
    private final UdxStream raw;
    private final EncryptedStream encrypted;
    private final Owner owner;
    private final Queue<Consumer<Link.Receiver>> inbox = new ArrayDeque<>();

    private final Path path;
    private boolean proved;
    private boolean paused = true;
    private boolean noticed;
    private Link.@Nullable Receiver receiver;
    private Consumer<CloseReason> onClosed = reason -> {};
    private @Nullable CloseReason closed;
    private @Nullable LocalSocket heldSocket;
    private Timers.@Nullable Timer timer;

    /** Who made the stream. */
    interface Owner {

        /** The peer is who it said it was, and alive. */
        void proved(PeerStream stream, long nowNanos);

        /** The stream is over, proved or not; called once. */
        void closed(PeerStream stream, CloseReason reason, long nowNanos);
    }

    PeerStream(
            Surroundings around,
            Session session,
            UdxStream raw,
            Path path,
            Owner owner,
            long nowNanos) {
        this.around = around;
        this.session = session;
        this.raw = raw;
        this.path = path;
        this.owner = owner;
        this.encrypted =
                new EncryptedStream(session, raw, new Events(), around.entropy(), nowNanos);
        encrypted.pause(nowNanos);
    }

    /** Takes a way to the peer, and reads what has come in before it was known. */
    void connect(RawInlet inlet, LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        heldSocket = socket;
        around.punchSockets().hold(socket);
        raw.connect(socket, remote, remoteId, nowNanos);
        inlet.handTo(encrypted, nowNanos);
        rearm();
    }

    public PublicKey localPublicKey() {
        return session.localPublicKey();
    }

    public PublicKey remotePublicKey() {
        return session.remotePublicKey();
    }

    public Path path() {
        return path;
    }

    /** Where the peer's packets come from now. */
    public Address remoteAddress() {
        Address remote = raw.remote();
        if (remote == null) {
            throw new IllegalStateException("connected from the beginning");
        }
        return remote;
    }

    public boolean isProved() {
        return proved;
    }

    /** Names who gets what arrives, and lets it flow. */
    public void start(Link.Receiver newReceiver, long nowNanos) {
        if (receiver != null) {
            throw new IllegalStateException("a link is started once");
        }
        receiver = newReceiver;
        resume(nowNanos);
    }

    /** Names who hears that the stream is over, at once if it is. */
    public void onClosed(Consumer<CloseReason> listener) {
        onClosed = listener;
        if (closed != null) {
            listener.accept(closed);
        }
    }

    public boolean write(Bytes message, long nowNanos) {
        boolean more = encrypted.write(message, nowNanos);
        rearm();
        return more;
    }

    public void pause(long nowNanos) {
        paused = true;
        encrypted.pause(nowNanos);
    }

    public void resume(long nowNanos) {
        paused = false;
        encrypted.resume(nowNanos);
        notifyReceiver();
    }

    public void end(long nowNanos) {
        encrypted.end(nowNanos);
        rearm();
    }

    public void destroy(CloseReason reason, long nowNanos) {
        encrypted.destroy(reason, nowNanos);
    }

    /** Has one wake-up stand for the stream's deadline, which mostly moves away. */
    private void rearm() {
        if (closed != null) {
            return;
        }
        long deadline = encrypted.deadlineNanos();
        if (timer != null) {
            if (timer.deadlineNanos() <= deadline) {
                return;
            }
            timer.cancel();
        }
        timer = around.timers().at(deadline, this::expire);
    }

    private void expire(long nowNanos) {
        timer = null;
        encrypted.expire(nowNanos);
        rearm();
    }

    private void enqueue(Consumer<Link.Receiver> event) {
        inbox.add(event);
        notifyReceiver();
    }

    private void notifyReceiver() {
        if (!noticed && !paused && !inbox.isEmpty()) {
            noticed = true;
            around.notices().accept(this::empty);
        }
    }

    private void empty() {
        noticed = false;
        Link.Receiver reader = receiver;
        while (reader != null && !paused) {
            Consumer<Link.Receiver> event = inbox.poll();
            if (event == null) {
                return;
            }
            event.accept(reader);
        }
    }

    private final class Events implements EncryptedStream.Listener {

        @Override
        public void verified(long nowNanos) {
            proved = true;
            owner.proved(PeerStream.this, nowNanos);
        }

        @Override
        public void message(Bytes message, long nowNanos) {
            enqueue(reader -> reader.message(message));
        }

        @Override
        public void ended(long nowNanos) {
            enqueue(Link.Receiver::ended);
        }

        @Override
        public void writable(long nowNanos) {
            // Not behind the messages: whoever paused reading may wait for just this.
            Link.Receiver reader = receiver;
            if (reader != null) {
                around.notices().accept(reader::writable);
            }
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            closed = reason;
            // Its last packets are yet to leave, at the next drain.
            LocalSocket held = heldSocket;
            if (held != null) {
                around.notices().accept(() -> around.punchSockets().release(held));
            }
            if (timer != null) {
                timer.cancel();
            }
            if (!(reason instanceof CloseReason.Ended)) {
                // Whoever paused would otherwise never hear of it.
                inbox.clear();
                paused = false;
            }
            enqueue(reader -> reader.closed(reason));
            around.notices().accept(() -> onClosed.accept(reason));
            owner.closed(PeerStream.this, reason, nowNanos);
        }
    }
}
