package dev.keyhole.transport.udx;

import static dev.keyhole.transport.udx.PacketHeader.ACK;
import static dev.keyhole.transport.udx.PacketHeader.DATA;
import static dev.keyhole.transport.udx.PacketHeader.DESTROY;
import static dev.keyhole.transport.udx.PacketHeader.SACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import org.junit.jupiter.api.Test;

class ContradictionsTest {

    private final LoneStream lone = LoneStream.connected();

    /** Packets 0 to 2, acknowledged before packet 3 was sent, which is under way. */
    private void sendThreeAndOne() {
        for (int i = 0; i < 3; i++) {
            lone.write("x");
            lone.sent();
        }
        lone.receive(ACK, 0, 3, Bytes.EMPTY);
        lone.write("y");
        lone.sent();
    }

    private void missOneThoughLaterOnesCame() {
        lone.receive(SACK, 0, 1, LoneStream.blocks(2, 4));
    }

    @Test
    void aPeerThatMissesWhatWasAcknowledgedEndsTheStream() {
        sendThreeAndOne();

        missOneThoughLaterOnesCame();
        missOneThoughLaterOnesCame();
        lone.until(900);
        missOneThoughLaterOnesCame();
        assertThat(lone.inbox.closed).isNull();
        lone.until(1_100);

        assertThat(lone.inbox.closed)
                .isEqualTo(
                        new CloseReason.Misbehaved(
                                LoneStream.PEER
                                        + " waits for packet 1, which was acknowledged in its"
                                        + " name"));
        assertThat(lone.sentHeaders()).last().matches(packet -> packet.has(DESTROY));
    }

    @Test
    void wordsFromBeforeTheAckAreNoContradictionHoweverLateTheyCome() {
        sendThreeAndOne();
        lone.receive(ACK, 0, 4, Bytes.EMPTY);

        for (int i = 0; i < 1_000; i++) {
            lone.receive(SACK, 0, 1, LoneStream.blocks(2, 4));
            lone.receive(ACK, 0, 2, Bytes.EMPTY);
            lone.until(100L * i);
        }

        assertThat(lone.inbox.closed).isNull();
    }

    @Test
    void aWordThatFitsClearsThePeer() {
        sendThreeAndOne();
        missOneThoughLaterOnesCame();
        missOneThoughLaterOnesCame();

        lone.receive(ACK, 0, 4, Bytes.EMPTY);
        lone.write("z");
        lone.sent();
        lone.receive(ACK, 0, 5, Bytes.EMPTY);
        lone.until(60_000);
        missOneThoughLaterOnesCame();

        assertThat(lone.inbox.closed).isNull();
    }

    @Test
    void differentPacketsThatSeemToBeMissingAreNoise() {
        sendThreeAndOne();

        for (int i = 0; i < 100; i++) {
            lone.receive(SACK, 0, -1 - i, LoneStream.blocks(2, 4));
            lone.until(100L * i);
        }

        assertThat(lone.inbox.closed).isNull();
    }

    @Test
    void aPeerThatTalksOnAndStillWaitsForTheEndEndsTheStream() {
        lone.stream.end(lone.now);
        lone.drain();
        lone.receive(ACK, 0, 1, Bytes.EMPTY);

        int said = 0;
        while (said < 3 || lone.now < 10_000_000_000L) {
            assertThat(lone.inbox.closed).isNull();
            lone.until(5_000L * said);
            lone.receive(DATA, said++, 0, Bytes.utf8("x"));
        }

        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void aPeerThatTalksOnAfterWordsThatCameLateIsBelieved() {
        lone.stream.end(lone.now);
        lone.drain();
        lone.receive(DATA, 1, 0, Bytes.utf8("x"));
        lone.receive(DATA, 2, 1, Bytes.utf8("x"));

        lone.receive(DATA, 0, 0, Bytes.utf8("x"));
        for (int said = 3; said < 20; said++) {
            lone.until(5_000L * said);
            lone.receive(DATA, said, 1, Bytes.utf8("x"));
        }

        assertThat(lone.inbox.closed).isNull();
    }
}
