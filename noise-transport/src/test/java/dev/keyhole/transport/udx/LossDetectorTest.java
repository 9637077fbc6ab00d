package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossDetectorTest {

    private static final long RTT = MILLISECONDS.toNanos(40);

    private final Flight flight = new Flight(0, new PacketPool(), new PathMtu(new UdxCounters()));
    private final RttEstimator rtt = new RttEstimator();
    private final LossDetector detector = new LossDetector(flight, rtt);

    @Test
    void aPacketBelowOneThatArrivedIsLostAfterAQuarterOfARoundTrip() {
        rtt.sample(RTT, RTT);
        send(0, 3);
        arrive(1, 2, RTT);

        assertThat(detector.detect(false, RTT)).isFalse();
        assertThat(detector.recheckNanos()).isEqualTo(RTT + RTT / 4);
        assertThat(detector.detect(false, RTT + RTT / 4)).isTrue();

        assertThat(lost()).containsExactly(0);
    }

    @Test
    void withOtherEvidenceAMillisecondIsEnough() {
        rtt.sample(RTT, RTT);
        send(0, 4);
        arrive(1, 4, RTT);

        assertThat(detector.detect(false, RTT)).isFalse();
        assertThat(detector.recheckNanos()).isEqualTo(RTT + MILLISECONDS.toNanos(1));
    }

    @Test
    void whatWasSentLaterThanWhatArrivedIsNoSuspect() {
        rtt.sample(RTT, RTT);
        send(0, 1);
        send(MILLISECONDS.toNanos(1), 2);
        arrive(0, 1, RTT);

        assertThat(detector.detect(false, 100 * RTT)).isFalse();
        assertThat(detector.recheckNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void eachFalseAlarmMakesItMorePatient() {
        rtt.sample(RTT, RTT);
        send(0, 2);
        arrive(1, 2, RTT);
        detector.detect(false, RTT + RTT / 4);
        List<Boolean> falseAlarms = new ArrayList<>();

        flight.acknowledge(
                1,
                packet ->
                        falseAlarms.add(
                                detector.arrived(
                                        packet, true, true, RTT + MILLISECONDS.toNanos(12))));
        send(2 * RTT, 2);
        arrive(3, 4, 3 * RTT);

        assertThat(falseAlarms).containsExactly(true);
        assertThat(detector.detect(false, 3 * RTT + RTT / 4)).isFalse();
        assertThat(detector.detect(false, 3 * RTT + RTT / 2)).isTrue();
    }

    @Test
    void theAckOfACopyThatCannotHaveArrivedYetIsAFalseAlarm() {
        rtt.sample(RTT, RTT);
        send(0, 1);
        SentPacket packet = flight.at(0);
        flight.lose(packet);
        flight.repeated(packet, 2 * RTT);

        assertThat(detector.arrived(packet, true, true, 2 * RTT + RTT / 2)).isTrue();
        assertThat(detector.arrived(packet, true, true, 3 * RTT)).isFalse();
    }

    @Test
    void whatFullAcksDoNotMentionIsNotLost() {
        rtt.sample(RTT, RTT);
        send(0, 10);
        arrive(1, 2, RTT);
        arrive(4, 5, RTT);

        assertThat(detector.detectBelow(5, true, 10 * RTT)).isTrue();

        assertThat(lost()).containsExactly(0, 2, 3);
    }

    private void send(long now, int count) {
        for (int i = 0; i < count; i++) {
            flight.sent(flight.begin(now));
        }
    }

    private void arrive(int from, int to, long now) {
        flight.acknowledgeRange(from, to, packet -> detector.arrived(packet, true, true, now));
    }

    private List<Integer> lost() {
        List<Integer> lost = new ArrayList<>();
        flight.forEachPending(
                packet -> {
                    if (packet.state == SentPacket.State.LOST) {
                        lost.add(packet.seq);
                    }
                });
        return lost;
    }
}
