package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * How many packets may be in flight, so that the path is full and others have their share.
 *
 * <p>RFC 9438, counted in packets: slow start, then a cubic curve around the window at which packets
 * were last lost. What was lost in one round trip counts once.
 */
final class Cubic {

    static final int INITIAL_PACKETS = 10;
    static final int MIN_PACKETS = 4;

    /** A peer that acknowledges what it never got could raise the window for ever. */
    static final int MAX_PACKETS = ReceiveQueue.MAX_PACKETS_AHEAD;

    private static final double CAREFUL_GROWTH = 0.25;
    private static final double C = 0.4;
    private static final double BETA = 0.7;
    private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);

    private double window = INITIAL_PACKETS;
    private double threshold = Double.MAX_VALUE;
    private final SlowStart slowStart = new SlowStart();

    /** The curve; its epoch begins with the first ack after a loss. */
    private boolean inEpoch;

    private long epochStart;
    private double plateau;
    private double secondsToPlateau;
    private double renoWindow;

    int windowPackets() {
        return (int) window;
    }

    boolean inSlowStart() {
        return window < threshold;
    }

    /** Takes in the round trip of a packet that was sent at the given time. */
    void sample(long sentNanos, long rttNanos, long now) {
        if (inSlowStart() && slowStart.isOver(sentNanos, rttNanos, now)) {
            threshold = window;
        }
    }

    /**
     * Takes in the arrival of packets while the window was what held the sender back.
     *
     * @param rttNanos the smoothed round trip
     */
    void arrived(int packets, long rttNanos, long now) {
        if (inSlowStart()) {
            double growth = slowStart.isCareful() ? CAREFUL_GROWTH : 1;
            window = Math.min(window + growth * packets, MAX_PACKETS);
            return;
        }
        if (!inEpoch) {
            beginEpoch(now);
        }
        double t = seconds(now - epochStart + rttNanos);
        double curve = plateau + C * cube(t - secondsToPlateau);
        double target = Math.max(window, Math.min(curve, 1.5 * window));
        renoWindow += RENO_ALPHA * packets / window;
        double grown = window + packets * (target - window) / window;
        window = Math.min(Math.max(grown, renoWindow), MAX_PACKETS);
    }

    /** Takes in that a round trip lost packets. */
    void lost() {
        plateau = window < plateau ? window * (1 + BETA) / 2 : window;
        shrink(Math.max(window * BETA, MIN_PACKETS));
    }

    /**
     * Takes in that nothing came back in time.
     *
     * @param again whether this was so before, and nothing has come back since
     */
    void timedOut(int inFlight, boolean again) {
        if (!again) {
            plateau = window;
            shrink(Math.max(window * BETA, MIN_PACKETS));
        }
        window = inFlight + 1;
        slowStart.reset();
    }

    private void shrink(double to) {
        window = to;
        threshold = to;
        inEpoch = false;
    }

    private void beginEpoch(long now) {
        inEpoch = true;
        epochStart = now;
        renoWindow = window;
        plateau = Math.max(plateau, window);
        secondsToPlateau = Math.cbrt((plateau - window) / C);
    }

    private static double cube(double x) {
        return x * x * x;
    }

    private static double seconds(long nanos) {
        return (double) nanos / SECONDS.toNanos(1);
    }
}
