package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.udx.UdxExchange.Side;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Somebody who is not part of an exchange and joins in: with packets for streams that do not exist,
 * with packets seen before, with headers that cannot be true, or by changing those of others.
 *
 * <p>None of that may cost more than packets that have to be sent again. What somebody can do who
 * sees the packets and forges those that could be true is another matter.
 */
final class Meddler {

    private static final int MOST_REMEMBERED = 64;
    private static final int UNKNOWN_FLAGS = 0xc0;
    private static final int MAX_INTERVENTIONS = 3_000;

    private final SimNetwork net;
    private final Random random;
    private final UdxExchange exchange;
    private final Address own = Address.of("10.6.6.6", 666);
    private final List<Seen> seen = new ArrayList<>();

    /** What they do. */
    enum Way {
        /** Packets of all kinds, for ids that nobody has. */
        GUESSES_IDS,
        /** What was seen before, from anywhere and at any time. */
        REPLAYS,
        /** Packets for the right id, with numbers that no peer could send. */
        LIES_ABOUT_NUMBERS,
        /** Packets for the right id which say that the window is another. */
        LIES_ABOUT_WINDOWS,
        /** Headers change on the way, so that packets cannot be heeded or say what is not true. */
        DAMAGES
    }

    private record Seen(Address source, Address destination, Bytes payload) {}

    private Meddler(SimNetwork net, UdxExchange exchange) {
        this.net = net;
        this.exchange = exchange;
        this.random = new Random(net.random().nextLong());
    }

    static Way join(SimNetwork net, UdxExchange exchange) {
        Meddler meddler = new Meddler(net, exchange);
        Way[] ways = Way.values();
        Way way = ways[net.random().nextInt(ways.length)];
        if (way == Way.DAMAGES) {
            double share = 0.1 * net.random().nextDouble();
            net.meddle(
                    (source, destination, payload) ->
                            meddler.random.nextDouble() < share
                                    ? meddler.damaged(payload)
                                    : payload);
        } else {
            net.tap(meddler::passing);
            meddler.intervene(way, 0);
        }
        return way;
    }

    private void passing(Address source, Address destination, Bytes payload) {
        if (seen.size() < MOST_REMEMBERED) {
            seen.add(new Seen(source, destination, payload));
        } else if (random.nextInt(4) == 0) {
            seen.set(random.nextInt(MOST_REMEMBERED), new Seen(source, destination, payload));
        }
    }

    private void intervene(Way way, int so) {
        if (exchange.closed() || so == MAX_INTERVENTIONS) {
            return;
        }
        // What is read only after a sleep may have become possible.
        boolean awake = !exchange.a.host.isAsleep() && !exchange.b.host.isAsleep();
        if (!seen.isEmpty() && awake) {
            act(way, seen.get(random.nextInt(seen.size())));
        }
        long next = MILLISECONDS.toNanos(1 + random.nextInt(60));
        net.after(next, () -> intervene(way, so + 1));
    }

    private void act(Way way, Seen example) {
        Side to = random.nextBoolean() ? exchange.a : exchange.b;
        Address target = random.nextInt(4) == 0 ? to.otherSocket.local() : to.socket.local();
        switch (way) {
            case GUESSES_IDS -> net.inject(own, target, misaddressed(example.payload));
            case REPLAYS ->
                    net.inject(
                            random.nextBoolean() ? own : example.source,
                            example.destination,
                            example.payload);
            case LIES_ABOUT_NUMBERS -> net.inject(own, to.socket.local(), impossible(to));
            case LIES_ABOUT_WINDOWS -> net.inject(own, to.socket.local(), narrowing(to));
            case DAMAGES -> throw new AssertionError("done on the way");
        }
    }

    private Bytes misaddressed(Bytes payload) {
        byte[] bytes = payload.toArray();
        bytes[2] = (byte) random.nextInt(256);
        int id = random.nextInt();
        while (isId(id)) {
            id = random.nextInt();
        }
        PacketHeader.putInt32(bytes, PacketHeader.STREAM_ID_AT, id);
        return Bytes.wrap(bytes);
    }

    private boolean isId(int id) {
        return id == exchange.a.stream.localId() || id == exchange.b.stream.localId();
    }

    /** A packet that acknowledges too much or too little, or has a number far from any due. */
    private Bytes impossible(Side to) {
        int next = to.other().stream.nextSeq();
        int future = to.stream.nextSeq() + 1 + random.nextInt(1 << random.nextInt(31));
        int past = to.firstSeq() - random.nextInt(1 << random.nextInt(31));
        int early = next - 1 - random.nextInt(1 << random.nextInt(20));
        int late = next + 2 * ReceiveQueue.MAX_PACKETS_AHEAD + random.nextInt(1 << 30);
        int anyFlags = random.nextInt(64);
        return switch (random.nextInt(5)) {
            // Takes no number, and acknowledges what was never sent.
            case 0 -> packet(to, PacketHeader.SACK, next, future, blocks(to));
            // The same with a number that is long gone: nothing in it is to be heeded.
            case 1 -> packet(to, withoutMessage(anyFlags), past(to), future, noise());
            // A selective ack that cannot be, with an ack that says nothing new.
            case 2 -> packet(to, PacketHeader.SACK, early, past, blocks(to));
            // Far beyond what anybody keeps.
            case 3 -> packet(to, PacketHeader.DATA | PacketHeader.END, late, past, noise());
            default -> packet(to, PacketHeader.HEARTBEAT | anyFlags, next, future, noise());
        };
    }

    /** A number that has been taken, so that a packet with it is a repetition. */
    private int past(Side to) {
        return to.other().firstSeq() - 1 - random.nextInt(1 << random.nextInt(30));
    }

    private static int withoutMessage(int flags) {
        return flags & ~PacketHeader.MESSAGE;
    }

    /** Selective acks of what was never sent or has long arrived, reversed, empty or cut off. */
    private Bytes blocks(Side to) {
        int count = random.nextInt(3) == 0 ? 180 : random.nextInt(4);
        byte[] blocks = new byte[8 * count + random.nextInt(8)];
        for (int i = 0; i < count; i++) {
            int end = to.stream.nextSeq();
            int start =
                    switch (random.nextInt(3)) {
                        case 0 -> end + random.nextInt(1 << random.nextInt(31));
                        case 1 -> to.firstSeq() - 1 - random.nextInt(1 << random.nextInt(31));
                        default -> random.nextInt();
                    };
            boolean reversed = random.nextBoolean();
            int other = reversed ? start - random.nextInt(1000) : end + 1 + random.nextInt(1 << 30);
            PacketHeader.putInt32(blocks, 8 * i, start);
            PacketHeader.putInt32(blocks, 8 * i + 4, other);
        }
        return Bytes.wrap(blocks);
    }

    private Bytes noise() {
        return Bytes.random(random, random.nextInt(1200));
    }

    /** A packet of today but for its window. */
    private Bytes narrowing(Side to) {
        long window =
                random.nextBoolean() ? random.nextInt(3_000) : random.nextInt() & 0xffff_ffffL;
        int seq = to.other().stream.nextSeq() + (random.nextInt(4) == 0 ? random.nextInt() : 0);
        return packet(
                to, PacketHeader.ACK, random.nextInt(3) == 0 ? 0 : window, seq, to.firstSeq());
    }

    private Bytes packet(Side to, int flags, int seq, int ack, Bytes body) {
        return packet(to, flags, 4_194_304, seq, ack, body);
    }

    private Bytes packet(Side to, int flags, long window, int seq, int ack) {
        return packet(to, flags, window, seq, ack, Bytes.EMPTY);
    }

    private static Bytes packet(Side to, int flags, long window, int seq, int ack, Bytes body) {
        byte[] bytes = new byte[PacketHeader.LENGTH + body.length()];
        new PacketHeader(flags, 0, to.stream.localId(), window, seq, ack).writeTo(bytes);
        body.copyTo(bytes, PacketHeader.LENGTH);
        return Bytes.wrap(bytes);
    }

    /** A packet some field of whose header is not what was sent; what it carries is untouched. */
    private Bytes damaged(Bytes payload) {
        if (!PacketHeader.leads(payload)) {
            return payload;
        }
        byte[] bytes = payload.toArray();
        PacketHeader header = PacketHeader.of(payload);
        switch (random.nextInt(6)) {
            case 0 -> bytes[random.nextInt(2)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[2] ^= (byte) (UNKNOWN_FLAGS & random.nextInt());
            case 2 -> bytes[4 + random.nextInt(4)] ^= (byte) (1 << random.nextInt(8));
            case 3 -> PacketHeader.putInt32(bytes, 8, random.nextInt());
            case 4 -> PacketHeader.putInt32(bytes, 16, header.ack() - random.nextInt(1 << 30));
            default -> PacketHeader.putInt32(bytes, 16, header.ack() + (1 << 30));
        }
        return Bytes.wrap(bytes);
    }
}
