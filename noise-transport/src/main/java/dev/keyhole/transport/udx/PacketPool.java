package dev.keyhole.transport.udx;

import org.jspecify.annotations.Nullable;

/** Packets that have arrived and may serve again, shared by all streams of a thread. */
final class PacketPool {

    /** What a few busy streams have in flight; more are left to the collector. */
    static final int MAX_PACKETS = 4096;

    private @Nullable SentPacket free;
    private int count;

    /** A packet which is nobody's. */
    SentPacket take() {
        SentPacket packet = free;
        if (packet == null) {
            return new SentPacket();
        }
        free = packet.later;
        packet.later = null;
        count--;
        return packet;
    }

    /** Takes back a packet that nobody knows any more. */
    void give(SentPacket packet) {
        packet.release();
        if (count < MAX_PACKETS) {
            packet.earlier = null;
            packet.later = free;
            free = packet;
            count++;
        }
    }
}
