package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.EncryptedStream;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An encrypted stream over a path: the half of a connection that lives among the machines.
 *
 * <p>It begins unproved: anybody may have sent the handshake that led to it, and each way to the
 * peer is a guess. Ways that may work are candidates. Our header goes to all of them, again and
 * again, and the stream takes the one over which the first authentic bytes of the peer come back.
 * Only then does its owner hear of it, and then the application. What the peer sends waits until a
 * receiver has been named.
 *
 * <p>It moves later too: to a candidate that turns out better than a relay, and after a peer whose
 * packets keep coming from somewhere else.
 */
public final class PeerStream {

    /** How many ways are tried at a time; anybody can pretend to be one. */
    static final int MAX_CANDIDATES = 16;

    /** How long a candidate has to show that it works. */
    static final long CANDIDATE_NANOS = SECONDS.toNanos(10);

    /** When a candidate is sent our header again; the pause doubles each time. */
    static final long FIRST_KNOCK_NANOS = MILLISECONDS.toNanos(250);

    /** How many packets from elsewhere are answered there before the peer has acknowledged us. */
    static final int MAX_ECHOES = 16;

    /** How long a socket that both sides may use again outlives its stream. */
    static final long SOCKET_LINGER_NANOS = SECONDS.toNanos(3);

    /** How long nothing has come from the remote before the side that connected gives it up. */
    public static final Duration SILENCE = Duration.ofMillis(500);

    static final long SILENCE_NANOS = SILENCE.toNanos();

    /** How often the peer is asked for a sign of life after a change of networks; pauses double. */
    static final int MAX_CALLS = 4;

    private final Surroundings around;
    private final Session session;
    private final UdxStream raw;
    private final int remoteId;
    private final EncryptedStream encrypted;
    private final Owner owner;
    private final Queue<Consumer<Link.Receiver>> inbox = new ArrayDeque<>();
    private final List<Candidate> candidates = new ArrayList<>();

    private @Nullable Path path;
    private @Nullable Candidate relay;
    private long relayHeardNanos;
    private boolean verified;
    private boolean proved;
    private boolean closing;
    private boolean settled;
    private int echoes;
    private long heardNanos;
    private long heardAnywhereNanos;
    private long calledNanos;
    private int calls;
    private Timers.@Nullable Timer call;
    private Timers.@Nullable Timer silence;
    private @Nullable LocalSocket strangeSocket;
    private @Nullable Address strangeSource;
    private boolean strangeIsNew;

    private boolean paused = true;
    private boolean noticed;
    private Link.@Nullable Receiver receiver;
    private Consumer<CloseReason> onClosed = reason -> {};
    private Consumer<Path> onMoved = moved -> {};
    private Runnable onSilent = () -> {};
    private @Nullable CloseReason closed;
    private @Nullable LocalSocket heldSocket;
    private boolean socketLingers;
    private Timers.@Nullable Timer timer;
    private volatile long roundTripNanos;

    /** Who made the stream. */
    interface Owner {

        /** The peer is who it said it was, and alive. */
        void proved(PeerStream stream, long nowNanos);

        /**
         * Whether something came from a relay that has been asked to forward the stream. What it
         * forwards may overtake its word that it does, without which there is no way to answer.
         */
        default boolean isRelay(Address source) {
            return false;
        }

        /** The stream goes on over another path. */
        default void moved(PeerStream stream, long nowNanos) {}

        /** The last candidate has had its time; there may be another. */
        default void pathless(PeerStream stream, long nowNanos) {}

        /** The stream is over, proved or not; called once. */
        void closed(PeerStream stream, CloseReason reason, long nowNanos);
    }

    /**
     * A stream that knows no way to its peer yet.
     *
     * @param remoteId what the peer calls the stream
     */
    PeerStream(
            Surroundings around,
            Session session,
            UdxStream raw,
            int remoteId,
            Owner owner,
            long nowNanos) {
        this.around = around;
        this.session = session;
        this.raw = raw;
        this.remoteId = remoteId;
        this.owner = owner;
        // Whoever looks for ways decides for how long.
        EncryptedStream.Settings settings =
                EncryptedStream.Settings.defaults().withHeaderNanos(Machine.NEVER);
        this.encrypted =
                new EncryptedStream(
                        session, raw, new Events(), around.entropy(), settings, nowNanos);
        raw.patient(true);
        encrypted.pause(nowNanos);
    }

    /** Reads what has come in before any way to the peer was known, and all that follows. */
    void read(RawInlet inlet, long nowNanos) {
        inlet.handTo(encrypted, nowNanos);
        rearm();
    }

    /** Tries a way to the peer. */
    void candidate(LocalSocket socket, Address remote, Path way, long nowNanos) {
        candidate(socket, remote, remoteId, way, nowNanos);
    }

    /**
     * Tries a way to the peer. The stream takes it if it is the first over which the peer's bytes
     * come, or if the stream runs over a relay and this way does not.
     *
     * @param id what the stream is called there, which for a relay is not what the peer calls it
     */
    void candidate(LocalSocket socket, Address remote, int id, Path way, long nowNanos) {
        boolean wanted = !proved || (path == Path.RELAYED && way != Path.RELAYED);
        boolean known = candidates.stream().anyMatch(c -> c.is(socket, remote));
        if (closed != null || !wanted || known || candidates.size() >= MAX_CANDIDATES) {
            return;
        }
        Candidate candidate = new Candidate(socket, remote, id, way, nowNanos);
        if (way == Path.RELAYED) {
            relay = candidate;
        }
        boolean first = !proved && candidates.isEmpty();
        candidates.add(candidate);
        around.punchSockets().hold(socket);
        if (first) {
            path = way;
            raw.redirect(socket, remote, id, nowNanos);
        } else {
            candidate.knock(nowNanos);
        }
        candidate.schedule(nowNanos);
        if (verified && !proved && way == Path.RELAYED) {
            prove(socket, remote, nowNanos);
        }
        rearm();
    }

    /**
     * Goes on over another path.
     *
     * @param id what the stream is called there
     */
    public void move(LocalSocket socket, Address remote, int id, Path way, long nowNanos) {
        if (closed != null) {
            return;
        }
        boolean gentle = proved && raw.isConnected();
        take(socket, way);
        if (gentle) {
            raw.changeRemote(socket, remote, id, nowNanos);
        } else {
            raw.redirect(socket, remote, id, nowNanos);
        }
        moved(nowNanos);
    }

    /** Leaves the old path at once, with all that has not arrived. */
    private void flee(LocalSocket socket, Address remote, long nowNanos) {
        int id = idAt(socket, remote);
        take(socket, wayTo(socket, remote));
        raw.redirect(socket, remote, id, nowNanos);
        moved(nowNanos);
    }

    private void take(LocalSocket socket, Path way) {
        LocalSocket before = heldSocket;
        if (!socket.equals(before)) {
            around.punchSockets().hold(socket);
            heldSocket = socket;
            if (before != null) {
                releaseLater(before);
            }
        }
        path = way;
        strangeSource = null;
    }

    private void moved(long nowNanos) {
        heardNanos = nowNanos;
        if (proved && path != Path.RELAYED) {
            dropCandidates();
        }
        Path now = path();
        around.notices().accept(() -> onMoved.accept(now));
        if (proved) {
            owner.moved(this, nowNanos);
        }
    }

    private void dropCandidates() {
        candidates.forEach(Candidate::drop);
        candidates.clear();
    }

    /** Lets a socket go once its last packets have left, at the next drain. */
    private void releaseLater(LocalSocket socket) {
        around.notices().accept(() -> around.punchSockets().release(socket));
    }

    /** A way that may lead to the peer. */
    private final class Candidate {

        private final LocalSocket socket;
        private final Address remote;
        private final int id;
        private final Path way;
        private final long untilNanos;
        private long pauseNanos = FIRST_KNOCK_NANOS;
        private Timers.@Nullable Timer next;

        private Candidate(LocalSocket socket, Address remote, int id, Path way, long nowNanos) {
            this.socket = socket;
            this.remote = remote;
            this.id = id;
            this.way = way;
            this.untilNanos = nowNanos + CANDIDATE_NANOS;
        }

        private boolean is(LocalSocket otherSocket, Address otherRemote) {
            return remote.equals(otherRemote) && socket.equals(otherSocket);
        }

        private void knock(long nowNanos) {
            if (proved) {
                encrypted.probe(socket, remote, id, nowNanos);
            } else {
                raw.knock(socket, remote, id, nowNanos);
            }
        }

        private void schedule(long nowNanos) {
            long at = Math.min(nowNanos + pauseNanos, untilNanos);
            next = around.timers().at(at, this::again);
            pauseNanos *= 2;
        }

        private void again(long nowNanos) {
            if (nowNanos >= untilNanos) {
                candidates.remove(this);
                drop();
                if (!proved && candidates.isEmpty()) {
                    owner.pathless(PeerStream.this, nowNanos);
                }
                return;
            }
            knock(nowNanos);
            schedule(nowNanos);
        }

        private void drop() {
            if (next != null) {
                next.cancel();
            }
            releaseLater(socket);
        }
    }

    // where packets come from

    private boolean isRemote(@Nullable LocalSocket socket, @Nullable Address source) {
        return source != null
                && source.equals(raw.remote())
                && socket != null
                && socket.equals(raw.socket());
    }

    private @Nullable Candidate candidateAt(LocalSocket socket, Address source) {
        return candidates.stream().filter(c -> c.is(socket, source)).findFirst().orElse(null);
    }

    /** What to call the way to where a packet came from. */
    private Path wayTo(LocalSocket socket, Address source) {
        Candidate candidate = candidateAt(socket, source);
        if (candidate != null) {
            return candidate.way;
        }
        if (relay != null && source.equals(relay.remote)) {
            return Path.RELAYED;
        }
        if (around.punchSockets().isOneOf(socket)) {
            return Path.PUNCHED;
        }
        return path == null || path == Path.RELAYED || path == Path.PUNCHED ? Path.DIRECT : path;
    }

    /** What the stream is called where a packet came from. */
    private int idAt(LocalSocket socket, Address source) {
        Candidate candidate = candidateAt(socket, source);
        if (candidate != null) {
            return candidate.id;
        }
        return relay != null && source.equals(relay.remote) ? relay.id : remoteId;
    }

    /** The proof that it is the peer came in just now, or more of what only the peer can make. */
    private void proveHere(long nowNanos) {
        LocalSocket socket = raw.lastSocket();
        Address source = raw.lastSource();
        LocalSocket toNow = raw.socket();
        Address remote = raw.remote();
        if (socket != null && source != null) {
            if (isRemote(socket, source) || relay != null || !owner.isRelay(source)) {
                prove(socket, source, nowNanos);
            }
        } else if (toNow != null && remote != null) {
            prove(toNow, remote, nowNanos);
        }
    }

    /** Takes the way over which the proof came. */
    private void prove(LocalSocket socket, Address source, long nowNanos) {
        proved = true;
        raw.patient(false);
        if (isRemote(socket, source)) {
            take(socket, path());
        } else {
            int id = idAt(socket, source);
            take(socket, wayTo(socket, source));
            raw.redirect(socket, source, id, nowNanos);
        }
        heardNanos = nowNanos;
        if (path == Path.RELAYED) {
            candidates.removeIf(
                    candidate -> {
                        boolean useless = candidate.way == Path.RELAYED;
                        if (useless) {
                            candidate.drop();
                        }
                        return useless;
                    });
        } else {
            dropCandidates();
        }
        owner.proved(this, nowNanos);
    }

    /** Something that only the peer can have made came in just now. */
    private void authentic(long nowNanos) {
        LocalSocket socket = raw.lastSocket();
        Address source = raw.lastSource();
        if (socket == null || source == null || isRemote(socket, source)) {
            return;
        }
        Path way = wayTo(socket, source);
        if (path == Path.RELAYED && way != Path.RELAYED) {
            leaveRelay(socket, source, way, nowNanos);
        } else if (!(socket.equals(strangeSocket) && source.equals(strangeSource))) {
            strangeSocket = socket;
            strangeSource = source;
            strangeIsNew = true;
        }
    }

    /**
     * Somebody says, with what anybody could send, that the peer goes this way now. The original
     * says no more than that, and leaves the relay as soon as it hears us; so a way that we are
     * trying anyway is taken at the word.
     */
    private void invited(long nowNanos) {
        LocalSocket socket = raw.lastSocket();
        Address source = raw.lastSource();
        if (!proved || path != Path.RELAYED || socket == null || source == null) {
            return;
        }
        Candidate candidate = candidateAt(socket, source);
        if (candidate != null && candidate.way != Path.RELAYED) {
            leaveRelay(socket, source, candidate.way, nowNanos);
        }
    }

    private void leaveRelay(LocalSocket socket, Address source, Path way, long nowNanos) {
        int id = idAt(socket, source);
        move(socket, source, id, way, nowNanos);
        // The peer may have nothing else to show it that this way works.
        encrypted.probe(socket, source, id, nowNanos);
    }

    /**
     * This machine is on other networks than before. Something goes out at once and again, so that
     * the peer learns where we are now; if it is not heard for half a second, somebody is told.
     */
    void networkChanged(long nowNanos) {
        if (closed != null || !proved) {
            return;
        }
        stopCalling();
        calledNanos = nowNanos;
        calls = 0;
        silence = around.timers().at(nowNanos + SILENCE_NANOS, this::noteSilence);
        call(nowNanos);
    }

    private void call(long nowNanos) {
        if (heardAnywhereNanos > calledNanos || calls == MAX_CALLS) {
            return;
        }
        encrypted.keepAlive(nowNanos);
        rearm();
        call = around.timers().at(nowNanos + (FIRST_KNOCK_NANOS << calls++), this::call);
    }

    private void noteSilence(long nowNanos) {
        if (heardAnywhereNanos <= calledNanos) {
            around.notices().accept(onSilent);
        }
    }

    private void stopCalling() {
        if (call != null) {
            call.cancel();
        }
        if (silence != null) {
            silence.cancel();
        }
    }

    private void heard(LocalSocket socket, Address source, long nowNanos) {
        heardAnywhereNanos = nowNanos;
        roundTripNanos = raw.stats().rttNanos();
        boolean here = isRemote(socket, source);
        if (relay != null && source.equals(relay.remote)) {
            relayHeardNanos = nowNanos;
        }
        if (here) {
            heardNanos = nowNanos;
            strangeSource = null;
        }
        if (!proved) {
            if (!here && !owner.isRelay(source)) {
                candidate(socket, source, wayTo(socket, source), nowNanos);
            }
        } else if (!settled) {
            settle(socket, source, here, nowNanos);
        } else if (!here) {
            follow(socket, source, nowNanos);
        }
    }

    /**
     * The peer is heard; does it hear us? Until it has acknowledged something, whatever comes from
     * elsewhere may show a way that works in both directions.
     */
    private void settle(LocalSocket socket, Address source, boolean here, long nowNanos) {
        if (raw.isAcknowledged()) {
            settled = true;
            if (!here && path != Path.RELAYED) {
                flee(socket, source, nowNanos);
            }
        } else if (!here && path != Path.RELAYED && echoes++ < MAX_ECHOES) {
            raw.knock(socket, source, idAt(socket, source), nowNanos);
        }
    }

    /**
     * Follows a peer that has moved: something authentic has come from there, then more, and
     * nothing from where it was. If both sides followed at once they could pass each other for
     * ever, so the side that connected waits a little.
     */
    private void follow(LocalSocket socket, Address source, long nowNanos) {
        if (!source.equals(strangeSource) || !socket.equals(strangeSocket)) {
            if (raw.isAdvancing()) {
                // It may have to hear from us before it can send the whole of what proves it.
                raw.acknowledgeAt(socket, source, idAt(socket, source));
            }
            return;
        }
        if (path != Path.RELAYED && wayTo(socket, source) == Path.RELAYED) {
            // What a relay still brings is left over: the peer repeats there what it sent there.
            return;
        }
        if (strangeIsNew) {
            strangeIsNew = false;
        } else if (nowNanos - heardNanos >= patienceNanos()) {
            flee(socket, source, nowNanos);
        }
    }

    private long patienceNanos() {
        return session.initiator() ? SILENCE_NANOS : 0;
    }

    /** Whether we connected to the peer, not the peer to us. */
    public boolean isInitiator() {
        return session.initiator();
    }

    public PublicKey localPublicKey() {
        return session.localPublicKey();
    }

    public PublicKey remotePublicKey() {
        return session.remotePublicKey();
    }

    /** The path that packets take now, or would take first. */
    public Path path() {
        Path known = path;
        if (known == null) {
            throw new IllegalStateException("no way to the peer is known yet");
        }
        return known;
    }

    /** The smoothed round trip over the path, 0 before it is known; to be asked from any thread. */
    public long roundTripNanos() {
        return roundTripNanos;
    }

    /** Has the socket stay open for a while after a good end, since both sides may use it again. */
    void keepSocket() {
        socketLingers = true;
    }

    /** Where packets for the peer go now. */
    public Address remoteAddress() {
        Address remote = raw.remote();
        if (remote == null) {
            throw new IllegalStateException("no way to the peer is known yet");
        }
        return remote;
    }

    /** The socket that packets for the peer leave from. */
    public @Nullable LocalSocket socket() {
        return raw.socket();
    }

    /** When something last came from where the peer is now. */
    long heardNanos() {
        return heardNanos;
    }

    /** When something last came through a relay. */
    long relayHeardNanos() {
        return relayHeardNanos;
    }

    /** Whether this is what the peer calls so, and goes through a relay. */
    boolean isRelayed(int id) {
        return closed == null && proved && path == Path.RELAYED && id == remoteId;
    }

    /** What the peer has to call the stream. */
    int localId() {
        return raw.localId();
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

    /** Names who hears of other paths that the stream takes. */
    public void onMoved(Consumer<Path> listener) {
        onMoved = listener;
    }

    /** Names who hears that the peer does not answer since this machine changed networks. */
    public void onSilent(Runnable listener) {
        onSilent = listener;
    }

    public boolean write(Bytes message, long nowNanos) {
        if (closing) {
            return false;
        }
        boolean more = encrypted.write(message, nowNanos);
        rearm();
        return more;
    }

    public void pause(long nowNanos) {
        if (closing) {
            return;
        }
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

    /**
     * Ends the stream once all that was written has arrived and the peer has ended, too; at the
     * latest after so long, and at once if that is no time. The receiver hears of nothing more but
     * that it is closed, and nothing that is written from now on is welcome or leaves.
     */
    public void close(long withinNanos, long nowNanos) {
        if (closed != null) {
            return;
        }
        if (withinNanos <= 0) {
            destroy(new CloseReason.ByUs("closed"), nowNanos);
            return;
        }
        closing = true;
        inbox.clear();
        paused = false;
        encrypted.close(withinNanos, nowNanos);
        rearm();
    }

    /** Whether it is over. */
    public boolean isClosed() {
        return closed != null;
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
            verified = true;
            proveHere(nowNanos);
        }

        @Override
        public void authentic(long nowNanos) {
            if (proved) {
                PeerStream.this.authentic(nowNanos);
            } else {
                proveHere(nowNanos);
            }
        }

        @Override
        public void bareMessage(long nowNanos) {
            invited(nowNanos);
        }

        @Override
        public void heard(LocalSocket socket, Address source, long nowNanos) {
            PeerStream.this.heard(socket, source, nowNanos);
        }

        @Override
        public void message(Bytes message, long nowNanos) {
            enqueue(reader -> reader.message(message));
        }

        @Override
        public void ended(long nowNanos) {
            if (!closing) {
                enqueue(Link.Receiver::ended);
            }
        }

        @Override
        public void writable(long nowNanos) {
            // Not behind the messages: whoever paused reading may wait for just this.
            Link.Receiver reader = receiver;
            if (reader != null && !closing) {
                around.notices().accept(reader::writable);
            }
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            closed = reason;
            stopCalling();
            dropCandidates();
            LocalSocket held = heldSocket;
            boolean wellEnded =
                    reason instanceof CloseReason.Ended
                            || reason instanceof CloseReason.ByUs
                            || reason instanceof CloseReason.ByPeer;
            if (held != null && socketLingers && wellEnded) {
                long at = nowNanos + SOCKET_LINGER_NANOS;
                around.timers().at(at, now -> around.punchSockets().release(held));
            } else if (held != null) {
                releaseLater(held);
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
