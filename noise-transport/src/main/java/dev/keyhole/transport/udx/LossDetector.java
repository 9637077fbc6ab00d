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

    /** Clocks and schedulers reorder this much by themselves. */
    private static final long MIN_REORDER_NANOS = MILLISECONDS.toNanos(1);

    /** Packets above a gap that are evidence of loss. */
    private static final int ENOUGH_SACKED = 3;

    private static final int MAX_PATIENCE_STEPS = 8;

    private final Flight flight;
    private final RttEstimator rtt;

    /** Of the packet sent last among all that have arrived. */
    private boolean tracking;

    private long trackedSentNanos;
    private int trackedSeq;
    private long trackedRttNanos;

    private int highestArrived;
    private boolean reorderingSeen;

    /** How many quarters of a round trip packets may be late; more after each false alarm. */
    private int patienceSteps = 1;

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
     * @param complete whether acks have room for all that arrives, so that the order in which they
     *     mention packets is that of their arrival
     * @return whether it had been given up too early
     */
    boolean arrived(SentPacket packet, boolean timely, boolean complete, long now) {
        long rttNanos = timely ? now - packet.sentNanos : trackedRttNanos;
        if (!tracking || packet.seq - highestArrived > 0) {
            highestArrived = packet.seq;
        } else if (packet.sentOnce() && complete) {
            reorderingSeen = true;
        }
        boolean ackOfEarlierCopy =
                !packet.sentOnce() && now - packet.sentNanos < rtt.minimumNanos();
        if (ackOfEarlierCopy || packet.arrivedThoughLost) {
            if (complete) {
                reorderingSeen = true;
                patienceSteps = Math.min(patienceSteps + 1, MAX_PATIENCE_STEPS);
            }
            return true;
        }
        if (!tracking || packet.sentAfter(trackedSentNanos, trackedSeq)) {
            tracking = true;
            trackedSentNanos = packet.sentNanos;
            trackedSeq = packet.seq;
            trackedRttNanos = rttNanos;
        }
        return false;
    }

    /**
     * Gives up what is lost by now, and finds out when to look again.
     *
     * @param recovering whether packets have been lost lately
     * @return whether any was
     */
    boolean detect(boolean recovering, long now) {
        recheckNanos = Long.MAX_VALUE;
        if (!tracking) {
            return false;
        }
        long patience = trackedRttNanos + reorderWindowNanos(recovering);
        boolean lost = false;
        SentPacket packet = flight.earliestSent();
        while (packet != null && !packet.sentAfter(trackedSentNanos, trackedSeq)) {
            if (packet.sentNanos + patience > now) {
                // All suspects were sent before the tracked one, so by then each has had its time.
                recheckNanos = trackedSentNanos + patience;
                return lost;
            }
            SentPacket later = Flight.after(packet);
            flight.lose(packet);
            lost = true;
            packet = later;
        }
        return lost;
    }

    /**
     * The same where acks have had no room for all that the peer holds, so that only what is missing
     * below the last they mentioned is known to be. It is lost, too, when it has been under way for
     * longer than packets take, whatever was sent after it.
     */
    boolean detectBelow(int mentionedBelow, boolean recovering, long now) {
        recheckNanos = Long.MAX_VALUE;
        long patience = trackedRttNanos + reorderWindowNanos(recovering);
        boolean lost = false;
        for (int gap = 0; gap <= flight.sackedRanges(); gap++) {
            int end = flight.gapEnd(gap);
            for (int seq = flight.gapStart(gap); seq - end < 0; seq++) {
                if (seq - mentionedBelow >= 0) {
                    return lost;
                }
                SentPacket packet = flight.at(seq);
                if (packet.state == SentPacket.State.IN_FLIGHT && isLost(packet, patience, now)) {
                    flight.lose(packet);
                    lost = true;
                }
            }
        }
        return lost;
    }

    private boolean isLost(SentPacket packet, long patience, long now) {
        if (packet.sentNanos + rtt.lateNanos() <= now) {
            return true;
        }
        if (!tracking || packet.sentAfter(trackedSentNanos, trackedSeq)) {
            return false;
        }
        if (packet.sentNanos + patience <= now) {
            return true;
        }
        recheckNanos = Math.min(recheckNanos, packet.sentNanos + patience);
        return false;
    }

    /** Gives up, after a timeout, the first packet and all others that had time to arrive. */
    void timedOut(long now) {
        recheckNanos = Long.MAX_VALUE;
        SentPacket lowest = flight.lowest();
        if (lowest != null) {
            // The one that the peer waits for: it may have no room for any other.
            flight.loseFirst(lowest);
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
            return Math.min(MIN_REORDER_NANOS, rtt.smoothedNanos() / 8);
        }
        long window = patienceSteps * (rtt.minimumNanos() / 4);
        return Math.max(MIN_REORDER_NANOS, Math.min(window, rtt.smoothedNanos()));
    }
}
