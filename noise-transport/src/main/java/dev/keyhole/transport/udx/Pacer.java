package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * Spreads packets over time, so that a full window does not hit the path's queues at once.
 *
 * <p>A bucket of bytes that fills at the rate the stream is allowed. It may be overdrawn by one
 * packet, and holds what a millisecond brings, or a small burst if that is more; and if whoever asked
 * to be woken was woken late, also what the delay has brought, for a while.
 */
final class Pacer {

    private static final long BURST_BYTES = 16 * 1172;
    private static final long SLICE_NANOS = MILLISECONDS.toNanos(1);

    /** Timers of whole milliseconds, and machines with much else to do, are late by about this. */
    private static final long MAX_LATE_NANOS = MILLISECONDS.toNanos(4);

    private static final double UNLIMITED = Double.MAX_VALUE;

    private double bytesPerNano = UNLIMITED;
    private double budget = BURST_BYTES;
    private long filledAt;

    /** When sending was to go on; {@link Long#MAX_VALUE} if nobody waits. */
    private long wantedAt = Long.MAX_VALUE;

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
        wantedAt = filledAt + Math.max(1, (long) ((slice - budget) / bytesPerNano));
        return wantedAt;
    }

    private void fill(long now) {
        if (now > filledAt && bytesPerNano != UNLIMITED) {
            double most = capacity() + lateNanos(now) * bytesPerNano;
            budget = Math.min(most, budget + (now - filledAt) * bytesPerNano);
        }
        if (now >= wantedAt) {
            wantedAt = Long.MAX_VALUE;
        }
        filledAt = now;
    }

    private long lateNanos(long now) {
        return now <= wantedAt ? 0 : Math.min(now - wantedAt, MAX_LATE_NANOS);
    }

    private double capacity() {
        return Math.max(BURST_BYTES, bytesPerNano * SLICE_NANOS);
    }
}
