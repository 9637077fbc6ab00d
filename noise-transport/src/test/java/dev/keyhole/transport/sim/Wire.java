package dev.keyhole.transport.sim;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.wire.Bytes;
import java.util.Random;

/** One direction between two hosts: a link and what it remembers of the datagrams before. */
final class Wire {

    /** Where a datagram leaves for, once or twice, and when. */
    @FunctionalInterface
    interface Exit {
        void at(long nanos, Bytes payload);
    }

    private static final double LOSS_IN_BURST = 0.8;
    private static final int IP_AND_UDP_BYTES = 28;

    Link link;
    boolean cut;

    /** The longest IP packet that passes in one piece. */
    int mtu = Integer.MAX_VALUE;

    private final Random random;
    private long freeAt;
    private long lastArrival;
    private long burstUntil;

    Wire(Link link, Random random) {
        this.link = link;
        this.random = random;
    }

    void carry(Bytes payload, boolean whole, long now, Exit exit) {
        boolean tooLong = whole && IP_AND_UDP_BYTES + payload.length() > mtu;
        if (cut || tooLong || isLost(now)) {
            return;
        }
        long sent = passBottleneck(payload.length(), now);
        if (sent < 0) {
            return;
        }
        int copies = happens(link.duplication()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            exit.at(arrival(sent), happens(link.corruption()) ? flipOneBit(payload) : payload);
        }
    }

    private boolean isLost(long now) {
        if (happens(link.burstLoss())) {
            burstUntil = now + draw(link.burstNanos());
        }
        return happens(now < burstUntil ? LOSS_IN_BURST : link.loss());
    }

    /** When the datagram is through the narrowest part; negative if it found the queue full. */
    private long passBottleneck(int bytes, long now) {
        if (link.bytesPerSecond() == 0) {
            return now;
        }
        long waiting = Math.max(0, freeAt - now);
        double queued = (double) waiting * link.bytesPerSecond() / SECONDS.toNanos(1);
        if (queued > link.queueBytes()) {
            return -1;
        }
        long takes = bytes * SECONDS.toNanos(1) / link.bytesPerSecond();
        freeAt = Math.max(now, freeAt) + takes;
        return freeAt;
    }

    private long arrival(long sent) {
        long arrival = sent + link.delayNanos() + draw(link.jitterNanos());
        if (happens(link.reordering())) {
            return arrival + draw(link.overtakenNanos());
        }
        lastArrival = Math.max(lastArrival, arrival);
        return lastArrival;
    }

    private Bytes flipOneBit(Bytes payload) {
        if (payload.isEmpty()) {
            return payload;
        }
        byte[] damaged = payload.toArray();
        int bit = random.nextInt(8 * damaged.length);
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        return Bytes.wrap(damaged);
    }

    private boolean happens(double chance) {
        return chance > 0 && random.nextDouble() < chance;
    }

    private long draw(long below) {
        return below == 0 ? 0 : (long) (random.nextDouble() * below);
    }
}
