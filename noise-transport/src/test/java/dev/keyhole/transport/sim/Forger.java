package dev.keyhole.transport.sim;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Somebody on the way who sees every UDX packet and sends others that could be true: with the right
 * id, any flags, numbers and acks close to those of the day, any window, and selective acks of what
 * is under way.
 */
public final class Forger {

    private static final int HEADER_BYTES = 20;
    private static final int FLAGS_AT = 2;
    private static final int OFFSET_AT = 3;
    private static final int WINDOW_AT = 8;
    private static final int SEQ_AT = 12;
    private static final int ACK_AT = 16;
    private static final int SACK = 4;
    private static final int DESTROY = 16;
    private static final int MOST_REMEMBERED = 32;

    private final SimNetwork net;
    private final Random random;
    private final List<Seen> seen = new ArrayList<>();
    private int left;

    private record Seen(Address source, Address destination, Bytes payload) {}

    private Forger(SimNetwork net, int packets) {
        this.net = net;
        this.random = new Random(net.random().nextLong());
        this.left = packets;
    }

    /** Has so many packets forged, one every few milliseconds. */
    public static void join(SimNetwork net, int packets) {
        Forger forger = new Forger(net, packets);
        net.tap(forger::passing);
        forger.go();
    }

    private void passing(Address source, Address destination, Bytes payload) {
        if (payload.length() < HEADER_BYTES) {
            return;
        }
        if (seen.size() == MOST_REMEMBERED) {
            seen.remove(random.nextInt(MOST_REMEMBERED));
        }
        seen.add(new Seen(source, destination, payload));
    }

    private void go() {
        if (left == 0) {
            return;
        }
        left--;
        if (!seen.isEmpty()) {
            Seen example = seen.get(random.nextInt(seen.size()));
            net.inject(example.source, example.destination, forged(example.payload));
        }
        net.after(MILLISECONDS.toNanos(1 + random.nextInt(40)), this::go);
    }

    private Bytes forged(Bytes example) {
        int body = random.nextInt(3) == 0 ? 8 * random.nextInt(60) : random.nextInt(1200);
        boolean same = random.nextInt(3) == 0;
        byte[] bytes = new byte[same ? example.length() : HEADER_BYTES + body];
        example.slice(0, same ? example.length() : HEADER_BYTES).copyTo(bytes, 0);
        ByteBuffer packet = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int seq = packet.getInt(SEQ_AT);
        int ack = packet.getInt(ACK_AT);
        if (random.nextInt(2) == 0) {
            packet.put(FLAGS_AT, flags());
        }
        if (random.nextInt(20) == 0) {
            packet.put(OFFSET_AT, (byte) random.nextInt(256));
        }
        if (random.nextInt(2) == 0) {
            packet.putInt(
                    WINDOW_AT, random.nextBoolean() ? random.nextInt(4_000) : random.nextInt());
        }
        packet.putInt(SEQ_AT, nearby(seq));
        packet.putInt(ACK_AT, nearby(ack));
        boolean sack = !same && (packet.get(FLAGS_AT) & SACK) != 0;
        for (int at = HEADER_BYTES; sack && at + 8 <= bytes.length; at += 8) {
            packet.putInt(at, nearby(ack + 10));
            packet.putInt(at + 4, nearby(ack + 12));
        }
        return Bytes.wrap(bytes);
    }

    /** All kinds of flags, but rarely those that end everything at once. */
    private byte flags() {
        int flags = random.nextInt(256);
        return (byte) (random.nextInt(30) == 0 ? flags : flags & ~DESTROY);
    }

    private int nearby(int number) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> number;
            case 3, 4 -> number + random.nextInt(20) - 5;
            case 5, 6 -> number + random.nextInt(10_000) - 100;
            default -> random.nextInt();
        };
    }
}
