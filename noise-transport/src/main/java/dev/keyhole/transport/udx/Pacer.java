package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * Spreads packets over time, so that a full window does not hit the path's queues at once.
 *
 * <p>A bucket of bytes that fills at the rate the stream is allowed. It may be overdrawn by one
 * packet, and holds what a millisecond brings, or a small burst if that is more.
 */
final class Pacer {

    private static final long BURST_BYTES = 16 * 1172;
    private static final long SLICE_NANOS = MILLISECONDS.toNanos(1);
    private static final double UNLIMITED = Double.MAX_VALUE;

    private double bytesPerNano = UNLIMITED;
    private double budget = BURST_BYTES;
    private long filledAt;

    /** Sets the rate; what has accrued so far does so at the old one. */
    void rate(double bytesPerSecond, long now) {
        fill(now);
        bytesPerNano = bytesPerSecond / SECONDS.toNanos(1);
    }

    boolean allows(long now) {
        fill(now);
        return budget > 0;
    }

    void spend(int bytes) {
        if (bytesPerNano != UNLIMITED) {
            budget -= bytes;
        }
    }

    /** When sending is worth trying again after {@link #allows} said no. */
    long readyNanos() {
        double slice = Math.max(1, Math.min(capacity(), bytesPerNano * SLICE_NANOS) / 2);
        return filledAt + Math.max(1, (long) ((slice - budget) / bytesPerNano));
    }

    private void fill(long now) {
        if (bytesPerNano != UNLIMITED) {
            budget = Math.min(capacity(), budget + (now - filledAt) * bytesPerNano);
        }
        filledAt = now;
    }

    private double capacity() {
        return Math.max(BURST_BYTES, bytesPerNano * SLICE_NANOS);
    }
}
