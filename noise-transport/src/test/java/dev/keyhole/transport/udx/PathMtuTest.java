package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.udx.UdxCounters.Event;
import org.junit.jupiter.api.Test;

class PathMtuTest {

    private final UdxCounters counters = new UdxCounters();
    private final PathMtu mtu = new PathMtu(counters);
    private int nextSeq;

    @Test
    void nothingLargerIsTriedWhereNothingLargerCanBeSentWhole() {
        mtu.begin(0, nextSeq);

        mtu.arrived(full());

        assertThat(mtu.pad(full(), true)).isZero();
        assertThat(mtu.bytes()).isEqualTo(1200);
        assertThat(mtu.payload()).isEqualTo(1152);
    }

    @Test
    void theSearchGoesUpInStepsToTheLargest() {
        mtu.begin(9000, nextSeq);
        mtu.arrived(full());

        int tries = 0;
        for (SentPacket probe = full(); mtu.pad(probe, true) > 0; probe = full()) {
            mtu.arrived(probe);
            tries++;
            assertThat(mtu.bytes()).isEqualTo(Math.min(1200 + 32 * tries, 1500));
        }

        assertThat(tries).isEqualTo(10);
        assertThat(mtu.bytes()).isEqualTo(1500);
        assertThat(mtu.payload()).isEqualTo(1452);
    }

    @Test
    void theSearchEndsAtWhatTheLinkTakes() {
        mtu.begin(1240, nextSeq);
        mtu.arrived(full());

        assertThat(arrivesPadded()).isEqualTo(32);
        assertThat(arrivesPadded()).isEqualTo(8);
        assertThat(arrivesPadded()).isZero();
        assertThat(mtu.bytes()).isEqualTo(1240);
    }

    @Test
    void nothingIsTriedBeforeSomethingHasArrivedOverThePath() {
        SentPacket before = full();
        mtu.begin(1500, nextSeq);

        mtu.arrived(before);

        assertThat(mtu.pad(full(), true)).isZero();
        mtu.arrived(full());
        assertThat(mtu.pad(full(), true)).isEqualTo(32);
    }

    @Test
    void onlyOneFullPacketAtATimeIsPaddedAndOnlyIfMoreFollows() {
        mtu.begin(1500, nextSeq);
        mtu.arrived(full());

        assertThat(mtu.pad(packet(1151), true)).isZero();
        assertThat(mtu.pad(full(), false)).isZero();
        assertThat(mtu.pad(full(), true)).isEqualTo(32);
        assertThat(mtu.pad(full(), true)).isZero();
    }

    @Test
    void threeLostAtOneSizeEndTheSearch() {
        mtu.begin(1500, nextSeq);
        mtu.arrived(full());
        arrivesPadded();

        for (int i = 0; i < 3; i++) {
            SentPacket probe = full();
            assertThat(mtu.pad(probe, true)).isEqualTo(32);
            mtu.lost(probe, nextSeq);
        }

        assertThat(mtu.pad(full(), true)).isZero();
        assertThat(mtu.bytes()).isEqualTo(1232);
    }

    @Test
    void aSizeThatWasLostTwiceAndThenArrivesIsTaken() {
        mtu.begin(1500, nextSeq);
        mtu.arrived(full());

        for (int i = 0; i < 2; i++) {
            SentPacket probe = full();
            mtu.pad(probe, true);
            mtu.lost(probe, nextSeq);
        }

        assertThat(arrivesPadded()).isEqualTo(32);
        assertThat(mtu.bytes()).isEqualTo(1232);
    }

    @Test
    void aPaddedPacketThatWasRepeatedSaysNothing() {
        mtu.begin(1500, nextSeq);
        mtu.arrived(full());
        SentPacket probe = full();
        mtu.pad(probe, true);

        probe.transmissions++;
        mtu.arrived(probe);

        assertThat(mtu.bytes()).isEqualTo(1200);
        assertThat(mtu.pad(full(), true)).isEqualTo(32);
    }

    @Test
    void anotherPathBeginsWithTheSmallestPackets() {
        searchToTheEnd();
        SentPacket large = full();

        mtu.begin(1500, nextSeq);

        assertThat(mtu.bytes()).isEqualTo(1200);
        assertThat(mtu.isTooLarge(large)).isTrue();
        assertThat(mtu.widestPayload()).isEqualTo(1452);
        mtu.arrived(full());
        assertThat(mtu.pad(full(), true)).isEqualTo(32);
    }

    @Test
    void fullPacketsThatVanishForThreeWindowsHaveTheSearchBeginAgain() {
        searchToTheEnd();

        loseWindow(20);
        assertThat(mtu.isInDoubt()).isTrue();
        assertThat(mtu.bytes()).isEqualTo(1500);
        loseWindow(2);
        loseWindow(1);

        assertThat(mtu.bytes()).isEqualTo(1200);
        assertThat(mtu.isInDoubt()).isFalse();
        assertThat(counters.of(Event.PATH_NARROWED)).isEqualTo(1);
        mtu.arrived(full());
        assertThat(mtu.pad(full(), true)).isEqualTo(32);
    }

    @Test
    void onePacketOfThatSizeWhichArrivesPutsAnEndToTheDoubt() {
        searchToTheEnd();
        loseWindow(20);
        loseWindow(20);

        mtu.arrived(full());
        loseWindow(20);
        loseWindow(20);

        assertThat(mtu.bytes()).isEqualTo(1500);
        assertThat(counters.of(Event.PATH_NARROWED)).isZero();
    }

    @Test
    void aLossBelowAPacketThatHasArrivedRaisesNoDoubt() {
        searchToTheEnd();
        SentPacket lost = full();

        mtu.arrived(full());
        mtu.lost(lost, nextSeq);

        assertThat(mtu.isInDoubt()).isFalse();
    }

    @Test
    void repetitionsAndSmallerPacketsSayNothingAboutTheLargest() {
        searchToTheEnd();
        loseWindow(1);

        SentPacket repeated = full();
        repeated.transmissions++;
        mtu.arrived(repeated);
        mtu.arrived(packet(1300));

        assertThat(mtu.isInDoubt()).isTrue();
    }

    private void searchToTheEnd() {
        mtu.begin(1500, nextSeq);
        mtu.arrived(full());
        while (arrivesPadded() > 0) {
            // The next one is larger.
        }
    }

    /** Sends a full packet, padded if that is wanted, and has it arrive. */
    private int arrivesPadded() {
        SentPacket probe = full();
        int padding = mtu.pad(probe, true);
        mtu.arrived(probe);
        return padding;
    }

    /** Sends full packets, of which none arrives. */
    private void loseWindow(int packets) {
        SentPacket[] window = new SentPacket[packets];
        for (int i = 0; i < packets; i++) {
            window[i] = full();
        }
        for (SentPacket packet : window) {
            mtu.lost(packet, nextSeq);
        }
    }

    private SentPacket full() {
        return packet(mtu.payload());
    }

    private SentPacket packet(int payload) {
        SentPacket packet = new SentPacket().begin(nextSeq++, 0);
        packet.payloadLength = payload;
        return packet;
    }
}
