package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.udx.TimeWait.LastWord;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * All streams of one node, over all its sockets, found by the id in a packet.
 *
 * <p>Part of a machine: its owner offers it datagrams, expires and drains it as {@link Machine}
 * describes, and does something else with datagrams that are for no stream. Packets for unknown ids
 * are never answered.
 */
public final class StreamMultiplexer {

    private final Random entropy;
    private final Map<Integer, UdxStream> streams = new HashMap<>();
    private final TimeWait ended = new TimeWait();
    private final Deadlines<UdxStream> deadlines = new Deadlines<>();
    private final ArrayDeque<UdxStream> touched = new ArrayDeque<>();
    private final ArrayDeque<LastWord> repeats = new ArrayDeque<>();
    private final UdxCounters counters = new UdxCounters();

    /**
     * A multiplexer without streams.
     *
     * @param entropy where stream ids come from; they are all that keeps strangers out, so outside
     *     of tests it must be unpredictable
     */
    public StreamMultiplexer(Random entropy) {
        this.entropy = entropy;
    }

    /** Opens a stream that waits to be connected. */
    public UdxStream open(UdxStream.Listener listener) {
        return open(listener, UdxStream.DEFAULT_WINDOW_BYTES);
    }

    /**
     * Opens a stream that waits to be connected.
     *
     * @param windowBytes how much it buffers for a reader that does not read
     */
    public UdxStream open(UdxStream.Listener listener, int windowBytes) {
        int id = entropy.nextInt();
        while (streams.containsKey(id) || ended.remembers(id)) {
            id = entropy.nextInt();
        }
        return open(id, listener, windowBytes);
    }

    UdxStream open(int id, UdxStream.Listener listener, int windowBytes) {
        UdxStream stream = new UdxStream(this, id, listener, windowBytes);
        if (streams.putIfAbsent(id, stream) != null) {
            throw new IllegalStateException("stream " + Integer.toUnsignedString(id) + " is open");
        }
        return stream;
    }

    /** Streams that are open. */
    public int size() {
        return streams.size();
    }

    public UdxCounters counters() {
        return counters;
    }

    /**
     * Takes in a datagram.
     *
     * @return whether it was a packet for a stream; if not, it may be somebody else's
     */
    public boolean receive(Datagram datagram, long nowNanos) {
        Bytes payload = datagram.payload();
        if (!PacketHeader.leads(payload)) {
            return false;
        }
        int id = PacketHeader.streamIdOf(payload);
        UdxStream stream = streams.get(id);
        if (stream == null) {
            return receiveAfterEnd(id, payload, nowNanos);
        }
        counters.count(Event.RECEIVED);
        stream.receive(
                PacketHeader.of(payload), datagram.socket(), datagram.source(), payload, nowNanos);
        return true;
    }

    /** Acts on every deadline that has passed. */
    public void expire(long nowNanos) {
        UdxStream stream = deadlines.poll(nowNanos);
        while (stream != null) {
            touch(stream);
            stream.expire(nowNanos);
            stream = deadlines.poll(nowNanos);
        }
    }

    /** Sends everything that may be sent now. */
    public void drain(Effects effects, long nowNanos) {
        for (UdxStream stream = touched.poll(); stream != null; stream = touched.poll()) {
            stream.touched = false;
            stream.drain(effects, nowNanos);
            deadlines.set(stream, stream.deadlineNanos());
        }
        for (LastWord word = repeats.poll(); word != null; word = repeats.poll()) {
            effects.send(word.socket(), word.remote(), word.ack());
        }
    }

    /** When {@link #expire} is next worth calling, or {@link Machine#NEVER}. */
    public long deadlineNanos() {
        return deadlines.earliestNanos();
    }

    /** Notes that a stream has something to do at the next drain. */
    void touch(UdxStream stream) {
        if (!stream.touched) {
            stream.touched = true;
            touched.add(stream);
        }
    }

    void remove(UdxStream stream) {
        streams.remove(stream.localId());
        touch(stream);
    }

    /** Remembers a stream that ended well, to acknowledge its peer's end for as long as needed. */
    void linger(int localId, LocalSocket socket, Address remote, Bytes ack, long now) {
        if (ended.add(localId, socket, remote, ack, now)) {
            counters.count(Event.FORGOTTEN_EARLY);
        }
    }

    private boolean receiveAfterEnd(int id, Bytes packet, long now) {
        LastWord word = ended.find(id, now);
        if (word == null) {
            counters.count(Event.UNKNOWN_STREAM);
            return false;
        }
        if (PacketHeader.of(packet).has(PacketHeader.DATA | PacketHeader.END)) {
            counters.count(Event.ANSWERED_AFTER_END);
            repeats.add(word);
        }
        return true;
    }
}
