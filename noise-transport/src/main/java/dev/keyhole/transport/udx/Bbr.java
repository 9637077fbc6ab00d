package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.Random;

/**
 * How many packets may be in flight, and how fast they leave: BBR, after its first version.
 *
 * <p>It models the path, by the highest rate of delivery of late and by the shortest round trip, and
 * keeps as much in flight as the path holds; a lost packet here and there changes nothing. Where this
 * differs from the original ({@code docs/protocol.md}, "Sending over UDX"), it is mostly for streams
 * that share a path:
 *
 * <ul>
 *   <li>What a stream may have in the queue grows with the square root of what the path holds of
 *       it. Of streams in one queue, each gets a part of the rate as large as its part of the queue,
 *       so the faster one gets less than it had, and all come to be equally fast.
 *   <li>A round that loses more than five packets in a hundred is taken for a full queue. It holds
 *       the window for the round and, once in a cycle, has rates forgotten that were measured
 *       before the queue was full: not more often, or a stream that heeds no losses would be left
 *       everything. A startup goes on in spite of losses for as long as it brings more.
 *   <li>Where the queue was full and no probe of its own had filled it, a stream is in a crowd, all
 *       of whom think that there is more than there is. It then leaves a little of its rate and of
 *       its part of the queue, so that probes find room, and probes for more.
 *   <li>A probe that brings much more leads to another startup, since that is what a stream finds
 *       which has less than its share. One that has more finds little.
 *   <li>The shortest round trip is looked for with half a path in flight, not with four packets,
 *       and by all streams of a node at the same time ({@link RttProbes}).
 * </ul>
 */
final class Bbr {

    static final int INITIAL_PACKETS = 10;
    static final int MIN_PACKETS = 4;

    /** A peer that acknowledges what it never got could raise the window for ever. */
    static final int MAX_PACKETS = ReceiveQueue.MAX_PACKETS_AHEAD;

    private static final double STARTUP_GAIN = 2.885;

    /** From so many packets in flight on a startup takes it slower: it will overshoot by as many. */
    private static final int MANY_PACKETS = 500;

    private static final double STARTUP_GAIN_OF_MANY = 2;
    private static final double STARTUP_GROWTH_OF_MANY = 0.5;

    private static final double CAREFUL_GAIN = 1.5;
    private static final double WINDOW_GAIN = 2;
    private static final double CAREFUL_WINDOW_GAIN = 1.75;
    private static final double WINDOW_GAIN_FOR_PROBE = 0.5;

    /** What may queue of a stream of which the path holds one packet; of four, twice as much. */
    private static final double QUEUED_PACKETS = 8;

    /** Phases of a cycle, each about a round trip: probe for more, drain, and then cruise. */
    private static final int PROBE = 0;

    private static final int DRAIN_AFTER_PROBE = 1;
    private static final int FIRST_CRUISE = 2;
    private static final int MIN_PHASES = 6;
    private static final int MORE_PHASES = 4;

    private static final double PROBE_GAIN = 1.25;
    private static final double DRAIN_AFTER_PROBE_GAIN = 0.75;

    /** Where a quarter more is a packet or two, and lost in the noise, probes try twice as much. */
    private static final int FEW_PACKETS = 40;

    private static final double PROBE_GAIN_OF_FEW = 2;

    private static final double PROBE_GAIN_IN_CROWD = 1.5;
    private static final double CRUISE_GAIN_IN_CROWD = 0.95;

    /** What a stream in a crowd takes of its part of the queue, unless it probes. */
    private static final double QUEUE_IN_CROWD = 0.6;

    /** By how much the rate has grown when a probe has found that there is more to be had. */
    private static final double GROWTH_BY_PROBE = 1.08;

    /** How many more packets the path then holds: less than one is noise. */
    private static final double PACKETS_BY_PROBE = 1;

    /** A little less than the path carries, so that queues empty. */
    private static final double PACING_MARGIN = 0.99;

    private static final int BANDWIDTH_ROUNDS = 8;
    private static final double STARTUP_GROWTH = 1.25;
    private static final int STARTUP_ROUNDS_WITHOUT_GROWTH = 3;

    private static final long MIN_RISE_NANOS = MILLISECONDS.toNanos(4);
    private static final long MAX_RISE_NANOS = MILLISECONDS.toNanos(16);
    private static final int MIN_IN_ROW = 8;

    private static final long MIN_RTT_LASTS_NANOS = SECONDS.toNanos(10);
    private static final long PROBE_RTT_NANOS = MILLISECONDS.toNanos(200);

    /** What was sent in the first is behind what others had sent before they joined in. */
    private static final int PROBE_RTT_ROUNDS = 2;

    private static final int PROBE_RTT_PACKETS = 2;

    /**
     * What hosts take to answer when they are busy. Over a path that is quicker, a window for its
     * shortest round trip would have both ends wait for each other.
     */
    private static final long BUSY_HOST_NANOS = MILLISECONDS.toNanos(2);

    private static final int AGGREGATION_ROUNDS = 5;

    /** What acks of bunches may add to the window: no more than the path, between these. */
    private static final long MIN_AGGREGATION_NANOS = MILLISECONDS.toNanos(20);

    private static final long MAX_AGGREGATION_NANOS = MILLISECONDS.toNanos(100);

    private static final double HEAVY_LOSS = 0.05;
    private static final int HEAVY_LOSS_PACKETS = 8;

    /** What remains at least of a rate that was measured before a queue was full. */
    private static final double RATE_AFTER_LOSS = 0.85;

    /** What is being found out. */
    private enum State {
        STARTUP,
        DRAIN,
        PROBE_BANDWIDTH,
        PROBE_RTT
    }

    private State state = State.STARTUP;
    private double window = INITIAL_PACKETS;

    private long round;
    private long roundEndsAt;
    private boolean roundStarted;
    private int lostInRound;
    private int packetsOfRound = INITIAL_PACKETS;
    private boolean heavyLossInRound;
    private boolean heavyLossInLastRound;
    private boolean forgotInCycle;

    /** Whether in this cycle the queue was full, and it was not for a probe of this stream. */
    private boolean crowdInCycle;

    /** The same of the cycle before. */
    private boolean inCrowd;

    /** The highest rate in each of the last rounds that had one; rounds without do not count. */
    private final double[] bandwidthOfRounds = new double[BANDWIDTH_ROUNDS];

    private int latestBandwidth;
    private double bandwidth;

    private long minRttNanos = Long.MAX_VALUE;
    private long minRttAt;
    private boolean idle = true;

    private double fullBandwidth;
    private int roundsWithoutGrowth;
    private boolean pipeFull;
    private boolean startupEndedByLoss;

    /** The rate at the beginning of the last probe; 0 before the first. */
    private double bandwidthBeforeProbe;

    private boolean queueGrows;
    private long shortestInRow = Long.MAX_VALUE;
    private int inRow;

    private final Random dice;
    private final RttProbes probes;
    private int phase;
    private int phases;
    private long phaseAt;

    private long probeRttUntil;
    private int probeRttRounds;

    private final double[] aggregations = new double[2];
    private long aggregationRound;
    private long aggregationAt;
    private double aggregated;

    /** What the window was before a loss or a timeout made it small; 0 if none did. */
    private double windowBefore;

    private boolean conserving;

    /**
     * Congestion control for a new path.
     *
     * @param dice decides nothing that matters to anybody else
     * @param probes those of all streams of the node
     */
    Bbr(Random dice, RttProbes probes) {
        this.dice = dice;
        this.probes = probes;
    }

    int windowPackets() {
        return (int) window;
    }

    /** How fast packets may leave, in packets per second; 0 if nothing is known yet. */
    double packetsPerSecond(long smoothedRttNanos) {
        double rtt = Math.max(1, smoothedRttNanos);
        double perNano = bandwidth > 0 ? bandwidth : window / rtt;
        double paced = PACING_MARGIN * pacingGain() * perNano;
        return Math.max(paced, MIN_PACKETS / rtt) * SECONDS.toNanos(1);
    }

    /** Takes in that packets leave again after none were in flight. */
    void resumed() {
        idle = true;
    }

    /** Takes in that packets were given up for lost, with so many left in flight. */
    void lost(int packets, int inFlight) {
        lostInRound += packets;
        if (isLossHeavy() && !heavyLossInRound) {
            heavyLossInRound = true;
            crowdInCycle |= state == State.PROBE_BANDWIDTH && phase > FIRST_CRUISE;
            if (pipeFull) {
                shrink(inFlight);
                conserving = true;
            }
        }
    }

    /** Takes in that a packet arrived which had been given up for lost. */
    void neverLost() {
        lostInRound = Math.max(0, lostInRound - 1);
        if (heavyLossInRound && !isLossHeavy()) {
            heavyLossInRound = false;
            recovered();
        }
    }

    /** Takes in that nothing came back in time. One packet may leave, whatever is still in flight. */
    void timedOut(int inFlight) {
        windowBefore = Math.max(window, windowBefore);
        window = inFlight + 1.0;
        fullBandwidth = 0;
        roundsWithoutGrowth = 0;
    }

    /** Takes in that what had been lost has arrived, or never was. */
    void recovered() {
        conserving = false;
        window = Math.max(window, windowBefore);
        windowBefore = 0;
    }

    /**
     * Takes in an ack.
     *
     * @param packets how many arrived
     * @param inFlight how many still are
     * @param timely whether all arrived just now, as far as can be told
     * @param rttNanos the round trip of one of them; negative if none can be told
     */
    void arrived(
            int packets, int inFlight, boolean timely, long rttNanos, DeliveryRate rate, long now) {
        countRound(rate, inFlight);
        measureBandwidth(rate);
        if (timely) {
            measureAggregation(packets, now);
        }
        advanceCycle(inFlight, now);
        judgeQueue(rttNanos);
        judgeStartup(rate);
        judgeDrain(inFlight, now);
        measureRtt(rttNanos, inFlight, now);
        idle = false;
        setWindow(packets, inFlight);
    }

    private boolean isLossHeavy() {
        return lostInRound >= HEAVY_LOSS_PACKETS && lostInRound > HEAVY_LOSS * packetsOfRound;
    }

    private void countRound(DeliveryRate rate, int inFlight) {
        roundStarted = rate.priorDelivered() >= roundEndsAt;
        if (!roundStarted) {
            return;
        }
        roundEndsAt = rate.delivered();
        if (heavyLossInRound && pipeFull && !forgotInCycle) {
            forgetRates();
            forgotInCycle = true;
        }
        round++;
        if (bandwidthOfRounds[latestBandwidth] > 0) {
            latestBandwidth = (latestBandwidth + 1) % BANDWIDTH_ROUNDS;
            bandwidthOfRounds[latestBandwidth] = 0;
        }
        if (conserving) {
            recovered();
        }
        heavyLossInLastRound = heavyLossInRound;
        heavyLossInRound = false;
        lostInRound = 0;
        packetsOfRound = inFlight;
    }

    /** Lowers rates that were measured before the queue was full, towards what it has come to. */
    private void forgetRates() {
        double latest = bandwidthOfRounds[latestBandwidth];
        if (latest == 0) {
            return;
        }
        double most = Math.max(latest, RATE_AFTER_LOSS * bandwidth);
        for (int i = 0; i < BANDWIDTH_ROUNDS; i++) {
            bandwidthOfRounds[i] = Math.min(bandwidthOfRounds[i], most);
        }
    }

    private void measureBandwidth(DeliveryRate rate) {
        if (rate.isSampled(minRttNanos == Long.MAX_VALUE ? 0 : minRttNanos)) {
            double sample = rate.packetsPerNano();
            if (!rate.isLimited() || sample >= bandwidth) {
                bandwidthOfRounds[latestBandwidth] =
                        Math.max(bandwidthOfRounds[latestBandwidth], sample);
            }
        }
        bandwidth = 0;
        for (double ofRound : bandwidthOfRounds) {
            bandwidth = Math.max(bandwidth, ofRound);
        }
    }

    /** Acks may come in bunches; between them, what is on its way back needs room in the window. */
    private void measureAggregation(int packets, long now) {
        if (round - aggregationRound >= AGGREGATION_ROUNDS) {
            aggregationRound = round;
            aggregations[1] = aggregations[0];
            aggregations[0] = 0;
        }
        double expected = bandwidth * (now - aggregationAt);
        if (aggregated <= expected) {
            aggregated = 0;
            aggregationAt = now;
            expected = 0;
        }
        aggregated = Math.min(aggregated + packets, MAX_PACKETS);
        double extra = Math.min(aggregated - expected, window);
        aggregations[0] = Math.max(aggregations[0], extra);
    }

    private double aggregationAllowance() {
        if (!pipeFull) {
            return 0;
        }
        double highest = Math.max(aggregations[0], aggregations[1]);
        long longest =
                Math.max(MIN_AGGREGATION_NANOS, Math.min(minRttNanos, MAX_AGGREGATION_NANOS));
        return Math.min(highest, bandwidth * longest);
    }

    private void advanceCycle(int inFlight, long now) {
        if (state != State.PROBE_BANDWIDTH) {
            return;
        }
        boolean lasted = now - phaseAt > minRttNanos;
        boolean over =
                switch (phase) {
                    case PROBE ->
                            lasted && (heavyLossInRound || inFlight >= pathHolds(pacingGain()));
                    case DRAIN_AFTER_PROBE -> lasted || inFlight <= pathHolds(1);
                    default -> lasted;
                };
        if (over) {
            phase++;
            phaseAt = now;
        }
        if (hasProbeSucceeded()) {
            state = State.STARTUP;
            pipeFull = false;
            fullBandwidth = bandwidth;
            roundsWithoutGrowth = 0;
        } else if (phase >= phases) {
            phase = PROBE;
            bandwidthBeforeProbe = bandwidth;
            forgotInCycle = false;
            inCrowd = crowdInCycle;
            crowdInCycle = false;
            drawPhases();
        }
    }

    /** The acks of what left during a probe come in during the next two phases. */
    private boolean hasProbeSucceeded() {
        return bandwidthBeforeProbe > 0
                && (phase == DRAIN_AFTER_PROBE || phase == FIRST_CRUISE)
                && !heavyLossInRound
                && bandwidth >= GROWTH_BY_PROBE * bandwidthBeforeProbe
                && pathHolds(1 - bandwidthBeforeProbe / bandwidth) >= PACKETS_BY_PROBE;
    }

    /** Cycles differ in length, lest streams that share a path probe at the same time for ever. */
    private void drawPhases() {
        phases = MIN_PHASES + dice.nextInt(MORE_PHASES + 1);
    }

    /** Grows with care while the shortest of some round trips in a row shows a queue. */
    private void judgeQueue(long rttNanos) {
        if (state != State.STARTUP || rttNanos < 0 || minRttNanos == Long.MAX_VALUE) {
            return;
        }
        shortestInRow = Math.min(shortestInRow, rttNanos);
        inRow++;
        if (inRow >= Math.max(MIN_IN_ROW, packetsOfRound / 8)) {
            long rise = Math.max(MIN_RISE_NANOS, Math.min(minRttNanos / 8, MAX_RISE_NANOS));
            queueGrows = shortestInRow > minRttNanos + rise;
            shortestInRow = Long.MAX_VALUE;
            inRow = 0;
        }
    }

    private void judgeStartup(DeliveryRate rate) {
        // One who waits for the peer's window brings no more, whether or not the path would.
        boolean tellsNothing = rate.isLimited() && !heavyLossInLastRound;
        if (pipeFull || !roundStarted || tellsNothing) {
            return;
        }
        if (bandwidth >= STARTUP_GROWTH * fullBandwidth) {
            fullBandwidth = bandwidth;
            roundsWithoutGrowth = 0;
            return;
        }
        roundsWithoutGrowth++;
        startupEndedByLoss = heavyLossInLastRound;
        pipeFull = heavyLossInLastRound || roundsWithoutGrowth >= STARTUP_ROUNDS_WITHOUT_GROWTH;
    }

    private void judgeDrain(int inFlight, long now) {
        if (state == State.STARTUP && pipeFull) {
            state = State.DRAIN;
        }
        if (state == State.DRAIN && inFlight <= pathHolds(1)) {
            probeBandwidth(now);
        }
    }

    private void probeBandwidth(long now) {
        state = State.PROBE_BANDWIDTH;
        drawPhases();
        // Losses may have been the doing of others, who have had their lesson by now.
        phase = startupEndedByLoss ? PROBE : FIRST_CRUISE + dice.nextInt(phases - FIRST_CRUISE);
        bandwidthBeforeProbe = startupEndedByLoss ? bandwidth : bandwidthBeforeProbe;
        startupEndedByLoss = false;
        phaseAt = now;
    }

    private void measureRtt(long rttNanos, int inFlight, long now) {
        boolean joins = state != State.PROBE_RTT && probes.isOpen(minRttAt, now);
        boolean old = joins || now - minRttAt > MIN_RTT_LASTS_NANOS;
        if (rttNanos >= 0 && (rttNanos <= minRttNanos || old)) {
            minRttNanos = Math.max(1, rttNanos);
            minRttAt = now;
        }
        if (old && !idle && state != State.PROBE_RTT && minRttNanos != Long.MAX_VALUE) {
            state = State.PROBE_RTT;
            if (joins) {
                probes.join();
            } else {
                probes.begin(now);
            }
            windowBefore = Math.max(window, windowBefore);
            probeRttUntil = 0;
        }
        if (state == State.PROBE_RTT) {
            probeRtt(inFlight, now);
        }
    }

    private void probeRtt(int inFlight, long now) {
        if (probeRttUntil == 0) {
            if (inFlight <= probeRttWindow()) {
                probeRttUntil = now + PROBE_RTT_NANOS;
                probeRttRounds = 0;
            }
            return;
        }
        probeRttRounds += roundStarted ? 1 : 0;
        if (probeRttRounds >= PROBE_RTT_ROUNDS && now >= probeRttUntil) {
            minRttAt = now;
            recovered();
            if (pipeFull) {
                probeBandwidth(now);
            } else {
                state = State.STARTUP;
            }
        }
    }

    private double probeRttWindow() {
        return Math.max(PROBE_RTT_PACKETS, pathHolds(0.5 / probes.streams()));
    }

    private void setWindow(int packets, int inFlight) {
        if (conserving) {
            window = Math.max(window, inFlight + packets);
        } else {
            double target = wanted() + aggregationAllowance() + 3;
            if (pipeFull) {
                window = Math.min(window + packets, target);
            } else if (window < target || minRttNanos == Long.MAX_VALUE) {
                window += window > MANY_PACKETS ? STARTUP_GROWTH_OF_MANY * packets : packets;
            }
        }
        window = Math.min(Math.max(window, MIN_PACKETS), MAX_PACKETS);
        if (state == State.PROBE_RTT) {
            window = Math.min(window, probeRttWindow());
        }
    }

    /** How many packets the path and its ends hold without a queue, times a factor. */
    private double pathHolds(double gain) {
        if (minRttNanos == Long.MAX_VALUE || bandwidth == 0) {
            return gain * INITIAL_PACKETS;
        }
        return gain * Math.max(1, bandwidth * Math.max(minRttNanos, BUSY_HOST_NANOS));
    }

    private void shrink(double to) {
        windowBefore = Math.max(window, windowBefore);
        window = Math.max(1, Math.min(window, to));
    }

    private double pacingGain() {
        return switch (state) {
            case STARTUP -> startupGain();
            case DRAIN -> 1 / STARTUP_GAIN;
            case PROBE_BANDWIDTH ->
                    switch (phase) {
                        case PROBE -> probeGain();
                        case DRAIN_AFTER_PROBE -> DRAIN_AFTER_PROBE_GAIN;
                        default -> inCrowd ? CRUISE_GAIN_IN_CROWD : 1;
                    };
            case PROBE_RTT -> 1;
        };
    }

    private double probeGain() {
        if (pathHolds(1) < FEW_PACKETS) {
            return PROBE_GAIN_OF_FEW;
        }
        return inCrowd ? PROBE_GAIN_IN_CROWD : PROBE_GAIN;
    }

    private double startupGain() {
        if (queueGrows) {
            return CAREFUL_GAIN;
        }
        return window > MANY_PACKETS ? STARTUP_GAIN_OF_MANY : STARTUP_GAIN;
    }

    /** What is to be in flight, in packets, on the path and in its queue. */
    private double wanted() {
        return switch (state) {
            case STARTUP -> pathHolds(startupWindowGain());
            case PROBE_RTT -> pathHolds(WINDOW_GAIN);
            case DRAIN -> pathHolds(1) + queueAllowance();
            case PROBE_BANDWIDTH -> {
                double probe = phase == PROBE ? WINDOW_GAIN_FOR_PROBE : 0;
                yield pathHolds(1 + probe) + queueAllowance();
            }
        };
    }

    /** In another startup the queue may be that of others, where a small window is a small share. */
    private double startupWindowGain() {
        return queueGrows && bandwidthBeforeProbe == 0 ? CAREFUL_WINDOW_GAIN : WINDOW_GAIN;
    }

    private double queueAllowance() {
        double holds = pathHolds(1);
        double most = Math.max(QUEUED_PACKETS * Math.sqrt(holds), bandwidth * BUSY_HOST_NANOS);
        double leaves = inCrowd && phase != PROBE ? QUEUE_IN_CROWD : 1;
        return leaves * Math.min(most, (WINDOW_GAIN - 1) * holds);
    }
}
