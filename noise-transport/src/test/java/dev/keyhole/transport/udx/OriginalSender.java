package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.sim.PassiveMachine;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;

/**
 * A sender that never has nothing to send, at the rate at which the original would: the first
 * version of BBR in whole milliseconds ({@code docs/protocol.md}, "Sending over UDX").
 *
 * <p>A model of congestion control and of nothing else. Each transmission has a number of its own,
 * what is lost is not repeated but followed by something new, and whatever arrives counts. Its path
 * must keep the order of packets.
 */
final class OriginalSender implements Machine {

    private static final int DATAGRAM = 1172;
    private static final int MIN_WINDOW = 4;
    private static final double HIGH_GAIN = 2.885;
    private static final double[] GAINS = {1.25, 0.75, 1, 1, 1, 1, 1, 1};
    private static final int FILTER_ROUNDS = 10;
    private static final long MIN_RTT_LASTS = 10_000;
    private static final long PROBE_RTT_LASTS = 200;
    private static final long TIMEOUT = 1_000;

    private enum State {
        STARTUP,
        DRAIN,
        PROBE_BANDWIDTH,
        PROBE_RTT
    }

    private record Transmission(
            int number, long sentAt, long delivered, long deliveredAt, long firstSentAt) {}

    private final LocalSocket socket;
    private final Address to;
    private final Random random;
    private final ArrayDeque<Transmission> inFlight = new ArrayDeque<>();
    private int next;

    private State state = State.STARTUP;
    private double window = 10;
    private double windowBefore;
    private double pacingGain = HIGH_GAIN;
    private double windowGain = HIGH_GAIN;
    private double bytesPerMilli = DATAGRAM * 10;
    private double budget = 25_000;
    private long filledAt;

    private long delivered;
    private long deliveredAt;
    private long firstSentAt;
    private long round;
    private long roundEndsAt;
    private boolean roundStarted;
    private final double[] bandwidths = new double[FILTER_ROUNDS];
    private long minRtt = Long.MAX_VALUE;
    private long minRttAt;
    private double fullBandwidth;
    private int fullRounds;
    private int phase;
    private long phaseAt;
    private long probeRttUntil;
    private boolean probeRttRoundDone;

    private boolean recovering;
    private int recoveryUntil;
    private boolean conserving;
    private long ackedAt;

    private final double[] aggregations = new double[2];
    private long aggregationAt;
    private double aggregated;
    private int aggregationRounds;

    OriginalSender(LocalSocket socket, Address to, Random random) {
        this.socket = socket;
        this.to = to;
        this.random = random;
    }

    /** The receiver of such a sender: tells it of each datagram at once. */
    static final class Receiver extends PassiveMachine {

        long received;

        @Override
        public void receive(Datagram datagram, long now) {
            received += datagram.payload().length() - 20;
            send(datagram.socket(), datagram.source(), datagram.payload().slice(0, 20).copy());
        }
    }

    private static long millis(long nanos) {
        return nanos / MILLISECONDS.toNanos(1);
    }

    @Override
    public void opened(int request, LocalSocket opened, long now) {}

    @Override
    public void openFailed(int request, String why, long now) {}

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        int number = ByteBuffer.wrap(datagram.payload().toArray()).getInt();
        long now = millis(nowNanos);
        int lost = 0;
        while (!inFlight.isEmpty() && inFlight.peek().number - number < 0) {
            inFlight.remove();
            lost++;
        }
        if (!inFlight.isEmpty() && inFlight.peek().number == number) {
            arrived(inFlight.remove(), lost, now);
        }
    }

    private void arrived(Transmission packet, int lost, long now) {
        ackedAt = now;
        delivered++;
        deliveredAt = now;
        firstSentAt = packet.sentAt;
        long interval = Math.max(packet.sentAt - packet.firstSentAt, now - packet.deliveredAt);
        long rtt = Math.max(1, now - packet.sentAt);
        if (recovering && packet.number - recoveryUntil >= 0) {
            recovering = false;
            conserving = false;
            window = Math.max(window, windowBefore);
        }
        boolean entering = lost > 0 && !recovering;
        if (entering) {
            recovering = true;
            recoveryUntil = next;
            windowBefore = state == State.PROBE_RTT ? Math.max(windowBefore, window) : window;
        }
        countRound(packet);
        if (interval > 0 && (minRtt == Long.MAX_VALUE || interval >= minRtt)) {
            double sample = (double) (delivered - packet.delivered) / interval;
            int index = (int) (round % FILTER_ROUNDS);
            bandwidths[index] = Math.max(bandwidths[index], sample);
        }
        measureAggregation(now);
        advanceCycle(lost, now);
        judgePipe(now);
        measureRtt(rtt, now);
        setGains();
        setRate();
        setWindow(entering);
    }

    private double bandwidth() {
        return Arrays.stream(bandwidths).max().orElse(0);
    }

    private double pathHolds(double gain) {
        return minRtt == Long.MAX_VALUE ? 10 : Math.max(1, gain * bandwidth() * minRtt);
    }

    private boolean pipeFull() {
        return fullRounds >= 3;
    }

    private void countRound(Transmission packet) {
        roundStarted = packet.delivered >= roundEndsAt;
        if (roundStarted) {
            roundEndsAt = delivered;
            round++;
            bandwidths[(int) (round % FILTER_ROUNDS)] = 0;
            conserving = false;
        }
    }

    private void measureAggregation(long now) {
        if (roundStarted && ++aggregationRounds >= 5) {
            aggregationRounds = 0;
            aggregations[1] = aggregations[0];
            aggregations[0] = 0;
        }
        double expected = bandwidth() * (now - aggregationAt);
        if (aggregated <= expected) {
            aggregated = 0;
            aggregationAt = now;
            expected = 0;
        }
        aggregated++;
        aggregations[0] = Math.max(aggregations[0], Math.min(aggregated - expected, window));
    }

    private void advanceCycle(int lost, long now) {
        if (state != State.PROBE_BANDWIDTH) {
            return;
        }
        boolean lasted = now - phaseAt > minRtt;
        double gain = GAINS[phase];
        boolean over = lasted;
        if (gain > 1) {
            over = lasted && (lost > 0 || inFlight.size() >= pathHolds(gain));
        } else if (gain < 1) {
            over = lasted || inFlight.size() <= pathHolds(1);
        }
        if (over) {
            phase = (phase + 1) % GAINS.length;
            phaseAt = now;
        }
    }

    private void judgePipe(long now) {
        if (!pipeFull() && roundStarted) {
            if (bandwidth() >= 1.25 * fullBandwidth) {
                fullBandwidth = bandwidth();
                fullRounds = 0;
            } else {
                fullRounds++;
            }
        }
        if (state == State.STARTUP && pipeFull()) {
            state = State.DRAIN;
        }
        if (state == State.DRAIN && inFlight.size() <= pathHolds(1)) {
            probeBandwidth(now);
        }
    }

    private void probeBandwidth(long now) {
        state = State.PROBE_BANDWIDTH;
        phase = (GAINS.length - random.nextInt(7)) % GAINS.length;
        phaseAt = now;
    }

    private void measureRtt(long rtt, long now) {
        boolean old = now - minRttAt > MIN_RTT_LASTS;
        if (rtt < minRtt || old) {
            minRtt = rtt;
            minRttAt = now;
        }
        if (old && state != State.PROBE_RTT) {
            state = State.PROBE_RTT;
            windowBefore = recovering ? Math.max(windowBefore, window) : window;
            probeRttUntil = 0;
        }
        if (state != State.PROBE_RTT) {
            return;
        }
        if (probeRttUntil == 0 && inFlight.size() <= MIN_WINDOW) {
            probeRttUntil = now + PROBE_RTT_LASTS;
            probeRttRoundDone = false;
            roundEndsAt = delivered;
        } else if (probeRttUntil != 0) {
            probeRttRoundDone |= roundStarted;
            if (probeRttRoundDone && now > probeRttUntil) {
                minRttAt = now;
                window = Math.max(window, windowBefore);
                if (pipeFull()) {
                    probeBandwidth(now);
                } else {
                    state = State.STARTUP;
                }
            }
        }
    }

    private void setGains() {
        pacingGain =
                switch (state) {
                    case STARTUP -> HIGH_GAIN;
                    case DRAIN -> 1 / HIGH_GAIN;
                    case PROBE_BANDWIDTH -> GAINS[phase];
                    case PROBE_RTT -> 1;
                };
        windowGain =
                switch (state) {
                    case STARTUP, DRAIN -> HIGH_GAIN;
                    case PROBE_BANDWIDTH -> 2;
                    case PROBE_RTT -> 1;
                };
    }

    private void setRate() {
        double rate = Math.max(1, 0.99 * pacingGain * bandwidth() * DATAGRAM);
        if (pipeFull() || rate > bytesPerMilli) {
            bytesPerMilli = rate;
        }
    }

    private void setWindow(boolean entering) {
        if (entering) {
            conserving = true;
            roundEndsAt = delivered;
            window = inFlight.size() + 1;
        }
        if (conserving) {
            window = Math.max(window, inFlight.size() + 1);
        } else {
            double extra = Math.max(aggregations[0], aggregations[1]);
            double target =
                    pathHolds(windowGain) + (pipeFull() ? Math.min(extra, bandwidth() * 100) : 0);
            if (pipeFull()) {
                window = Math.min(window + 1, target);
            } else if (window < target || delivered < 10) {
                window++;
            }
            window = Math.max(window, MIN_WINDOW);
        }
        if (state == State.PROBE_RTT) {
            window = Math.min(window, MIN_WINDOW);
        }
    }

    @Override
    public void expire(long nowNanos) {
        long now = millis(nowNanos);
        if (!inFlight.isEmpty() && now - ackedAt > TIMEOUT) {
            windowBefore = Math.max(window, windowBefore);
            inFlight.clear();
            window = 1;
            fullBandwidth = 0;
            ackedAt = now;
        }
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        long now = millis(nowNanos);
        if (now > filledAt) {
            budget = (now - filledAt) * bytesPerMilli;
            filledAt = now;
        }
        while (inFlight.size() < (int) window && budget > 0) {
            if (inFlight.isEmpty()) {
                firstSentAt = now;
                deliveredAt = now;
                ackedAt = now;
            }
            inFlight.add(new Transmission(next, now, delivered, deliveredAt, firstSentAt));
            byte[] datagram = new byte[DATAGRAM];
            ByteBuffer.wrap(datagram).putInt(next);
            next++;
            budget -= DATAGRAM;
            effects.send(socket, to, Bytes.wrap(datagram));
        }
    }

    @Override
    public long deadlineNanos() {
        boolean paced = inFlight.size() < (int) window;
        long milli = MILLISECONDS.toNanos(1);
        return paced ? (filledAt + 1) * milli : (ackedAt + TIMEOUT + 1) * milli;
    }
}
