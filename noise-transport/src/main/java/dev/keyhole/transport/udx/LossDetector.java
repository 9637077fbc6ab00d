package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

/**
 * Decides which packets are lost, from the times at which others were sent and arrived.
 *
 * <p>RFC 8985 (RACK): a packet is lost when one sent later has arrived and it has had a round trip
 * and a bit more to do so itself. The bit more, the reorder window, is nothing until the path has
 * been seen to reorder, once there is other evidence of loss.
 */
final class LossDetector {

    /** Nothing was lost. */
    static final long NONE = Long.MIN_VALUE;

    /** Clocks and schedulers reorder this much by themselves. */
    private static final long MIN_REORDER_NANOS = MILLISECONDS.toNanos(1);

    /** Packets above a gap that are evidence of loss. */
    private static final int ENOUGH_SACKED = 3;

    private final Flight flight;
    private final RttEstimator rtt;

    /** Of the packet sent last among all that have arrived. */
    private boolean tracking;

    private long trackedSentNanos;
    private int trackedSeq;
    private long trackedRttNanos;

    private int highestArrived;
    private boolean reorderingSeen;
    private long recheckNanos = Long.MAX_VALUE;

    LossDetector(Flight flight, RttEstimator rtt) {
        this.flight = flight;
        this.rtt = rtt;
    }

    /** When packets now under suspicion will be lost; {@code Long.MAX_VALUE} if none is. */
    long recheckNanos() {
        return recheckNanos;
    }

    /**
     * Takes in a packet that has arrived.
     *
     * @param timely whether the ack says so as soon as it could
     */
    void arrived(SentPacket packet, boolean timely, long now) {
        long rttNanos = timely ? now - packet.sentNanos : trackedRttNanos;
        if (!tracking || packet.seq - highestArrived > 0) {
            highestArrived = packet.seq;
        } else if (packet.sentOnce()) {
            reorderingSeen = true;
        }
        boolean ackOfEarlierCopy =
                !packet.sentOnce() && now - packet.sentNanos < rtt.minimumNanos();
        if (ackOfEarlierCopy) {
            return;
        }
        if (!tracking || packet.sentAfter(trackedSentNanos, trackedSeq)) {
            tracking = true;
            trackedSentNanos = packet.sentNanos;
            trackedSeq = packet.seq;
            trackedRttNanos = rttNanos;
        }
    }

    /**
     * Gives up what is lost by now, and finds out when to look again.
     *
     * @param recovering whether packets have been lost lately
     * @return when the last packet that was given up had been sent, or {@link #NONE}
     */
    long detect(boolean recovering, long now) {
        recheckNanos = Long.MAX_VALUE;
        if (!tracking) {
            return NONE;
        }
        long patience = trackedRttNanos + reorderWindowNanos(recovering);
        long lost = NONE;
        SentPacket packet = flight.earliestSent();
        while (packet != null && !packet.sentAfter(trackedSentNanos, trackedSeq)) {
            if (packet.sentNanos + patience > now) {
                // All suspects were sent before the tracked one, so by then each has had its time.
                recheckNanos = trackedSentNanos + patience;
                return lost;
            }
            SentPacket later = Flight.after(packet);
            flight.lose(packet);
            lost = packet.sentNanos;
            packet = later;
        }
        return lost;
    }

    /** Gives up, after a timeout, the first packet and all others that had time to arrive. */
    void timedOut(long now) {
        recheckNanos = Long.MAX_VALUE;
        SentPacket lowest = flight.lowest();
        if (lowest != null && lowest.state == SentPacket.State.IN_FLIGHT) {
            flight.lose(lowest);
        }
        long patience = rtt.isSampled() ? rtt.smoothedNanos() + reorderWindowNanos(false) : 0;
        SentPacket packet = flight.earliestSent();
        while (packet != null && packet.sentNanos + patience <= now) {
            SentPacket later = Flight.after(packet);
            flight.lose(packet);
            packet = later;
        }
    }

    private long reorderWindowNanos(boolean recovering) {
        if (!reorderingSeen && (recovering || flight.sacked() >= ENOUGH_SACKED)) {
            return NONE;
        }
        return Math.max(MIN_REORDER_NANOS, Math.min(rtt.minimumNanos() / 4, rtt.smoothedNanos()));
    }
}
