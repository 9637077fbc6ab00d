package dev.keyhole.transport.udx;

import static dev.keyhole.transport.udx.PacketHeader.DATA;
import static dev.keyhole.transport.udx.PacketHeader.END;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.ReceiveQueue.Arrival;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A reliable, ordered stream of bytes in each direction, and unreliable messages next to it.
 *
 * <p>It exists, and can receive, before it is connected: there is no opening handshake, each side
 * only has to learn the other's id and address by other means. It is closed when both directions
 * have ended and both ends were acknowledged, or sooner with a reason. What is written before it is
 * connected waits.
 *
 * <p>The listener is called from within {@code receive}, {@code expire} and the commands, and may
 * give commands itself. Packets leave when the multiplexer is drained.
 */
public final class UdxStream extends Deadlines.Entry {

    /** What a stream buffers for a reader unless told otherwise. */
    public static final int DEFAULT_WINDOW_BYTES = 4_194_304;

    /** The least a stream can buffer: the largest packet must fit. */
    public static final int MIN_WINDOW_BYTES = 1472;

    /** What may be handed up before the stream is connected, when nobody is acknowledged. */
    static final int MAX_BYTES_BEFORE_CONNECT = 262_144;

    /** Messages that may wait for the next drain. */
    static final int MAX_OUTBOX = 1024;

    /** Questions for a sign of life in a row after which a peer is given up. */
    static final int MAX_UNANSWERED = 4;

    /** Packets of which copies are sent when knocking somewhere. */
    static final int MAX_COPIES = 4;

    /** What may wait out of order, in windows. */
    static final int KEPT_WINDOWS = 2;

    /** What a stream holds at most, in windows: unread, and out of order. */
    static final int MAX_HELD_WINDOWS = 3;

    private final StreamMultiplexer multiplexer;
    private final UdxCounters counters;
    private final Listener listener;
    private final int localId;
    private final long windowLimit;
    private final Path path = new Path();

    private Sender sender;
    private ReceiveQueue receiving;

    private @Nullable LocalSocket socket;
    private @Nullable Address remote;
    private int remoteId;

    /** The way before this one, until everything sent over it has arrived. */
    private @Nullable Way former;

    private int sentBeforeChange;

    private @Nullable LocalSocket lastSocket;
    private @Nullable Address lastSource;

    /** Complete datagrams that leave with the next drain. */
    private final ArrayDeque<Bytes> outbox = new ArrayDeque<>(0);

    /** What leaves with the next drain for elsewhere than the remote. */
    private @Nullable Way ackAlsoTo;

    private boolean advancing;
    private final ArrayDeque<Detour> detours = new ArrayDeque<>(0);

    private boolean ackDue;
    private boolean ackCarried;
    private long advertised;
    private long unread;

    private boolean remoteEnding;
    private int remoteEndSeq;
    private boolean remoteEnded;
    private long countedPending;
    private boolean writerWaits;
    private boolean closed;

    /** Questions for a sign of life since anything came. */
    private int unanswered;

    /** Whether the multiplexer knows that the next drain is to reach this stream. */
    boolean touched;

    /** A way to the peer. */
    private record Way(LocalSocket socket, Address remote, int remoteId) {}

    /**
     * Something to send by another way.
     *
     * @param message a complete datagram; null for copies of what has not arrived
     */
    private record Detour(Way way, @Nullable Bytes message) {}

    /** Who is told what happens on a stream. */
    public interface Listener {

        /**
         * Asks whether to take a packet that came in elsewhere than on the stream's own socket; for
         * a stream that is not connected, every packet does. May connect the stream.
         */
        default boolean firewall(LocalSocket socket, Address source, long nowNanos) {
            return false;
        }

        /**
         * A packet for the connected stream has been processed. It may have come from elsewhere
         * than the remote, and nothing says that it is the peer's.
         */
        default void heard(LocalSocket socket, Address source, long nowNanos) {}

        /**
         * The next bytes of the stream; they count as unread until {@link UdxStream#consumed}. They
         * are lent for as long as this takes.
         */
        void data(Bytes data, long nowNanos);

        /** A message, which may be a repetition, late or forged; its bytes are lent. */
        default void message(Bytes message, long nowNanos) {}

        /** The peer will send no more data. */
        void ended(long nowNanos);

        /** Writes are welcome again after {@link UdxStream#write} said no. */
        default void writable(long nowNanos) {}

        /**
         * Everything sent before {@link UdxStream#changeRemote} has arrived; the old path is not
         * needed.
         */
        default void remoteChanged(long nowNanos) {}

        /** Nothing more happens; called once. */
        void closed(CloseReason reason, long nowNanos);
    }

    UdxStream(StreamMultiplexer multiplexer, int localId, Listener listener, int windowBytes) {
        this.multiplexer = multiplexer;
        this.counters = multiplexer.counters();
        this.localId = localId;
        this.listener = listener;
        if (windowBytes < MIN_WINDOW_BYTES) {
            throw new IllegalArgumentException(
                    "window of " + windowBytes + " bytes, below " + MIN_WINDOW_BYTES);
        }
        this.windowLimit = windowBytes;
        this.advertised = windowBytes;
        this.sender = sender(0, 0);
        this.receiving = new ReceiveQueue(0, KEPT_WINDOWS * windowLimit);
    }

    /** Has the numbers of packets begin elsewhere than at zero. */
    void startAt(int firstSeq, int firstRemoteSeq) {
        sender = sender(firstSeq, firstRemoteSeq);
        receiving = new ReceiveQueue(firstRemoteSeq, KEPT_WINDOWS * windowLimit);
    }

    private Sender sender(int firstSeq, int firstRemoteSeq) {
        return new Sender(
                firstSeq,
                firstRemoteSeq,
                new Random(localId),
                counters,
                multiplexer.packets(),
                multiplexer.rttProbes());
    }

    /** The id that the peer has to put in its packets. */
    public int localId() {
        return localId;
    }

    public boolean isConnected() {
        return remote != null;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Where packets go. */
    public @Nullable Address remote() {
        return remote;
    }

    /** The socket that packets leave from. */
    public @Nullable LocalSocket socket() {
        return socket;
    }

    /** Where the packet being processed, or the last one, came from; not authenticated. */
    public @Nullable Address lastSource() {
        return lastSource;
    }

    /** The socket on which the packet being processed, or the last one, came in. */
    public @Nullable LocalSocket lastSocket() {
        return lastSocket;
    }

    /** The number of the next new packet. */
    int nextSeq() {
        return sender.nextSeq();
    }

    /** The number of the packet that continues what has come. */
    int nextRemoteSeq() {
        return receiving.next();
    }

    /** Whether all that was written, and the end if there was one, is known to have arrived. */
    boolean isQuiet() {
        return sender.isQuiet();
    }

    public UdxStats stats() {
        return new UdxStats(
                sender.rtt().smoothedNanos(),
                sender.windowPackets(),
                sender.inFlight(),
                sender.pendingBytes(),
                unread,
                receiving.bytes(),
                sender.mtu());
    }

    /** Tells the stream who its peer is. */
    public void connect(LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        if (isConnected()) {
            throw new IllegalStateException("already connected to " + this.remote);
        }
        if (closed) {
            return;
        }
        this.socket = socket;
        this.remote = remote;
        this.remoteId = remoteId;
        sender.pathBegins(socket.mtu());
        multiplexer.touch(this);
    }

    /**
     * Goes on over another path, at once. What was sent before and does not arrive is repeated over
     * the new path, and, when nothing comes back, over both until {@link Listener#remoteChanged}.
     */
    public void changeRemote(LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        LocalSocket formerSocket = this.socket;
        Address formerRemote = this.remote;
        if (formerSocket == null || formerRemote == null) {
            throw new IllegalStateException("not connected yet");
        }
        if (closed) {
            return;
        }
        former = new Way(formerSocket, formerRemote, this.remoteId);
        sentBeforeChange = sender.nextSeq();
        this.socket = socket;
        this.remote = remote;
        this.remoteId = remoteId;
        sender.pathChanged(socket.mtu());
        multiplexer.touch(this);
        completeRemoteChange(nowNanos);
    }

    /**
     * Goes on over another path, and has everything that has not arrived sent there at once: the
     * old path is dead, or was no more than a guess.
     */
    public void redirect(LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        if (!isConnected()) {
            connect(socket, remote, remoteId, nowNanos);
            return;
        }
        if (closed) {
            return;
        }
        this.socket = socket;
        this.remote = remote;
        this.remoteId = remoteId;
        sender.startOver(socket.mtu());
        multiplexer.touch(this);
        completeRemoteChange(nowNanos);
    }

    /**
     * Sends the first packets that have not arrived to somewhere else as well, or just an ack if
     * all have; the remote stays what it is.
     */
    public void knock(LocalSocket socket, Address remote, int remoteId, long nowNanos) {
        detour(new Detour(new Way(socket, remote, remoteId), null));
    }

    /** Sends the next ack to somewhere else as well; the remote stays what it is. */
    public void acknowledgeAt(LocalSocket socket, Address remote, int remoteId) {
        if (!closed && isConnected()) {
            ackAlsoTo = new Way(socket, remote, remoteId);
            multiplexer.touch(this);
        }
    }

    /**
     * Whether the packet that came in last brought the next bytes of the stream: of all who can
     * send packets, few know which come next.
     */
    public boolean isAdvancing() {
        return advancing;
    }

    /** Lets go of memory that only a busy stream needs. */
    public void trim() {
        sender.trim();
        receiving.trim();
    }

    /** Whether to go on trying without an answer for as long as it takes. */
    public void patient(boolean patient) {
        sender.patient(patient);
    }

    /** Whether anything that was sent has been acknowledged; an ack is not authenticated. */
    public boolean isAcknowledged() {
        return sender.isAcknowledged();
    }

    /**
     * Queues bytes.
     *
     * @return whether more is welcome now; otherwise {@link Listener#writable} says when
     * @throws IllegalStateException after {@link #end}
     */
    public boolean write(Bytes data, long nowNanos) {
        if (sender.isEnding()) {
            throw new IllegalStateException("written after the end");
        }
        if (closed) {
            return true;
        }
        sender.write(data);
        multiplexer.touch(this);
        countPending();
        writerWaits = isAboveHighWater();
        return !writerWaits;
    }

    /** Says that nothing more will be written. What was written still arrives. */
    public void end(long nowNanos) {
        if (closed || sender.isEnding()) {
            return;
        }
        sender.end();
        multiplexer.touch(this);
    }

    /** Sends a message once, outside the order of the stream; lost if not connected. */
    public void sendMessage(Bytes message, long nowNanos) {
        if (closed || !isConnected()) {
            return;
        }
        byte[] datagram = path.frame(PacketHeader.MESSAGE, sender.nextSeq(), message.length());
        message.copyTo(datagram, PacketHeader.LENGTH);
        post(Bytes.wrap(datagram));
    }

    /** Sends a message once by another way; the remote stays what it is. */
    public void sendMessage(
            LocalSocket socket, Address remote, int remoteId, Bytes message, long nowNanos) {
        byte[] datagram = path.frame(PacketHeader.MESSAGE, sender.nextSeq(), message.length());
        message.copyTo(datagram, PacketHeader.LENGTH);
        PacketHeader.putInt32(datagram, PacketHeader.STREAM_ID_AT, remoteId);
        detour(new Detour(new Way(socket, remote, remoteId), Bytes.wrap(datagram)));
    }

    /**
     * Asks the peer for a sign of life, which any packet is. One that leaves several questions in a
     * row unanswered is given up; for streams on which nothing more is written, that is the only way
     * to notice.
     */
    public void ask(long nowNanos) {
        if (closed || !isConnected()) {
            return;
        }
        if (unanswered == MAX_UNANSWERED) {
            close(new CloseReason.TimedOut("no sign of life from " + remote), nowNanos);
            return;
        }
        unanswered++;
        post(Bytes.wrap(path.frame(PacketHeader.HEARTBEAT, sender.nextSeq(), 0)));
    }

    private void detour(Detour detour) {
        if (closed || !isConnected()) {
            return;
        }
        if (detours.size() == MAX_OUTBOX) {
            counters.count(Event.MESSAGE_DROPPED);
            return;
        }
        detours.add(detour);
        multiplexer.touch(this);
    }

    /** Says that the reader took so many of the bytes it was given; makes room for more. */
    public void consumed(int bytes, long nowNanos) {
        if (bytes < 0 || bytes > unread) {
            throw new IllegalArgumentException(bytes + " consumed of " + unread + " unread");
        }
        unread -= bytes;
        if (closed || remoteEnded) {
            return;
        }
        long window = windowBytes();
        boolean reopened = advertised == 0 && window > 0;
        if (reopened || window - advertised >= windowLimit / 2) {
            ackDue = true;
            multiplexer.touch(this);
        }
    }

    /** Ends the stream at once, in both directions; the peer sees a reset. */
    public void destroy(long nowNanos) {
        if (closed) {
            return;
        }
        destroy(new CloseReason.ByUs("stream destroyed"), nowNanos);
    }

    private void destroy(CloseReason reason, long now) {
        if (isConnected()) {
            outbox.add(Bytes.wrap(path.frame(PacketHeader.DESTROY, sender.nextSeq(), 0)));
        }
        close(reason, now);
    }

    private CloseReason deceived() {
        String seq = Integer.toUnsignedString(sender.contradictions().expected());
        return new CloseReason.Misbehaved(
                remote + " waits for packet " + seq + ", which was acknowledged in its name");
    }

    @Override
    public String toString() {
        return "stream " + Integer.toUnsignedString(localId) + " to " + remote;
    }

    // What the multiplexer calls.

    void receive(Incoming packet, LocalSocket from, Address source, long now) {
        boolean expected = from.equals(socket) || former != null && from.equals(former.socket);
        if (!expected && !listener.firewall(from, source, now)) {
            counters.count(Event.FIREWALLED);
            return;
        }
        if (closed) {
            return;
        }
        lastSocket = from;
        lastSource = source;
        unanswered = 0;
        multiplexer.touch(this);
        int before = receiving.next();
        if (packet.has(PacketHeader.HEARTBEAT)) {
            ackDue = true;
        } else if (packet.dataOffset() > packet.body().length()) {
            counters.count(Event.MALFORMED);
        } else {
            takeIn(packet, before, now);
        }
        advancing = receiving.next() != before;
        if (!closed && isConnected()) {
            listener.heard(from, source, now);
        }
    }

    /** Acts on deadlines that have passed. */
    void expire(long now) {
        if (closed) {
            return;
        }
        boolean goesOn = sender.expire(now);
        if (sender.isDeceived(now) || !goesOn && sender.contradictions().isProved()) {
            destroy(deceived(), now);
        } else if (!goesOn) {
            boolean bothWereDone = remoteEnded && sender.onlyEndMissing();
            close(
                    bothWereDone
                            ? new CloseReason.Ended()
                            : new CloseReason.TimedOut("no answer from " + remote),
                    now);
        }
    }

    void drain(Effects effects, long now) {
        if (!isConnected()) {
            return;
        }
        ackCarried = false;
        if (!closed) {
            sender.transmit(path, effects, remoteEnded, now);
            if (sender.hasMore()) {
                multiplexer.touch(this);
            }
        }
        if (ackDue && (!ackCarried || !receiving.kept().isEmpty())) {
            path.send(ack(remoteId), effects);
        }
        ackDue = false;
        Way alsoTo = ackAlsoTo;
        if (alsoTo != null && !closed) {
            ackAlsoTo = null;
            counters.count(Event.SENT);
            effects.send(alsoTo.socket, alsoTo.remote, ack(alsoTo.remoteId));
        }
        for (Bytes datagram = outbox.poll(); datagram != null; datagram = outbox.poll()) {
            path.sendWritten(datagram, effects);
        }
        for (Detour detour = detours.poll(); detour != null; detour = detours.poll()) {
            take(detour, effects);
        }
    }

    private void take(Detour detour, Effects effects) {
        Way way = detour.way;
        Bytes message = detour.message;
        if (message != null) {
            counters.count(Event.SENT);
            effects.send(way.socket, way.remote, message);
            return;
        }
        if (closed) {
            return;
        }
        int copies = sender.sendCopies(new SidePath(way), MAX_COPIES, effects);
        if (copies == 0) {
            counters.count(Event.SENT);
            effects.send(way.socket, way.remote, ack(way.remoteId));
        }
    }

    long deadlineNanos() {
        return closed || !isConnected() ? Machine.NEVER : sender.deadlineNanos();
    }

    // Receiving.

    /** Does what a packet asks for, in the order of {@code docs/protocol.md}, "UDX reception". */
    private void takeIn(Incoming packet, int nextBefore, long now) {
        Bytes body = packet.body();
        boolean ahead = packet.seq() - receiving.next() >= 0;
        if (ahead && packet.has(DATA | END) && !remoteEnded) {
            takeOrKeep(packet, body.slice(packet.dataOffset()), now);
        }
        if (ahead && !closed && packet.has(PacketHeader.DESTROY)) {
            close(new CloseReason.ByPeer(), now);
        }
        if (!closed && packet.has(PacketHeader.MESSAGE)) {
            listener.message(body.slice(packet.dataOffset()), now);
        }
        takeKept(now);
        if (closed) {
            return;
        }
        if (!ahead && packet.has(DATA | END)) {
            counters.count(Event.DUPLICATE);
        }
        if (packet.ack() - sender.nextSeq() > 0) {
            counters.count(Event.ACK_FROM_FUTURE);
            return;
        }
        boolean endHadArrived = sender.endArrived();
        sender.window(packet);
        Bytes blocks = blocks(packet);
        sender.acknowledge(packet.ack(), blocks, now);
        boolean continues = receiving.next() != nextBefore;
        sender.compare(packet.ack(), blocks, continues, now);
        if (sender.isDeceived(now)) {
            destroy(deceived(), now);
            return;
        }
        countPending();
        completeRemoteChange(now);
        if (closed) {
            return;
        }
        boolean endArrivesNow = sender.endArrived() && !endHadArrived;
        ackDue |= packet.has(DATA | END) || endArrivesNow && !remoteEnded;
        if (sender.endArrived() && remoteEnded) {
            closeInOrder(now);
        } else if (writerWaits && !isAboveHighWater()) {
            writerWaits = false;
            listener.writable(now);
        }
    }

    private boolean isAboveHighWater() {
        return sender.isAboveHighWater(multiplexer.budget().highWaterBytes());
    }

    /** Keeps the budget of all streams up to date. */
    private void countPending() {
        long pending = closed ? 0 : sender.pendingBytes();
        multiplexer.budget().changed(pending - countedPending);
        countedPending = pending;
    }

    private static Bytes blocks(Incoming packet) {
        if (!packet.has(PacketHeader.SACK)) {
            return Bytes.EMPTY;
        }
        Bytes body = packet.body();
        int offset = packet.dataOffset();
        return offset > 0 && offset < body.length() ? body.slice(0, offset) : body;
    }

    private void takeOrKeep(Incoming packet, Bytes payload, long now) {
        boolean next = packet.has(DATA) && packet.seq() == receiving.next();
        if (held(payload) > mostHeld(next)) {
            counters.count(Event.REFUSED);
            return;
        }
        if (next) {
            noteEnd(packet);
            receiving.pass();
            give(payload, now);
            return;
        }
        switch (receiving.keep(packet.seq(), packet.flags(), payload)) {
            case IN_ORDER, KEPT -> noteEnd(packet);
            case DUPLICATE -> counters.count(Event.DUPLICATE);
            case REFUSED -> counters.count(Event.REFUSED);
        }
    }

    /** What the stream would hold for its reader if it took something in, in order or not. */
    private long held(Bytes payload) {
        return unread + receiving.bytes() + payload.length();
    }

    /**
     * What the stream may hold for its reader. More than was announced, since the peer counts
     * packets, not bytes, and of those that were kept only the ones in flight; more again for what
     * comes next, without which nothing that is kept can be read; and much less while nobody has
     * vouched for the sender.
     */
    private long mostHeld(boolean next) {
        if (!isConnected()) {
            return Math.min(windowLimit, MAX_BYTES_BEFORE_CONNECT);
        }
        return next ? MAX_HELD_WINDOWS * windowLimit : KEPT_WINDOWS * windowLimit;
    }

    private void noteEnd(Incoming packet) {
        if (packet.has(END) && !remoteEnding) {
            remoteEnding = true;
            remoteEndSeq = packet.seq();
        }
    }

    private void takeKept(long now) {
        while (!closed && !remoteEnded && !passEnd(now)) {
            Arrival arrival = receiving.poll();
            if (arrival == null) {
                return;
            }
            if ((arrival.flags() & DATA) != 0) {
                give(arrival.payload(), now);
            }
        }
    }

    /** Says that the peer has ended if everything up to its end was taken. */
    private boolean passEnd(long now) {
        if (!remoteEnding || receiving.next() - remoteEndSeq <= 0) {
            return false;
        }
        remoteEnded = true;
        receiving.clear();
        listener.ended(now);
        return true;
    }

    private void give(Bytes data, long now) {
        unread += data.length();
        listener.data(data, now);
    }

    private void completeRemoteChange(long now) {
        if (former != null && sender.haveArrivedBelow(sentBeforeChange)) {
            former = null;
            listener.remoteChanged(now);
        }
    }

    // Sending.

    /** What the peer may send. Less than a packet is nothing, lest it send one all the same. */
    private long windowBytes() {
        long room = windowLimit - unread;
        return room < MIN_WINDOW_BYTES ? 0 : room;
    }

    /** An ack, for whom the peer is known by the given id. */
    private Outgoing ack(int streamId) {
        SeqRanges kept = receiving.kept();
        int flags = kept.isEmpty() ? PacketHeader.ACK : PacketHeader.SACK;
        return header(flags, streamId, sender.nextSeq())
                .with(kept, receiving.mentioned(Sender.MAX_BLOCKS));
    }

    /** A header of today. */
    private Outgoing header(int flags, int streamId, int seq) {
        advertised = windowBytes();
        return multiplexer.outgoing().begin(flags, streamId, advertised, seq, receiving.next());
    }

    private void post(Bytes datagram) {
        if (outbox.size() == MAX_OUTBOX) {
            counters.count(Event.MESSAGE_DROPPED);
            return;
        }
        outbox.add(datagram);
        multiplexer.touch(this);
    }

    // Closing.

    private void closeInOrder(long now) {
        LocalSocket lastSocket = socket;
        if (lastSocket != null) {
            multiplexer.linger(localId, lastSocket, path.remote(), ack(remoteId).toBytes(), now);
        }
        close(new CloseReason.Ended(), now);
    }

    private void close(CloseReason reason, long now) {
        closed = true;
        countPending();
        receiving.clear();
        multiplexer.remove(this);
        listener.closed(reason, now);
    }

    /** The way to the remote; used only while connected. */
    private final class Path implements Sender.Path {

        Address remote() {
            Address address = remote;
            if (address == null) {
                throw new IllegalStateException("not connected");
            }
            return address;
        }

        private LocalSocket socket() {
            LocalSocket from = socket;
            if (from == null) {
                throw new IllegalStateException("not connected");
            }
            return from;
        }

        @Override
        public void send(SentPacket packet, int padding, Effects effects) {
            send(
                    header(packet.flags, remoteId, packet.seq)
                            .with(packet)
                            .padded(padding)
                            .whole(true),
                    effects);
        }

        @Override
        public void sendBare(int flags, int seq, Effects effects) {
            send(header(flags, remoteId, seq), effects);
        }

        @Override
        public void sendAgain(
                SentPacket packet, boolean whole, boolean desperate, Effects effects) {
            send(header(packet.flags, remoteId, packet.seq).with(packet).whole(whole), effects);
            Way old = former;
            if (desperate && old != null) {
                new SidePath(old).sendAgain(packet, effects);
            }
        }

        void send(Outgoing packet, Effects effects) {
            counters.count(Event.SENT);
            ackCarried = true;
            effects.send(socket(), remote(), packet);
        }

        void sendWritten(Bytes datagram, Effects effects) {
            counters.count(Event.SENT);
            ackCarried = true;
            effects.send(socket(), remote(), datagram);
        }

        /** An array with a header at its front and room for a message behind it. */
        byte[] frame(int flags, int seq, int messageLength) {
            byte[] datagram = new byte[PacketHeader.LENGTH + messageLength];
            advertised = windowBytes();
            new PacketHeader(flags, 0, remoteId, advertised, seq, receiving.next())
                    .writeTo(datagram);
            return datagram;
        }
    }

    /** Another way, for copies. */
    private final class SidePath implements Sender.Copies {

        private final Way way;

        SidePath(Way way) {
            this.way = way;
        }

        @Override
        public void sendAgain(SentPacket packet, Effects effects) {
            counters.count(Event.SENT);
            effects.send(
                    way.socket,
                    way.remote,
                    header(packet.flags, way.remoteId, packet.seq).with(packet));
        }
    }
}
