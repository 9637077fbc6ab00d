package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;

/** One stream whose peer is the test, and whose clock is moved by hand. */
final class LoneStream {

    static final LocalSocket SOCKET = new LocalSocket(1, Address.loopback(1001));
    static final LocalSocket OTHER_SOCKET = new LocalSocket(2, Address.loopback(1002));
    static final Address PEER = Address.loopback(2001);
    static final Address OTHER_PEER = Address.loopback(2002);
    static final int LOCAL_ID = 16909060;
    static final int REMOTE_ID = 168496141;

    final StreamMultiplexer multiplexer = new StreamMultiplexer(new Random(1));
    final Recorder recorder = new Recorder();
    final Inbox inbox;
    final UdxStream stream;
    long now;

    LoneStream(Inbox inbox, int localId, int windowBytes) {
        this.inbox = inbox;
        this.stream = multiplexer.open(localId, inbox, windowBytes);
        inbox.stream = stream;
    }

    /** A stream that is connected to {@link #PEER}. */
    static LoneStream connected() {
        return connected(UdxStream.DEFAULT_WINDOW_BYTES);
    }

    static LoneStream connected(int windowBytes) {
        LoneStream lone = new LoneStream(new Inbox(), LOCAL_ID, windowBytes);
        lone.connect(REMOTE_ID);
        return lone;
    }

    void connect(int remoteId) {
        stream.connect(SOCKET, PEER, remoteId, now);
        drain();
    }

    /** Lets time pass until so many milliseconds after the beginning, and wakes on the way. */
    void until(long millis) {
        long end = MILLISECONDS.toNanos(millis);
        while (multiplexer.deadlineNanos() <= end) {
            now = Math.max(now, multiplexer.deadlineNanos());
            multiplexer.expire(now);
            drain();
        }
        now = end;
    }

    void write(String text) {
        stream.write(Bytes.utf8(text), now);
    }

    void drain() {
        multiplexer.drain(recorder, now);
    }

    /** What was sent since the last call, once drained. */
    List<Bytes> sent() {
        drain();
        return recorder.takePayloads();
    }

    /** Headers of what was sent since the last call, once drained. */
    List<PacketHeader> sentHeaders() {
        return sent().stream().map(PacketHeader::of).toList();
    }

    boolean receive(Bytes packet) {
        return receive(SOCKET, PEER, packet);
    }

    boolean receive(LocalSocket socket, Address source, Bytes packet) {
        boolean taken = multiplexer.receive(new Datagram(socket, source, packet), now);
        drain();
        return taken;
    }

    /** Receives a packet made of its parts, with an open window. */
    boolean receive(int flags, int seq, int ack, Bytes payload) {
        return receive(packet(flags, 4_194_304, seq, ack, payload));
    }

    static Bytes packet(int flags, long window, int seq, int ack, Bytes payload) {
        byte[] bytes = new byte[PacketHeader.LENGTH + payload.length()];
        new PacketHeader(flags, 0, LOCAL_ID, window, seq, ack).writeTo(bytes);
        payload.copyTo(bytes, PacketHeader.LENGTH);
        return Bytes.wrap(bytes);
    }

    /** The payload of a selective ack. */
    static Bytes blocks(int... edges) {
        byte[] bytes = new byte[4 * edges.length];
        for (int i = 0; i < edges.length; i++) {
            PacketHeader.putInt32(bytes, 4 * i, edges[i]);
        }
        return Bytes.wrap(bytes);
    }

    long count(UdxCounters.Event event) {
        return multiplexer.counters().of(event);
    }
}
