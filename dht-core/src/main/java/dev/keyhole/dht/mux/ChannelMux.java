package dev.keyhole.dht.mux;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Frames;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Many channels over one link ({@code docs/protocol.md}, "Channels").
 *
 * <p>A channel is open when both sides have opened the same protocol. Each side numbers its own, and
 * names that number in all it sends. Whoever breaks the rules loses the link.
 *
 * <p>Belongs to the thread of the link. Channels that the peer is to find are opened, or answered
 * for, before {@link #start}.
 */
public final class ChannelMux implements Link.Receiver {

    /** How many channels a peer may open. */
    public static final int MAX_OPEN = 256;

    /** How many of them may wait for somebody here to decide. */
    public static final int MAX_WAITING = 64;

    /** What may be kept for them before the peer is held up. */
    static final int MAX_KEPT_BYTES = 32_768;

    /** What a message counts beyond its length. */
    static final int MESSAGE_OVERHEAD_BYTES = 512;

    /** How long a batch may become before it is sent. */
    static final int MAX_BATCH_BYTES = 8 << 20;

    /** How deep batches within batches may go. */
    static final int MAX_NESTING = 8;

    /** How many rejects may pile up for a peer that does not read them. */
    static final int MAX_UNSENT_REJECTS = 1024;

    private static final int BATCH = 0;
    private static final int OPEN = 1;
    private static final int REJECT = 2;
    private static final int CLOSE = 3;

    /** Number of the channel that opens and closes the others. */
    private static final int CONTROL = 0;

    private final Link link;
    private final Map<Protocol, Handler> handlers = new HashMap<>();

    /** Our channels, the one with number n at n - 1. */
    private final List<@Nullable Channel> channels = new ArrayList<>();

    private final Deque<Integer> freeNumbers = new ArrayDeque<>();

    /** Numbers we have opened and the peer has not answered, oldest first. */
    private final Map<Integer, Protocol> unanswered = new LinkedHashMap<>();

    /** Our channels by the number the peer gave them. */
    private final Map<Integer, Channel> paired = new HashMap<>();

    /** What the peer opened and nobody has decided about, oldest first. */
    private final Map<Integer, Incoming> waiting = new LinkedHashMap<>();

    /** The greatest number the peer has used. */
    private int remoteNumbers;

    private int keptBytes;
    private boolean paused;
    private int unsentRejects;

    private int corks;
    private @Nullable WireWriter batch;
    private int batchChannel;
    private boolean over;

    /** Decides about channels that the peer opens. */
    @FunctionalInterface
    public interface Handler {

        /** Accepts or rejects what came in, now or later. */
        void opened(Incoming incoming);
    }

    public ChannelMux(Link link) {
        this.link = link;
    }

    /** Begins to read the link. */
    public void start() {
        link.start(this);
    }

    public Link link() {
        return link;
    }

    /**
     * Names who decides when the peer opens a channel that we have not; without anybody it is
     * rejected.
     *
     * @param protocol without an id it stands for all ids that nobody answers for
     */
    public void answer(Protocol protocol, Handler handler) {
        handlers.put(protocol, handler);
    }

    /**
     * Opens a channel, or joins the oldest one of this protocol that the peer has opened. Several of
     * the same protocol meet in the order in which they were opened.
     *
     * @param handshake what the peer learns with it
     */
    public Channel open(Protocol protocol, Bytes handshake, Channel.Listener listener) {
        for (Incoming incoming : waiting.values()) {
            if (incoming.protocol().equals(protocol)) {
                return accept(incoming, handshake, listener);
            }
        }
        Channel channel = newChannel(protocol, listener);
        if (over) {
            finish(channel, true);
            return channel;
        }
        unanswered.put(channel.number(), protocol);
        writeOpen(channel, handshake);
        return channel;
    }

    /** Holds back what is sent, to send it together. */
    public void cork() {
        corks++;
    }

    /** Takes back one {@link #cork}; the last one sends. */
    public void uncork() {
        if (corks == 0) {
            throw new IllegalStateException("uncorked more often than corked");
        }
        if (--corks == 0) {
            flush();
        }
    }

    /** Channels that are open on both sides. */
    public int openChannels() {
        return paired.size();
    }

    /** Channels that the peer waits for us to decide about. */
    public int waitingChannels() {
        return waiting.size();
    }

    // what channels ask for

    Channel accept(Incoming incoming, Bytes handshake, Channel.Listener listener) {
        if (!forget(incoming)) {
            throw new IllegalStateException("decided already");
        }
        Channel channel = newChannel(incoming.protocol(), listener);
        pair(channel, incoming.number());
        writeOpen(channel, handshake);
        listener.opened(channel, incoming.handshake());
        try {
            for (Incoming.Early message : incoming.early()) {
                deliver(channel, message.type(), message.message());
            }
        } catch (MalformedException e) {
            misbehaved(e);
        }
        resumeIfFree();
        return channel;
    }

    void reject(Incoming incoming) {
        if (forget(incoming)) {
            writeReject(incoming.number());
            resumeIfFree();
        }
    }

    void close(Channel channel) {
        if (!channel.isClosed()) {
            writeControl(new WireWriter().uint(CLOSE).uint(channel.number()));
            finish(channel, false);
        }
    }

    /** Sends what belongs to a channel, its type first. */
    boolean write(int number, Bytes content) {
        if (over) {
            return false;
        }
        if (corks > 0) {
            push(number, content);
            return true;
        }
        WireWriter writer = new WireWriter(content.length() + 5);
        return link.write(writer.uint(number).bytes(content).toBytes());
    }

    // what the link says

    @Override
    public void message(Bytes frame) {
        if (frame.isEmpty() || over) {
            return;
        }
        try {
            WireReader reader = new WireReader(frame);
            read(reader.uint(), reader, 0);
        } catch (MalformedException e) {
            misbehaved(e);
        }
    }

    @Override
    public void writable() {
        unsentRejects = 0;
        for (Channel channel : openedHere()) {
            channel.listener().writable();
        }
    }

    @Override
    public void ended() {
        link.end();
    }

    @Override
    public void closed(CloseReason reason) {
        over = true;
        waiting.clear();
        openedHere().forEach(channel -> finish(channel, true));
    }

    private void misbehaved(MalformedException e) {
        if (!over) {
            over = true;
            link.destroy(new CloseReason.Misbehaved(String.valueOf(e.getMessage())));
        }
    }

    // reading

    private void read(long number, WireReader reader, int depth) throws MalformedException {
        long type = reader.uint();
        if (number == CONTROL) {
            readControl(type, reader, depth);
        } else if (number <= remoteNumbers) {
            readData((int) number, type, reader.rest());
        }
    }

    private void readData(int number, long type, Bytes message) throws MalformedException {
        Channel channel = paired.get(number);
        if (channel != null) {
            deliver(channel, type, message);
            return;
        }
        Incoming incoming = waiting.get(number);
        if (incoming != null) {
            incoming.keep(new Incoming.Early(type, message));
            count(incoming, message.length());
        }
    }

    private void deliver(Channel channel, long type, Bytes message) throws MalformedException {
        if (!over && !channel.isClosed() && type <= Integer.MAX_VALUE) {
            channel.listener().message((int) type, message);
        }
    }

    private void readControl(long type, WireReader reader, int depth) throws MalformedException {
        if (type == BATCH) {
            readBatch(reader, depth);
        } else if (type == OPEN) {
            readOpen(reader);
        } else if (type == REJECT) {
            readReject(reader.uint());
        } else if (type == CLOSE) {
            readClose(reader.uint());
        }
    }

    /** Reads what was sent together; our answers to it go together, too. */
    private void readBatch(WireReader reader, int depth) throws MalformedException {
        if (depth == MAX_NESTING) {
            throw new MalformedException("batches nested deeper than " + MAX_NESTING);
        }
        long number = reader.uint();
        boolean corked = false;
        while (reader.remaining() > 0 && !over) {
            long length = reader.uint();
            if (length == 0) {
                number = reader.uint();
                continue;
            }
            Bytes entry = reader.bytes((int) Math.min(length, reader.remaining()));
            if (!corked && reader.remaining() > 0) {
                corked = true;
                cork();
            }
            read(number, new WireReader(entry), depth + 1);
        }
        if (corked) {
            uncork();
        }
    }

    private void readOpen(WireReader reader) throws MalformedException {
        long claimed = reader.uint();
        Protocol protocol = Protocol.decode(reader);
        Bytes handshake = reader.rest();
        if (claimed == CONTROL || claimed > remoteNumbers + 1L) {
            throw new MalformedException("channel " + claimed + " opened after " + remoteNumbers);
        }
        int number = (int) claimed;
        if (paired.containsKey(number) || waiting.containsKey(number)) {
            throw new MalformedException("channel " + number + " opened twice");
        }
        remoteNumbers = Math.max(remoteNumbers, number);
        Integer own = oldestUnanswered(protocol);
        if (own == null) {
            ask(new Incoming(this, protocol, number, handshake));
            return;
        }
        unanswered.remove(own);
        Channel channel = channels.get(own - 1);
        if (channel == null) {
            freeNumbers.push(own); // closed meanwhile, which the peer is about to hear
            return;
        }
        pair(channel, number);
        channel.listener().opened(channel, handshake);
    }

    private @Nullable Integer oldestUnanswered(Protocol protocol) {
        for (Map.Entry<Integer, Protocol> entry : unanswered.entrySet()) {
            if (entry.getValue().equals(protocol)) {
                return entry.getKey();
            }
        }
        return null;
    }

    private void ask(Incoming incoming) {
        Protocol protocol = incoming.protocol();
        Handler handler = handlers.get(protocol);
        if (handler == null) {
            handler = handlers.get(protocol.withoutId());
        }
        if (handler == null || paired.size() + waiting.size() >= MAX_OPEN) {
            writeReject(incoming.number());
            return;
        }
        waiting.put(incoming.number(), incoming);
        Bytes id = protocol.id();
        int idLength = id == null ? 0 : id.length();
        count(incoming, protocol.name().length() + idLength + incoming.handshake().length());
        handler.opened(incoming);
        if (waiting.size() > MAX_WAITING) {
            reject(incoming);
        }
    }

    private void readReject(long number) throws MalformedException {
        if (number > channels.size() || unanswered.remove((int) number) == null) {
            throw new MalformedException("channel " + number + " rejected, which is not asked for");
        }
        int own = (int) number;
        freeNumbers.push(own);
        Channel channel = channels.get(own - 1);
        if (channel != null) {
            finish(channel, true);
        }
    }

    private void readClose(long number) {
        if (number > remoteNumbers) {
            return;
        }
        Channel channel = paired.get((int) number);
        Incoming incoming = waiting.get((int) number);
        if (channel != null) {
            finish(channel, true);
        } else if (incoming != null) {
            reject(incoming); // so that the peer can use the number again
        }
    }

    // what is kept for channels nobody reads yet

    private void count(Incoming incoming, int length) {
        int bytes = MESSAGE_OVERHEAD_BYTES + length;
        incoming.count(bytes);
        keptBytes += bytes;
        if (!paused && keptBytes > MAX_KEPT_BYTES) {
            paused = true;
            link.pause();
        }
    }

    private boolean forget(Incoming incoming) {
        if (!waiting.remove(incoming.number(), incoming)) {
            return false;
        }
        keptBytes -= incoming.keptBytes();
        return true;
    }

    private void resumeIfFree() {
        if (paused && keptBytes <= MAX_KEPT_BYTES && !over) {
            paused = false;
            link.resume();
        }
    }

    // channels and their numbers

    private Channel newChannel(Protocol protocol, Channel.Listener listener) {
        Integer free = freeNumbers.poll();
        int number = free == null ? channels.size() + 1 : free;
        Channel channel = new Channel(this, protocol, listener, number);
        if (free == null) {
            channels.add(channel);
        } else {
            channels.set(number - 1, channel);
        }
        return channel;
    }

    private void pair(Channel channel, int remoteNumber) {
        channel.pairWith(remoteNumber);
        paired.put(remoteNumber, channel);
    }

    private void finish(Channel channel, boolean byPeer) {
        if (channel.isClosed()) {
            return;
        }
        channel.markClosed();
        channels.set(channel.number() - 1, null);
        if (channel.remoteNumber() > 0) {
            paired.remove(channel.remoteNumber());
            freeNumbers.push(channel.number());
        }
        channel.listener().closed(byPeer);
    }

    private List<Channel> openedHere() {
        List<Channel> open = new ArrayList<>();
        for (Channel channel : channels) {
            if (channel != null) {
                open.add(channel);
            }
        }
        return open;
    }

    // writing

    private void writeOpen(Channel channel, Bytes handshake) {
        WireWriter writer = new WireWriter().uint(OPEN).uint(channel.number());
        channel.protocol().encode(writer);
        writeControl(writer.bytes(handshake));
    }

    private void writeReject(int number) {
        boolean more = writeControl(new WireWriter().uint(REJECT).uint(number));
        if (!more && ++unsentRejects > MAX_UNSENT_REJECTS) {
            misbehaved(
                    new MalformedException(
                            "more than "
                                    + MAX_UNSENT_REJECTS
                                    + " opens without reading an answer"));
        }
    }

    private boolean writeControl(WireWriter content) {
        return write(CONTROL, content.toBytes());
    }

    private void push(int number, Bytes content) {
        int length = batch == null ? 0 : batch.length();
        boolean tooLong = length + content.length() > Frames.MAX_MESSAGE - 16;
        if (length >= MAX_BATCH_BYTES || length > 0 && tooLong) {
            flush();
        }
        WireWriter writer = batch;
        if (writer == null) {
            writer = new WireWriter().uint(CONTROL).uint(BATCH).uint(number);
            batch = writer;
        } else if (batchChannel != number) {
            writer.uint(0).uint(number);
        }
        batchChannel = number;
        writer.buffer(content);
    }

    private void flush() {
        WireWriter full = batch;
        batch = null;
        if (full != null && !over) {
            link.write(full.toBytes());
        }
    }
}
