package dev.keyhole.transport.udx;

/**
 * What all streams of a node may hold of what was written and has not arrived.
 *
 * <p>A few streams get all the room that they can use. Where many write at once, each gets less beyond
 * its window the more there is in all, so that a thousand of them do not fill the memory.
 */
final class SendBudget {

    static final long BYTES = 64L << 20;

    /** Up to here nobody is held back for the sake of others. */
    private static final long PLENTY_BYTES = BYTES / 2;

    private long pending;

    void changed(long bytes) {
        pending += bytes;
    }

    /** What may be waiting for acks beyond one window before a stream's writers are asked to stop. */
    long highWaterBytes() {
        double free = (double) (BYTES - pending) / PLENTY_BYTES;
        return (long) (Sender.HIGH_WATER_BYTES * Math.max(0, Math.min(1, free)));
    }

    long pendingBytes() {
        return pending;
    }
}
