package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BbrTest {

    private static final long RTT = MILLISECONDS.toNanos(50);
    private static final long STEP = MICROSECONDS.toNanos(100);

    private final RttProbes probes = new RttProbes();
    private final Bbr bbr = new Bbr(new Random(1), probes);
    private final DeliveryRate rate = new DeliveryRate();
    private final ArrayDeque<SentPacket> path = new ArrayDeque<>();
    private final ArrayDeque<Long> arrivals = new ArrayDeque<>();
    private int nextSeq;
    private long now;
    private long freeAt;
    private double owed;
    private long rttNanos = RTT;

    /** Acks come at multiples of this only. */
    private long bunchNanos = 1;

    @Test
    void itBeginsWithTenPackets() {
        assertThat(bbr.windowPackets()).isEqualTo(10);
    }

    @Test
    void itFindsOutWhatThePathCarries() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));

        assertThat(bbr.packetsPerSecond(RTT)).isCloseTo(2000, within(600.0));
        assertThat(bbr.windowPackets()).isBetween(170, 220);
    }

    @Test
    void overAPathThatIsQuickerThanItsHostsTheWindowLastsForTheHosts() {
        rttNanos = MICROSECONDS.toNanos(100);

        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(10));

        // Two milliseconds of 100,000 packets a second, twice; the path itself holds twice ten.
        assertThat(bbr.windowPackets()).isBetween(350, 700);
    }

    @Test
    void aFasterPathIsNoticed() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));

        run(SECONDS.toNanos(4), MICROSECONDS.toNanos(250));

        assertThat(bbr.packetsPerSecond(RTT)).isGreaterThan(2900);
    }

    @Test
    void aSlowerPathIsNoticed() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));

        run(SECONDS.toNanos(4), MICROSECONDS.toNanos(1000));

        assertThat(bbr.packetsPerSecond(RTT)).isLessThan(1300);
    }

    @Test
    void aLossHereAndThereChangesNothing() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));
        int before = bbr.windowPackets();

        bbr.lost(2, 100);

        assertThat(bbr.windowPackets()).isEqualTo(before);
    }

    @Test
    void aRoundThatLosesManyHoldsTheWindowUntilItWasAFalseAlarm() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));
        int before = bbr.windowPackets();

        bbr.lost(40, 90);
        assertThat(bbr.windowPackets()).isEqualTo(90);
        for (int i = 0; i < 40; i++) {
            bbr.neverLost();
        }

        assertThat(bbr.windowPackets()).isEqualTo(before);
    }

    @Test
    void afterATimeoutItStartsSmallAndRemembers() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));
        int before = bbr.windowPackets();

        bbr.timedOut(0);
        assertThat(bbr.windowPackets()).isEqualTo(1);
        bbr.recovered();

        assertThat(bbr.windowPackets()).isEqualTo(before);
    }

    @Test
    void eachTimeoutLetsOnePacketLeaveWhateverIsStillInFlight() {
        bbr.timedOut(0);
        assertThat(bbr.windowPackets()).isEqualTo(1);

        bbr.timedOut(1);

        assertThat(bbr.windowPackets()).isEqualTo(2);
    }

    @Test
    void acksOfWhatNeverArrivedRaiseTheWindowToABoundAtMost() {
        for (int i = 0; i < 100_000; i++) {
            SentPacket packet = packet();
            rate.sent(packet, true, true, now);
            now += 10;
            rate.begin();
            rate.arrived(packet, now);
            bbr.arrived(1000, 0, true, 10, rate, now);
        }

        assertThat(bbr.windowPackets()).isLessThanOrEqualTo(Bbr.MAX_PACKETS);
    }

    @Test
    void whileOneStreamLooksForItsShortestRoundTripTheOthersOfItsNodeDoTheSame() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));
        int before = bbr.windowPackets();
        run(MILLISECONDS.toNanos(200), MICROSECONDS.toNanos(500));
        assertThat(bbr.windowPackets()).isCloseTo(before, within(before / 3));

        probes.begin(now);
        run(MILLISECONDS.toNanos(200), MICROSECONDS.toNanos(500));
        assertThat(bbr.windowPackets()).isLessThan(before / 4);

        run(MILLISECONDS.toNanos(500), MICROSECONDS.toNanos(500));
        assertThat(bbr.windowPackets()).isCloseTo(before, within(before / 3));
    }

    @Test
    void acksThatComeInBunchesAddNoMoreToTheWindowThanThePathHolds() {
        rttNanos = MILLISECONDS.toNanos(25);
        bunchNanos = MILLISECONDS.toNanos(80);

        run(SECONDS.toNanos(6), MICROSECONDS.toNanos(500));

        // At most three times fifty for the path, and half of it while a probe lasts.
        assertThat(bbr.windowPackets()).isLessThan(180);
    }

    @Test
    void roundsThatTellNoRateHaveNoneForgotten() {
        run(SECONDS.toNanos(3), MICROSECONDS.toNanos(500));
        path.clear();
        arrivals.clear();

        // Repetitions: whether it was they that arrived, and so soon, nobody knows.
        for (int i = 0; i < 20; i++) {
            sendAlone(RTT / 2);
        }
        sendAlone(SECONDS.toNanos(1));

        assertThat(bbr.packetsPerSecond(RTT)).isGreaterThan(1000);
    }

    @Test
    void howeverLittleArrivedAFewPacketsMayLeaveInEachRoundTrip() {
        for (int i = 0; i < 20; i++) {
            sendAlone(SECONDS.toNanos(5));
        }

        double perSecond = bbr.packetsPerSecond(RTT);

        assertThat(perSecond).isCloseTo(4 * 20, within(0.1));
    }

    /** Sends a packet of which no round trip can be told, and has it arrive. */
    private void sendAlone(long arrivesAfterNanos) {
        SentPacket packet = packet();
        rate.sent(packet, false, true, now);
        now += arrivesAfterNanos;
        rate.begin();
        rate.arrived(packet, now);
        bbr.arrived(1, 0, true, -1, rate, now);
    }

    /** Sends as it may, over a path that takes so long for each packet, for so long. */
    private void run(long nanos, long perPacket) {
        long until = now + nanos;
        while (now < until) {
            now += STEP;
            double perSlice = bbr.packetsPerSecond(rttNanos) * STEP / SECONDS.toNanos(1);
            owed = Math.min(owed + perSlice, Math.max(16, 2 * perSlice));
            while (owed >= 1 && path.size() < bbr.windowPackets()) {
                owed--;
                SentPacket packet = packet();
                rate.sent(packet, !path.isEmpty(), true, now);
                path.add(packet);
                freeAt = Math.max(freeAt, now) + perPacket;
                long arrival = freeAt + rttNanos;
                arrivals.add(arrival + (bunchNanos - arrival % bunchNanos) % bunchNanos);
            }
            while (!arrivals.isEmpty() && arrivals.element() <= now) {
                arrivals.remove();
                SentPacket arrived = path.remove();
                rate.begin();
                rate.arrived(arrived, now);
                bbr.arrived(1, path.size(), true, now - arrived.sentNanos, rate, now);
            }
        }
    }

    private SentPacket packet() {
        return new SentPacket().begin(nextSeq++, now);
    }
}
