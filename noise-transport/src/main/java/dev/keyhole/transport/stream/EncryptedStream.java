package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.SecretStream;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Messages between two peers who have shaken hands, over a UDX stream: a secret stream ({@code
 * docs/protocol.md}, "Frames of a secret stream").
 *
 * <p>It writes its header at once and takes messages from the start, but its peer is proved only
 * by the peer's header, which nobody can make who does not know the keys of the handshake. Whoever
 * owns the raw stream passes on what that says, from its first byte.
 *
 * <p>While reading is paused, what arrives stays undecrypted and counts as unread, so that the
 * window of the raw stream closes; the header alone is read all the same.
 */
public final class EncryptedStream implements UdxStream.Listener {

    /** The body of the header frame: the sender's stream id and where its encryption begins. */
    static final int HEADER_BYTES = 32 + SecretStream.HEADER_BYTES;

    private final Session session;
    private final UdxStream raw;
    private final Listener listener;
    private final Settings settings;
    private final SecretStream.Encryptor encryptor;
    private final Unordered unordered;
    private final FrameReader frames = new FrameReader();

    /** Raw chunks that wait for the reader to go on; they count as unread. */
    private final ArrayDeque<Bytes> waiting = new ArrayDeque<>();

    private SecretStream.@Nullable Decryptor decryptor;

    private long keepAliveAtNanos;
    private long headerDueNanos;
    private long idleAtNanos;
    private long keepAliveNanos;

    /** When a close that waits for the peer waits no longer; {@link Machine#NEVER} if none does. */
    private long closeDueNanos = Machine.NEVER;

    private boolean writable = true;
    private boolean ending;
    private boolean paused;
    private boolean reading;
    private boolean receiving;
    private boolean peerEnded;
    private boolean endDelivered;
    private @Nullable CloseReason closeAfterReading;
    private boolean closed;
    private long droppedMessages;

    /** Who is told what happens on a stream. */
    public interface Listener {

        /** The peer is who the handshake said it was, and reachable. Comes before any message. */
        void verified(long nowNanos);

        /**
         * What came in just now was made by the peer, were it only an empty message, and is no
         * repetition. Comes before the message.
         */
        default void authentic(long nowNanos) {}

        /** A packet has come in, from whomever; see {@link UdxStream.Listener#heard}. */
        default void heard(LocalSocket socket, Address source, long nowNanos) {}

        /** The next message; never empty. */
        void message(Bytes message, long nowNanos);

        /** A message that came outside the order; it may be a repetition. */
        default void unordered(Bytes message, long nowNanos) {}

        /**
         * A packet with a message of no bytes at all has come in, from whomever. Where the remote
         * can change, the original says so that it goes this way now.
         */
        default void bareMessage(long nowNanos) {}

        /** The peer writes no more. */
        void ended(long nowNanos);

        /** Writes are welcome again after {@link EncryptedStream#write} said no. */
        default void writable(long nowNanos) {}

        /** Nothing more happens; called once, last. */
        void closed(CloseReason reason, long nowNanos);
    }

    /**
     * What a stream puts up with.
     *
     * @param frameBytes the longest frame body that is taken in
     * @param headerNanos how long a connected peer may take to send its header
     * @param keepAliveNanos after how long without a write an empty message is sent
     * @param idleNanos after how long without a byte of the peer the stream gives up; {@link
     *     Machine#NEVER} leaves that to the raw stream, which notices a lost peer by what it writes
     * @param receiveUnordered whether messages outside the order are let in
     */
    public record Settings(
            int frameBytes,
            long headerNanos,
            long keepAliveNanos,
            long idleNanos,
            boolean receiveUnordered) {

        private static final Settings DEFAULTS =
                new Settings(
                        Frames.MAX_BODY,
                        SECONDS.toNanos(10),
                        SECONDS.toNanos(5),
                        Machine.NEVER,
                        true);

        public Settings {
            if (frameBytes < HEADER_BYTES || frameBytes > Frames.MAX_BODY) {
                throw new IllegalArgumentException(
                        "frame limit of " + frameBytes + " bytes, outside of 56 to 16777215");
            }
        }

        /** As the original behaves, with deadlines where it has none. */
        public static Settings defaults() {
            return DEFAULTS;
        }

        public Settings withFrameBytes(int bytes) {
            return new Settings(bytes, headerNanos, keepAliveNanos, idleNanos, receiveUnordered);
        }

        public Settings withHeaderNanos(long nanos) {
            return new Settings(frameBytes, nanos, keepAliveNanos, idleNanos, receiveUnordered);
        }

        public Settings withIdleNanos(long nanos) {
            return new Settings(frameBytes, headerNanos, keepAliveNanos, nanos, receiveUnordered);
        }

        public Settings withKeepAliveNanos(long nanos) {
            return new Settings(frameBytes, headerNanos, nanos, idleNanos, receiveUnordered);
        }

        public Settings withReceiveUnordered(boolean receive) {
            return new Settings(frameBytes, headerNanos, keepAliveNanos, idleNanos, receive);
        }
    }

    /** A stream with the default settings. */
    public EncryptedStream(
            Session session, UdxStream raw, Listener listener, Random entropy, long nowNanos) {
        this(session, raw, listener, entropy, Settings.defaults(), nowNanos);
    }

    /**
     * Takes over a raw stream on which nothing has been written.
     *
     * @param entropy where the header comes from; outside of tests it must be unpredictable
     */
    public EncryptedStream(
            Session session,
            UdxStream raw,
            Listener listener,
            Random entropy,
            Settings settings,
            long nowNanos) {
        this.session = session;
        this.raw = raw;
        this.listener = listener;
        this.settings = settings;
        this.encryptor = SecretStream.Encryptor.start(session.tx(), entropy);
        this.unordered = new Unordered(session, entropy);
        this.headerDueNanos = after(nowNanos, settings.headerNanos);
        this.keepAliveNanos = settings.keepAliveNanos;
        this.keepAliveAtNanos = after(nowNanos, keepAliveNanos);
        this.idleAtNanos = after(nowNanos, settings.idleNanos);
        writeHeader(nowNanos);
    }

    /** What the side that began the handshake, or the other, calls a stream of this session. */
    static Bytes streamId(Session session, boolean initiator) {
        return Blake2b.keyed256(
                session.hash(),
                initiator ? Namespace.STREAM_INITIATOR : Namespace.STREAM_RESPONDER);
    }

    public Session session() {
        return session;
    }

    /** Whether the peer's header has come. */
    public boolean isVerified() {
        return decryptor != null;
    }

    /** How much memory the frame at hand has been given. */
    int frameCapacity() {
        return frames.capacity();
    }

    /** How many unordered messages came that were not the peer's. */
    public long droppedMessages() {
        return droppedMessages;
    }

    /**
     * Sends a message in one frame. An empty one does no more than keep the stream alive.
     *
     * @return whether more is welcome now; otherwise {@link Listener#writable} says when
     * @throws IllegalArgumentException if it is longer than {@link Frames#MAX_MESSAGE}
     * @throws IllegalStateException after {@link #end}
     */
    public boolean write(Bytes message, long nowNanos) {
        if (message.length() > Frames.MAX_MESSAGE) {
            throw new IllegalArgumentException(
                    "message of " + message.length() + " bytes, above " + Frames.MAX_MESSAGE);
        }
        if (ending) {
            throw new IllegalStateException("written after the end");
        }
        if (closed) {
            return true;
        }
        keepAliveAtNanos = after(nowNanos, keepAliveNanos);
        writable = raw.write(seal(message), nowNanos);
        return writable;
    }

    /** Sends a message once, outside the order of the stream; it may get lost. */
    public void sendMessage(Bytes message, long nowNanos) {
        if (closed) {
            return;
        }
        Bytes envelope = unordered.seal(message);
        if (envelope == null) {
            destroy(new CloseReason.ByUs("all unordered messages have been sent"), nowNanos);
            return;
        }
        raw.sendMessage(envelope, nowNanos);
    }

    /** Sends an empty message once, outside the order, by another way than the others. */
    public void probe(LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        Bytes envelope = closed ? null : unordered.seal(Bytes.EMPTY);
        if (envelope != null) {
            raw.sendMessage(socket, remote, remoteId, envelope, nowNanos);
        }
    }

    /**
     * Sets anew after how long without a write an empty message is sent; {@link Machine#NEVER} for
     * none.
     */
    public void keepAlive(long everyNanos, long nowNanos) {
        keepAliveNanos = everyNanos;
        keepAliveAtNanos = after(nowNanos, everyNanos);
    }

    /** Sends an empty message: the peer acknowledges it, and the application never sees it. */
    public void keepAlive(long nowNanos) {
        if (ending || closed) {
            return;
        }
        if (raw.isConnected() && writable) {
            write(Bytes.EMPTY, nowNanos);
        } else {
            keepAliveAtNanos = after(nowNanos, settings.keepAliveNanos);
        }
    }

    /** Says that nothing more will be written. What was written still arrives. */
    public void end(long nowNanos) {
        if (!ending && !closed) {
            ending = true;
            raw.end(nowNanos);
        }
    }

    /**
     * Ends the stream in both directions once all that was written has arrived and the peer has
     * ended, too; at the latest after so long. What the peer still writes goes unread.
     */
    public void close(long withinNanos, long nowNanos) {
        if (closed || closeDueNanos != Machine.NEVER) {
            return;
        }
        closeDueNanos = after(nowNanos, withinNanos);
        end(nowNanos);
        resume(nowNanos);
    }

    /** Ends the stream at once, in both directions; what has not been sent is lost. */
    public void destroy(CloseReason reason, long nowNanos) {
        if (!closed) {
            finish(reason, nowNanos);
            raw.destroy(nowNanos);
        }
    }

    /** Stops reading, and with it, once its window is full, the peer's writing. */
    public void pause(long nowNanos) {
        paused = true;
    }

    public void resume(long nowNanos) {
        paused = false;
        read(nowNanos);
    }

    /** Acts on deadlines that have passed. */
    public void expire(long nowNanos) {
        if (closed) {
            return;
        }
        if (!isVerified() && nowNanos >= headerDueNanos) {
            if (raw.isConnected()) {
                destroy(new CloseReason.TimedOut("no header from the peer"), nowNanos);
                return;
            }
            headerDueNanos = after(nowNanos, settings.headerNanos);
        }
        if (nowNanos >= closeDueNanos) {
            destroy(new CloseReason.ByUs("closed before the peer had ended"), nowNanos);
            return;
        }
        if (nowNanos >= idleAtNanos) {
            destroy(new CloseReason.TimedOut("nothing from the peer"), nowNanos);
            return;
        }
        if (nowNanos >= keepAliveAtNanos && !ending) {
            frames.trim();
            raw.trim();
            keepAlive(nowNanos);
        } else if (nowNanos >= keepAliveAtNanos) {
            keepAliveAtNanos = after(nowNanos, keepAliveNanos);
            raw.ask(nowNanos);
        }
    }

    /** When {@link #expire} is next worth calling, or {@link Machine#NEVER}. */
    public long deadlineNanos() {
        if (closed) {
            return Machine.NEVER;
        }
        long end = Math.min(idleAtNanos, closeDueNanos);
        boolean done = ending && peerEnded;
        long deadline = done ? end : Math.min(end, keepAliveAtNanos);
        return isVerified() ? deadline : Math.min(deadline, headerDueNanos);
    }

    // What the raw stream says.

    @Override
    public void data(Bytes data, long nowNanos) {
        if (closed) {
            return;
        }
        idleAtNanos = after(nowNanos, settings.idleNanos);
        waiting.add(data);
        receiving = true;
        try {
            read(nowNanos);
        } finally {
            receiving = false;
            keepWhatIsLeft();
        }
    }

    /** What came in is only lent, so what nobody wants to read yet is copied. */
    private void keepWhatIsLeft() {
        frames.keep();
        Bytes unread = waiting.pollLast();
        if (unread != null) {
            waiting.addLast(unread.copy());
        }
    }

    @Override
    public void heard(LocalSocket socket, Address source, long nowNanos) {
        if (!closed) {
            listener.heard(socket, source, nowNanos);
        }
    }

    @Override
    public void message(Bytes message, long nowNanos) {
        if (closed || !settings.receiveUnordered) {
            return;
        }
        if (message.isEmpty()) {
            droppedMessages++;
            listener.bareMessage(nowNanos);
            return;
        }
        try {
            Bytes opened = unordered.open(message);
            if (unordered.openedLatest()) {
                listener.authentic(nowNanos);
            }
            listener.unordered(opened, nowNanos);
        } catch (MalformedException e) {
            droppedMessages++; // anybody on the way can send one
        }
    }

    @Override
    public void ended(long nowNanos) {
        if (!closed) {
            peerEnded = true;
            read(nowNanos);
        }
    }

    @Override
    public void writable(long nowNanos) {
        writable = true;
        if (!closed) {
            listener.writable(nowNanos);
        }
    }

    @Override
    public void closed(CloseReason reason, long nowNanos) {
        if (closed) {
            return;
        }
        if (reason instanceof CloseReason.Ended && !endDelivered) {
            closeAfterReading = reason;
        } else {
            finish(reason, nowNanos);
        }
    }

    @Override
    public String toString() {
        return "EncryptedStream(" + session + ")";
    }

    // Writing.

    private void writeHeader(long nowNanos) {
        Bytes header =
                new WireWriter(Frames.LENGTH_BYTES + HEADER_BYTES)
                        .u24(HEADER_BYTES)
                        .bytes(streamId(session, session.initiator()))
                        .bytes(encryptor.header())
                        .toBytes();
        writable = raw.write(header, nowNanos);
    }

    /** The whole frame of a message, encrypted where it lies. */
    private Bytes seal(Bytes message) {
        int body = message.length() + SecretStream.OVERHEAD_BYTES;
        byte[] frame = new byte[Frames.LENGTH_BYTES + body];
        frame[0] = (byte) body;
        frame[1] = (byte) (body >>> 8);
        frame[2] = (byte) (body >>> 16);
        int at = Frames.LENGTH_BYTES + 1;
        message.copyTo(frame, at);
        encryptor.encrypt(
                frame, at, message.length(), SecretStream.TAG_MESSAGE, frame, Frames.LENGTH_BYTES);
        return Bytes.wrap(frame);
    }

    /** Says that we are alive, unless there is nobody to tell or so much to say that all can see. */
    // Reading.

    private void read(long nowNanos) {
        if (reading || closed) {
            return;
        }
        reading = true;
        try {
            readFrames(nowNanos);
            if (!closed && peerEnded && waiting.isEmpty() && frames.isExhausted()) {
                readEnd(nowNanos);
            }
        } catch (MalformedException e) {
            destroy(new CloseReason.Misbehaved(String.valueOf(e.getMessage())), nowNanos);
        } finally {
            reading = false;
        }
    }

    private void readFrames(long nowNanos) throws MalformedException {
        while (!closed && !(paused && isVerified())) {
            Bytes body = nextBody();
            if (body != null) {
                readBody(body, nowNanos);
                continue;
            }
            Bytes chunk = waiting.poll();
            if (chunk == null) {
                return;
            }
            frames.feed(chunk);
            raw.consumed(chunk.length(), nowNanos);
        }
    }

    private @Nullable Bytes nextBody() throws MalformedException {
        return isVerified()
                ? frames.next(SecretStream.OVERHEAD_BYTES, settings.frameBytes)
                : frames.next(HEADER_BYTES, HEADER_BYTES);
    }

    private void readBody(Bytes body, long nowNanos) throws MalformedException {
        SecretStream.Decryptor opener = decryptor;
        if (opener == null) {
            decryptor = readHeader(body);
            listener.verified(nowNanos);
            return;
        }
        Bytes message = decrypt(opener, body);
        if (receiving) {
            listener.authentic(nowNanos);
        }
        boolean keepAlive = message.isEmpty();
        boolean wanted = !closed && closeDueNanos == Machine.NEVER;
        if (!keepAlive && wanted) {
            listener.message(message, nowNanos);
        }
    }

    /** In place where the frame was put together, and out of the packet where it came in one. */
    private Bytes decrypt(SecretStream.Decryptor opener, Bytes body) throws MalformedException {
        if (!frames.giveAway()) {
            return opener.decrypt(body);
        }
        byte[] array = body.array();
        int at = body.offset();
        int length = opener.decrypt(array, at, body.length(), array, at + 1);
        return Bytes.wrap(array, at + 1, length);
    }

    private SecretStream.Decryptor readHeader(Bytes body) throws MalformedException {
        Bytes expected = streamId(session, !session.initiator());
        if (!body.slice(0, 32).equalsInConstantTime(expected)) {
            throw new MalformedException("header of another stream");
        }
        return SecretStream.Decryptor.with(session.rx(), body.slice(32));
    }

    /** The end is not authenticated; all that shows is whether it came at the end of a frame. */
    private void readEnd(long nowNanos) throws MalformedException {
        if (!isVerified()) {
            throw new MalformedException("stream ended before its header");
        }
        if (frames.isInsideFrame()) {
            throw new MalformedException("stream ended inside a frame");
        }
        if (!endDelivered) {
            endDelivered = true;
            listener.ended(nowNanos);
        }
        if (closeAfterReading != null && !closed) {
            finish(closeAfterReading, nowNanos);
        }
    }

    private void finish(CloseReason reason, long nowNanos) {
        closed = true;
        waiting.clear();
        encryptor.wipe();
        if (decryptor != null) {
            decryptor.wipe();
        }
        listener.closed(reason, nowNanos);
    }

    private static long after(long nowNanos, long nanos) {
        return nanos >= Machine.NEVER - nowNanos ? Machine.NEVER : nowNanos + nanos;
    }
}
