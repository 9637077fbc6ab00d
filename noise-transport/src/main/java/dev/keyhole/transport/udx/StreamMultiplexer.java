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
    private final IdMap<UdxStream> streams = new IdMap<>();
    private final IdMap<StreamRelay.End> relayed = new IdMap<>();
    private final ArrayDeque<StreamRelay.End> forwarding = new ArrayDeque<>();
    private final TimeWait ended = new TimeWait();
    private final Deadlines<UdxStream> deadlines = new Deadlines<>();
    private final ArrayDeque<UdxStream> touched = new ArrayDeque<>();
    private final ArrayDeque<LastWord> repeats = new ArrayDeque<>();
    private final UdxCounters counters = new UdxCounters();
    private final PacketPool packets = new PacketPool();
    private final RttProbes rttProbes = new RttProbes();
    private final SendBudget budget = new SendBudget();
    private final Outgoing outgoing = new Outgoing();
    private final Incoming incoming = new Incoming();

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
        return open(unusedId(), listener, windowBytes);
    }

    private int unusedId() {
        int id = entropy.nextInt();
        while (streams.contains(id) || ended.remembers(id) || relayed.contains(id)) {
            id = entropy.nextInt();
        }
        return id;
    }

    /**
     * Forwards packets between two others from now on.
     *
     * @param initiatorId the id that packets to the one end have to carry
     * @param responderId the same for the other end
     */
    public StreamRelay relay(
            int initiatorId, int responderId, StreamRelay.Guard guard, long nowNanos) {
        int first = unusedId();
        int second = unusedId();
        while (second == first) {
            second = unusedId();
        }
        return relay(first, initiatorId, second, responderId, guard, nowNanos);
    }

    StreamRelay relay(
            int firstLocalId,
            int initiatorId,
            int secondLocalId,
            int responderId,
            StreamRelay.Guard guard,
            long nowNanos) {
        StreamRelay relay =
                new StreamRelay(
                        this,
                        guard,
                        firstLocalId,
                        initiatorId,
                        secondLocalId,
                        responderId,
                        nowNanos);
        relayed.put(firstLocalId, relay.initiator());
        relayed.put(secondLocalId, relay.responder());
        return relay;
    }

    UdxStream open(int id, UdxStream.Listener listener, int windowBytes) {
        UdxStream stream = new UdxStream(this, id, listener, windowBytes);
        streams.put(id, stream);
        return stream;
    }

    /** Streams that are forwarded, counted at both ends. */
    public int relayedEnds() {
        return relayed.size();
    }

    /** Streams that are open. */
    public int size() {
        return streams.size();
    }

    public UdxCounters counters() {
        return counters;
    }

    PacketPool packets() {
        return packets;
    }

    RttProbes rttProbes() {
        return rttProbes;
    }

    SendBudget budget() {
        return budget;
    }

    Outgoing outgoing() {
        return outgoing;
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
        StreamRelay.End end = relayed.get(id);
        if (end != null) {
            end.receive(datagram, nowNanos);
            return true;
        }
        UdxStream stream = streams.get(id);
        if (stream == null) {
            return receiveAfterEnd(id, payload, nowNanos);
        }
        counters.count(Event.RECEIVED);
        stream.receive(incoming.read(payload), datagram.socket(), datagram.source(), nowNanos);
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
        for (StreamRelay.End end = forwarding.poll(); end != null; end = forwarding.poll()) {
            end.drain(effects);
        }
        // Streams take turns; if the machine is busy, the rest of them has the next ones.
        while (!touched.isEmpty() && !effects.isBusy()) {
            UdxStream stream = touched.remove();
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

    void touch(StreamRelay.End end) {
        forwarding.add(end);
    }

    void remove(StreamRelay.End end) {
        relayed.remove(end.localId());
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
