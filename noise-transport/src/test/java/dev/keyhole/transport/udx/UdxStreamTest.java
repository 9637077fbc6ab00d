package dev.keyhole.transport.udx;

import static dev.keyhole.transport.udx.LoneStream.OTHER_PEER;
import static dev.keyhole.transport.udx.LoneStream.OTHER_SOCKET;
import static dev.keyhole.transport.udx.LoneStream.PEER;
import static dev.keyhole.transport.udx.LoneStream.REMOTE_ID;
import static dev.keyhole.transport.udx.LoneStream.SOCKET;
import static dev.keyhole.transport.udx.LoneStream.blocks;
import static dev.keyhole.transport.udx.LoneStream.packet;
import static dev.keyhole.transport.udx.PacketHeader.ACK;
import static dev.keyhole.transport.udx.PacketHeader.DATA;
import static dev.keyhole.transport.udx.PacketHeader.DESTROY;
import static dev.keyhole.transport.udx.PacketHeader.END;
import static dev.keyhole.transport.udx.PacketHeader.HEARTBEAT;
import static dev.keyhole.transport.udx.PacketHeader.MESSAGE;
import static dev.keyhole.transport.udx.PacketHeader.SACK;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UdxStreamTest {

    private static final Bytes X = Bytes.utf8("x");

    /** A socket that can send large packets in one piece. */
    private static final LocalSocket WHOLE_SOCKET = new LocalSocket(7, SOCKET.local(), 1500);

    private LoneStream lone = LoneStream.connected();

    // Packets.

    @Test
    void writesOfOneTurnShareAPacket() {
        lone.write("one");
        lone.write("two");
        List<Bytes> sent = lone.sent();
        lone.write("three");
        List<Bytes> next = lone.sent();

        assertThat(sent).hasSize(1);
        assertThat(sent.get(0).slice(PacketHeader.LENGTH)).isEqualTo(Bytes.utf8("onetwo"));
        assertThat(next.get(0).slice(PacketHeader.LENGTH)).isEqualTo(Bytes.utf8("three"));
    }

    @Test
    void noDatagramIsLongerThanThePathSurelyCarries() {
        lone.stream.write(Bytes.wrap(new byte[3000]), 0);

        assertThat(lone.sent()).extracting(Bytes::length).containsExactly(1172, 1172, 716);
    }

    @Test
    void theEndSharesAPacketWithDataUnlessThePeerHasEnded() {
        lone.write("x");
        lone.stream.end(0);
        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(DATA | END);

        LoneStream last = LoneStream.connected();
        last.receive(END, 0, 0, Bytes.EMPTY);
        last.sent();
        last.write("x");
        last.stream.end(0);
        assertThat(last.sentHeaders()).extracting(PacketHeader::flags).containsExactly(DATA, END);
    }

    @Test
    void anEmptyWriteSendsNothing() {
        lone.stream.write(Bytes.EMPTY, 0);

        assertThat(lone.sent()).isEmpty();
    }

    @Test
    void writingAfterTheEndIsTheCallersMistake() {
        lone.stream.end(0);

        assertThatThrownBy(() -> lone.write("x")).isInstanceOf(IllegalStateException.class);
    }

    // Acknowledging.

    @Test
    void oneAckAnswersABurst() {
        for (int seq = 0; seq < 5; seq++) {
            lone.multiplexer.receive(new Datagram(SOCKET, PEER, packet(DATA, 9999, seq, 0, X)), 0);
        }

        assertThat(lone.sentHeaders())
                .containsExactly(new PacketHeader(ACK, 0, REMOTE_ID, 4_194_304, 0, 5));
    }

    @Test
    void dataOnTheWayCarriesTheAck() {
        lone.multiplexer.receive(new Datagram(SOCKET, PEER, packet(DATA, 9999, 0, 0, X)), 0);
        lone.write("y");

        assertThat(lone.sentHeaders())
                .containsExactly(new PacketHeader(DATA, 0, REMOTE_ID, 4_194_304, 0, 1));
    }

    @Test
    void aSelectiveAckNamesTheLatestRangesAndTheLowest() {
        for (int i = 1; i <= 60; i++) {
            lone.receive(DATA, 2 * i, 0, X);
        }
        List<Bytes> sent = lone.sent();
        Bytes last = sent.get(sent.size() - 1);

        assertThat(PacketHeader.of(last).flags()).isEqualTo(SACK);
        assertThat(last.length()).isEqualTo(420);
        assertThat(last.slice(20, 28)).isEqualTo(blocks(2, 3));
        assertThat(last.slice(108, 116)).isEqualTo(blocks(24, 25));
        assertThat(last.slice(116, 124)).isEqualTo(blocks(46, 47));
        assertThat(last.slice(412)).isEqualTo(blocks(120, 121));
    }

    @Test
    void selectiveAcksAreReadWithAZeroDataOffset() {
        lone.stream.write(Bytes.wrap(new byte[5 * 1152]), 0);
        lone.sent();
        lone.until(20);

        lone.receive(SACK, 0, 0, blocks(1, 5));
        lone.until(21);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::seq).containsExactly(0);
        assertThat(lone.stream.stats().pendingBytes()).isEqualTo(1152);
    }

    @Test
    void rangesThatCannotBeAreSkippedOneByOne() {
        lone.stream.write(Bytes.wrap(new byte[6 * 1152]), 0);
        lone.sent();
        lone.until(20);
        lone.receive(ACK, 0, 2, Bytes.EMPTY);
        lone.sent();

        lone.receive(SACK, 0, 2, blocks(0, 4, 1, 2, 5, 4, 5, 7, 6, 8, -5, 9, 4, 5));

        assertThat(lone.stream.stats().pendingBytes()).isEqualTo(3 * 1152);
    }

    @Test
    void pureAcksCarryTheNextSequenceNumber() {
        lone.write("x");
        lone.sent();

        lone.receive(DATA, 0, 0, X);

        assertThat(lone.sentHeaders())
                .containsExactly(new PacketHeader(ACK, 0, REMOTE_ID, 4_194_304, 1, 1));
    }

    @Test
    void heartbeatIsAnsweredAndItsOtherFieldsAreIgnored() {
        lone.write("x");
        lone.sent();

        lone.receive(SOCKET, OTHER_PEER, packet(HEARTBEAT | DATA | DESTROY, 0, 0, 1, X));

        assertThat(lone.recorder.take())
                .extracting(Recorder.Sent::destination)
                .containsExactly(PEER);
        assertThat(lone.inbox.data).isEmpty();
        assertThat(lone.inbox.closed).isNull();
        assertThat(lone.stream.stats().pendingBytes()).isEqualTo(1);
    }

    @Test
    void aForgedAckChangesNothing() {
        lone.write("x");
        lone.sent();

        lone.receive(packet(ACK, 0, 0, 2, Bytes.EMPTY));
        lone.write("y");

        assertThat(lone.stream.stats().pendingBytes()).isEqualTo(2);
        assertThat(lone.sentHeaders()).extracting(PacketHeader::seq).containsExactly(1);
        assertThat(lone.count(Event.ACK_FROM_FUTURE)).isEqualTo(1);
    }

    @Test
    void everythingSackedAndNothingAckedIsGivenUpInTheEnd() {
        lone.write("x");
        lone.sent();

        lone.receive(SACK, 0, 0, blocks(0, 1));
        lone.until(20_000);

        assertThat(lone.sent()).isEmpty();
        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    // Order and bounds.

    @Test
    void packetsAreHandedUpInOrder() {
        lone.receive(DATA, 2, 0, Bytes.utf8("c"));
        lone.receive(DATA, 1, 0, Bytes.utf8("b"));
        lone.receive(END, 3, 0, Bytes.EMPTY);
        assertThat(lone.inbox.data).isEmpty();

        lone.receive(DATA, 0, 0, Bytes.utf8("a"));

        assertThat(lone.inbox.all()).isEqualTo(Bytes.utf8("abc"));
        assertThat(lone.inbox.ended).isTrue();
    }

    @Test
    void whatIsTooFarAheadIsNeitherKeptNorSacked() {
        lone.receive(DATA, ReceiveQueue.MAX_PACKETS_AHEAD, 0, X);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(ACK);
        assertThat(lone.count(Event.REFUSED)).isEqualTo(1);

        lone.receive(DATA, ReceiveQueue.MAX_PACKETS_AHEAD - 1, 0, X);
        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(SACK);
    }

    @Test
    void receiverMemoryIsBounded() {
        lone = LoneStream.connected(10_000);
        Bytes kilobyte = Bytes.wrap(new byte[1000]);

        for (int seq = 1; seq < 100; seq++) {
            lone.receive(DATA, seq, 0, kilobyte);
        }
        assertThat(lone.stream.stats().keptBytes()).isBetween(18_000L, 20_000L);
        lone.inbox.paused = true;
        for (int seq = 0; seq < 100; seq++) {
            lone.receive(DATA, seq, 0, kilobyte);
        }

        assertThat(lone.stream.stats().unreadBytes()).isBetween(18_000L, 30_000L);
        assertThat(lone.count(Event.REFUSED)).isPositive();
    }

    @Test
    void littleIsKeptForAStreamThatNobodyHasConnected() {
        Inbox hospitable =
                new Inbox() {
                    @Override
                    public boolean firewall(LocalSocket socket, Address source, long now) {
                        return true;
                    }
                };
        hospitable.paused = true;
        lone = new LoneStream(hospitable, LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);
        Bytes kilobyte = Bytes.wrap(new byte[1000]);

        for (int seq = 0; seq < 1000; seq++) {
            lone.receive(DATA, seq, 0, kilobyte);
        }
        for (int seq = 2000; seq < 3000; seq++) {
            lone.receive(DATA, seq, 0, kilobyte);
        }

        assertThat(lone.stream.stats().unreadBytes()).isBetween(262_000L, 262_144L);
        assertThat(lone.stream.stats().keptBytes()).isLessThan(264_000L);
    }

    @Test
    void pausedReaderStopsTheSender() {
        lone = LoneStream.connected(4000);
        lone.inbox.paused = true;

        lone.receive(DATA, 0, 0, Bytes.wrap(new byte[1100]));
        lone.receive(DATA, 1, 0, Bytes.wrap(new byte[1100]));
        lone.receive(DATA, 2, 0, Bytes.wrap(new byte[1100]));
        assertThat(lone.sentHeaders())
                .extracting(PacketHeader::windowBytes)
                .containsExactly(2900L, 1800L, 0L);
        lone.stream.consumed(100, lone.now);
        assertThat(lone.sent()).isEmpty();
        lone.stream.consumed(1000, lone.now);

        assertThat(lone.sentHeaders())
                .containsExactly(new PacketHeader(ACK, 0, REMOTE_ID, 1800, 0, 3));
    }

    @Test
    void readingWhatWasNotGivenIsTheCallersMistake() {
        assertThatThrownBy(() -> lone.stream.consumed(1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("1 consumed of 0 unread");
    }

    // Back-pressure.

    @Test
    void aWriterIsToldToWaitAndWhenToGoOn() {
        Bytes block = Bytes.wrap(new byte[100_000]);
        int writes = 1;
        while (lone.stream.write(block, lone.now)) {
            writes++;
        }
        lone.drain();
        lone.stream.write(block, lone.now);
        assertThat(writes).isEqualTo(3);

        int acked = 0;
        while (lone.inbox.writables == 0) {
            acked += lone.sent().size();
            lone.until(lone.now / 1_000_000 + 10);
            lone.receive(ACK, 0, acked, Bytes.EMPTY);
        }

        UdxStats stats = lone.stream.stats();
        assertThat(stats.pendingBytes())
                .isBetween(262_144L, 262_144L + 1152L * stats.windowPackets());
        lone.until(lone.now / 1_000_000 + 10);
        lone.receive(ACK, 0, acked + lone.sent().size(), Bytes.EMPTY);
        assertThat(lone.inbox.writables).isEqualTo(1);
    }

    @Test
    void thePeersWindowIsRespected() {
        lone.receive(packet(ACK, 3000, 0, 0, Bytes.EMPTY));
        lone.stream.write(Bytes.wrap(new byte[20_000]), 0);

        assertThat(lone.sent()).hasSize(2);
    }

    @Test
    void aSmallWindowStillLetsOnePacketThrough() {
        lone.receive(packet(ACK, 1, 0, 0, Bytes.EMPTY));
        lone.stream.write(Bytes.wrap(new byte[20_000]), 0);

        assertThat(lone.sent()).hasSize(1);
    }

    @Test
    void anOldWindowDoesNotReplaceANewOne() {
        lone.write("x");
        lone.sent();
        lone.receive(packet(ACK, 5000, 0, 1, Bytes.EMPTY));

        lone.receive(packet(ACK, 0, 0, 0, Bytes.EMPTY));
        lone.stream.write(Bytes.wrap(new byte[20_000]), 0);

        assertThat(lone.sent()).hasSize(4);
    }

    @Test
    void anEndWaitsForAWindowToo() {
        lone.receive(packet(ACK, 0, 0, 0, Bytes.EMPTY));
        lone.stream.end(0);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(HEARTBEAT);
        lone.until(4_999);
        assertThat(lone.sent()).hasSize(2);
        lone.receive(packet(ACK, 1000, 0, 0, Bytes.EMPTY));
        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(END);
    }

    @Test
    void aForgedPacketFromFarAheadDoesNotFixTheWindow() {
        lone.receive(packet(ACK, 0, 1_000_000, 0, Bytes.EMPTY));
        lone.stream.write(Bytes.wrap(new byte[5_000]), 0);
        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(HEARTBEAT);

        lone.receive(ACK, 0, 0, Bytes.EMPTY);

        assertThat(lone.sent()).hasSize(5);
        lone.receive(packet(ACK, 1, 2_000_000, 0, Bytes.EMPTY));
        lone.receive(ACK, 0, 5, Bytes.EMPTY);
        lone.stream.write(Bytes.wrap(new byte[5_000]), 0);
        assertThat(lone.sent()).hasSize(5);
    }

    @Test
    void aPeerThatIsGoneBehindAShutWindowIsGivenUp() {
        lone.receive(packet(ACK, 0, 0, 0, Bytes.EMPTY));
        lone.write("x");
        lone.drain();

        lone.until(12_999);
        assertThat(lone.sentHeaders())
                .hasSize(7)
                .extracting(PacketHeader::flags)
                .containsOnly(HEARTBEAT);
        assertThat(lone.inbox.closed).isNull();
        lone.until(13_000);

        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void aPeerThatOnlyKeepsItsWindowShutIsAskedForEver() {
        lone.receive(packet(ACK, 0, 0, 0, Bytes.EMPTY));
        lone.write("x");
        lone.drain();

        for (int second = 0; second < 3_600; second += 2) {
            lone.until(1_000L * second);
            lone.receive(packet(ACK, 0, 0, 0, Bytes.EMPTY));
        }

        assertThat(lone.inbox.closed).isNull();
        lone.receive(ACK, 0, 0, Bytes.EMPTY);
        assertThat(lone.inbox.closed).isNull();
        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).contains(DATA);
    }

    @Test
    void aSelectiveAckFullOfNonsenseHasNothingRepeated() {
        lone.stream.write(Bytes.wrap(new byte[10_000]), 0);
        assertThat(lone.sent()).hasSize(9);
        int[] nonsense = new int[2 * Sender.MAX_BLOCKS];
        for (int i = 0; i < nonsense.length; i++) {
            nonsense[i] = 1_000_000 - i;
        }

        lone.until(20);
        lone.receive(SACK, 0, 0, LoneStream.blocks(nonsense));
        for (int i = 0; i < 10; i++) {
            lone.receive(ACK, 0, 0, Bytes.EMPTY);
        }

        assertThat(lone.sent()).isEmpty();
        assertThat(lone.count(Event.RETRANSMITTED)).isZero();
    }

    @Test
    void aTimeoutRepeatsTheLowestPacketFirst() {
        warmUp(20);
        lone.stream.write(Bytes.wrap(new byte[20 * PathMtu.BASE_PAYLOAD]), lone.now);
        lone.drain();
        lone.until(lone.now / 1_000_000 + 30);
        int first = lone.sentHeaders().get(0).seq();

        int next = lone.stream.nextSeq();
        lone.receive(SACK, 0, first, LoneStream.blocks(next - 3, next - 2, next - 1, next));
        lone.sent();
        List<Integer> asked = new ArrayList<>();
        while (lone.inbox.closed == null) {
            lone.now = lone.multiplexer.deadlineNanos();
            lone.multiplexer.expire(lone.now);
            List<PacketHeader> sent = lone.sentHeaders();
            sent.stream().limit(1).forEach(header -> asked.add(header.seq()));
        }

        assertThat(asked.subList(asked.size() - 4, asked.size())).containsOnly(first);
    }

    // Sizes of packets.

    @Test
    void packetsThatTryASizeHaveZerosInFrontOfTheirPayload() {
        LoneStream searching = searching();

        searching.stream.write(Bytes.random(new Random(1), 3 * 1152), searching.now);
        List<Bytes> sent = searching.sent();

        assertThat(sent).extracting(Bytes::length).containsExactly(1204, 1172, 1172);
        Bytes padded = sent.get(0);
        assertThat(PacketHeader.of(padded).dataOffset()).isEqualTo(32);
        assertThat(padded.slice(20, 52)).isEqualTo(Bytes.wrap(new byte[32]));
        assertThat(padded.slice(52))
                .isEqualTo(Bytes.random(new Random(1), 3 * 1152).slice(0, 1152));
        assertThat(searching.recorder.whole).containsExactly(padded);
    }

    @Test
    void aSizeThatArrivesIsThatOfPacketsFromThenOn() {
        LoneStream searching = searching();
        searching.stream.write(Bytes.wrap(new byte[3 * 1152]), searching.now);
        searching.sent();

        searching.receive(WHOLE_SOCKET, PEER, ackOf(4));
        searching.stream.write(Bytes.wrap(new byte[3 * 1184]), searching.now);

        assertThat(searching.sent()).extracting(Bytes::length).containsExactly(1236, 1204, 1204);
        assertThat(searching.stream.stats().mtu()).isEqualTo(1232);
    }

    @Test
    void aPacketThatWasTooLargeIsRepeatedWithoutPaddingAndIsNoSignOfCongestion() {
        LoneStream searching = searching();
        searching.stream.write(Bytes.wrap(new byte[6 * 1152]), searching.now);
        searching.sent();
        int window = searching.stream.stats().windowPackets();

        searching.until(20);
        searching.receive(WHOLE_SOCKET, PEER, packet(SACK, 4_194_304, 0, 1, blocks(2, 7)));
        searching.until(25);

        List<Bytes> sent = searching.sent();
        assertThat(sent).extracting(Bytes::length).containsExactly(1172);
        assertThat(PacketHeader.of(sent.get(0)).seq()).isEqualTo(1);
        assertThat(searching.stream.stats().windowPackets()).isGreaterThanOrEqualTo(window);
    }

    @Test
    void afterAPacketThatWasTooLargeOthersAreGivenAsMuchTimeAsBefore() {
        LoneStream searching = searching();
        searching.stream.write(Bytes.wrap(new byte[2 * 1152]), searching.now);
        searching.sent();
        searching.until(20);
        searching.receive(WHOLE_SOCKET, PEER, packet(SACK, 4_194_304, 0, 1, blocks(2, 3)));
        searching.until(23);
        assertThat(searching.sentHeaders()).extracting(PacketHeader::seq).containsExactly(1);

        searching.write("three");
        searching.drain();
        searching.write("four");
        searching.sent();
        searching.until(33);
        searching.receive(WHOLE_SOCKET, PEER, packet(SACK, 4_194_304, 0, 1, blocks(2, 3, 4, 5)));

        searching.until(34); // when it would be repeated if something had been lost to congestion
        assertThat(searching.sent()).isEmpty();
        searching.until(36);
        assertThat(searching.sentHeaders()).extracting(PacketHeader::seq).contains(3);
    }

    @Test
    void whatMayBeLostForItsSizeMayBeCutWhenItIsRepeated() {
        LoneStream searching = searching();
        searching.stream.write(Bytes.wrap(new byte[2 * 1152]), searching.now);
        searching.sent();
        searching.receive(WHOLE_SOCKET, PEER, ackOf(3));
        searching.stream.write(Bytes.wrap(new byte[1184]), searching.now);
        assertThat(searching.sent()).extracting(Bytes::length).containsExactly(1204);
        assertThat(searching.recorder.whole).hasSize(2);

        searching.until(9_000);

        assertThat(searching.sent()).hasSizeGreaterThan(5).allMatch(p -> p.length() == 1204);
        assertThat(searching.recorder.whole).hasSize(2);
    }

    @Test
    void anotherPathIsTakenToCarryNoMoreThanAnyOther() {
        LoneStream searching = searching();
        searching.stream.write(Bytes.wrap(new byte[2 * 1152]), searching.now);
        searching.sent();
        searching.receive(WHOLE_SOCKET, PEER, ackOf(3));

        searching.stream.changeRemote(WHOLE_SOCKET, OTHER_PEER, REMOTE_ID, searching.now);
        searching.stream.write(Bytes.wrap(new byte[2 * 1152]), searching.now);

        assertThat(searching.sent()).extracting(Bytes::length).containsExactly(1172, 1172);
    }

    /** A stream that may try larger packets, and over whose path one has arrived. */
    private static LoneStream searching() {
        LoneStream searching =
                new LoneStream(new Inbox(), LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);
        searching.stream.connect(WHOLE_SOCKET, PEER, REMOTE_ID, 0);
        searching.write("x");
        searching.sent();
        searching.until(10);
        searching.receive(WHOLE_SOCKET, PEER, ackOf(1));
        searching.sent();
        return searching;
    }

    private static Bytes ackOf(int ack) {
        return packet(ACK, 4_194_304, 0, ack, Bytes.EMPTY);
    }

    // Timeouts and losses.

    @Test
    void silentPeerIsGivenUpAfterSevenTimeouts() {
        lone.write("x");
        List<Long> sentAtMillis = new ArrayList<>();
        lone.drain();
        while (lone.inbox.closed == null) {
            lone.recorder.take().forEach(sent -> sentAtMillis.add(lone.now / 1_000_000));
            lone.now = lone.multiplexer.deadlineNanos();
            lone.multiplexer.expire(lone.now);
            lone.drain();
        }

        assertThat(sentAtMillis).containsExactly(0L, 1000L, 3000L, 5000L, 7000L, 9000L, 11_000L);
        assertThat(lone.now).isEqualTo(MILLISECONDS.toNanos(13_000));
        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
        assertThat(lone.sent()).isEmpty();
        assertThat(lone.multiplexer.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void progressResetsTheCountOfTimeouts() {
        lone.stream.write(Bytes.wrap(new byte[2000]), 0);
        lone.sent();
        lone.until(12_000);

        lone.receive(ACK, 0, 1, Bytes.EMPTY);
        lone.until(20_000);

        assertThat(lone.inbox.closed).isNull();
    }

    @Test
    void lossIsJudgedByTimeNotBySequenceAlone() {
        lone.stream.write(Bytes.wrap(new byte[3 * 1152]), 0);
        lone.sent();
        lone.until(100);

        lone.receive(SACK, 0, 0, blocks(1, 2));
        assertThat(lone.sent()).isEmpty();
        lone.until(124);
        assertThat(lone.sent()).isEmpty();
        lone.until(125);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::seq).containsExactly(0);
    }

    @Test
    void aLostTailIsProbedForLongBeforeTheTimeout() {
        warmUp(20);
        lone.stream.write(Bytes.wrap(new byte[3 * 1152]), lone.now);
        lone.sent();

        lone.until(59);
        assertThat(lone.sent()).isEmpty();
        lone.until(60);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::seq).containsExactly(3);
    }

    @Test
    void aRepeatedPacketSaysWhatIsTrueNow() {
        lone.write("x");
        Bytes first = lone.sent().get(0);
        lone.receive(DATA, 0, 0, X);
        lone.sent();

        lone.until(1000);

        assertThat(lone.sent())
                .containsExactly(PacketHeader.refreshed(first, REMOTE_ID, 4_194_304, 1));
    }

    // Ends.

    @Test
    void endWaitsForItsAcknowledgement() {
        lone.write("x");
        lone.stream.end(0);
        lone.sent();
        lone.receive(END, 0, 0, Bytes.EMPTY);
        assertThat(lone.inbox.ended).isTrue();
        assertThat(lone.inbox.closed).isNull();

        lone.receive(ACK, 1, 1, Bytes.EMPTY);

        assertThat(lone.inbox.closed).isEqualTo(new CloseReason.Ended());
        assertThat(lone.multiplexer.size()).isZero();
    }

    @Test
    void aPeerThatEndedMayBeWrittenTo() {
        lone.receive(END, 0, 0, Bytes.EMPTY);
        lone.sent();

        lone.write("still here");

        assertThat(lone.sent()).hasSize(1);
        assertThat(lone.inbox.closed).isNull();
    }

    @Test
    void anEndedStreamAnswersForAsLongAsItsPeerMayAsk() {
        lone.stream.end(0);
        lone.sent();
        lone.receive(END, 0, 1, Bytes.EMPTY);
        assertThat(lone.inbox.closed).isEqualTo(new CloseReason.Ended());
        Bytes finalAck = lone.sent().get(0);

        lone.until(99_000);
        assertThat(lone.receive(END, 0, 1, Bytes.EMPTY)).isTrue();
        assertThat(lone.sent()).containsExactly(finalAck);
        assertThat(lone.receive(ACK, 1, 1, Bytes.EMPTY)).isTrue();
        assertThat(lone.sent()).isEmpty();
        lone.until(101_000);

        assertThat(lone.receive(END, 0, 1, Bytes.EMPTY)).isFalse();
        assertThat(lone.sent()).isEmpty();
    }

    @Test
    void aLostLastAckIsNoError() {
        lone.receive(END, 0, 0, Bytes.EMPTY);
        lone.stream.end(0);
        lone.sent();

        lone.until(13_000);

        assertThat(lone.inbox.closed).isEqualTo(new CloseReason.Ended());
    }

    @Test
    void aPeerThatHasNotEndedIsMissedThoughOnlyOurEndIsUnacknowledged() {
        lone.stream.end(0);
        lone.sent();

        lone.until(13_000);

        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void missingDataIsAnErrorThoughThePeerHasEnded() {
        lone.receive(END, 0, 0, Bytes.EMPTY);
        lone.write("x");
        lone.stream.end(0);
        lone.sent();

        lone.until(13_000);

        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void destroyIsAResetAndOldOnesAreIgnored() {
        lone.receive(DATA, 0, 0, X);
        lone.receive(DESTROY, 0, 0, Bytes.EMPTY);
        assertThat(lone.inbox.closed).isNull();

        lone.receive(DESTROY, 5, 0, Bytes.EMPTY);

        assertThat(lone.inbox.closed).isEqualTo(new CloseReason.ByPeer());
    }

    @Test
    void aStreamDestroyedBeforeItIsConnectedSaysNothing() {
        lone = new LoneStream(new Inbox(), 5, UdxStream.DEFAULT_WINDOW_BYTES);

        lone.stream.destroy(0);

        assertThat(lone.sent()).isEmpty();
        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.ByUs.class);
    }

    @Test
    void aListenerMayDestroyTheStreamFromWithin() {
        Inbox nervous =
                new Inbox() {
                    @Override
                    public void data(Bytes data, long now) {
                        UdxStream mine = stream;
                        if (mine != null) {
                            mine.destroy(now);
                        }
                    }
                };
        lone = new LoneStream(nervous, LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);
        lone.connect(REMOTE_ID);
        lone.receive(DATA, 1, 0, X);
        lone.sent();

        lone.receive(DATA | END, 0, 0, X);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsExactly(DESTROY);
        assertThat(nervous.ended).isFalse();
    }

    // Messages.

    @Test
    void messagesGoOnceAndMayBeEmpty() {
        lone.stream.sendMessage(X, 0);
        lone.stream.sendMessage(Bytes.EMPTY, 0);
        lone.receive(MESSAGE, 0, 0, Bytes.EMPTY);

        assertThat(lone.sentHeaders()).extracting(PacketHeader::flags).containsOnly(MESSAGE);
        lone.until(5000);
        assertThat(lone.sent()).isEmpty();
        assertThat(lone.inbox.messages).containsExactly(Bytes.EMPTY);
    }

    @Test
    void messagesThatPileUpAreDropped() {
        for (int i = 0; i < UdxStream.MAX_OUTBOX + 5; i++) {
            lone.stream.sendMessage(X, 0);
        }

        assertThat(lone.sent()).hasSize(UdxStream.MAX_OUTBOX);
        assertThat(lone.count(Event.MESSAGE_DROPPED)).isEqualTo(5);
    }

    // Paths.

    @Test
    void aPacketFromAnotherSourceOnTheOwnSocketIsTaken() {
        lone.receive(SOCKET, OTHER_PEER, packet(DATA, 9999, 0, 0, X));

        assertThat(lone.inbox.data).containsExactly(X);
        assertThat(lone.stream.lastSource()).isEqualTo(OTHER_PEER);
        assertThat(lone.recorder.take())
                .extracting(Recorder.Sent::destination)
                .containsExactly(PEER);
    }

    @Test
    void aPacketOnAnotherSocketIsAskedAbout() {
        lone.receive(OTHER_SOCKET, PEER, packet(DATA, 9999, 0, 0, X));

        assertThat(lone.inbox.data).isEmpty();
        assertThat(lone.count(Event.FIREWALLED)).isEqualTo(1);
    }

    @Test
    void unconnectedStreamsAskBeforeAcceptingAndAreFoundOnEverySocket() {
        Inbox host =
                new Inbox() {
                    @Override
                    public boolean firewall(LocalSocket socket, Address source, long now) {
                        UdxStream mine = stream;
                        if (mine != null && source.equals(OTHER_PEER)) {
                            mine.connect(socket, source, REMOTE_ID, now);
                        }
                        return source.equals(OTHER_PEER);
                    }
                };
        lone = new LoneStream(host, LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);
        lone.write("written early");

        lone.receive(SOCKET, PEER, packet(DATA, 9999, 0, 0, X));
        assertThat(host.data).isEmpty();
        lone.receive(OTHER_SOCKET, OTHER_PEER, packet(DATA, 9999, 0, 0, X));

        assertThat(host.data).containsExactly(X);
        assertThat(lone.recorder.take())
                .singleElement()
                .satisfies(
                        sent -> {
                            assertThat(sent.socket()).isEqualTo(OTHER_SOCKET);
                            assertThat(sent.destination()).isEqualTo(OTHER_PEER);
                            assertThat(sent.header().ack()).isEqualTo(1);
                        });
    }

    @Test
    void remoteChangeThatFinishesAtOnceIsNotWaitedFor() {
        lone.stream.changeRemote(OTHER_SOCKET, OTHER_PEER, 77, 0);

        assertThat(lone.inbox.remoteChanges).isEqualTo(1);
    }

    @Test
    void whatAPeerMayNeverHaveGotIsRepeatedToItsNewRemoteAtOnce() {
        lone.stream.write(Bytes.wrap(new byte[3000]), 0);
        lone.sent();
        lone.until(1300);
        lone.sent();

        lone.stream.changeRemote(OTHER_SOCKET, OTHER_PEER, 77, lone.now);
        lone.drain();

        List<Recorder.Sent> sent = lone.recorder.take();
        assertThat(sent).extracting(Recorder.Sent::socket).containsOnly(OTHER_SOCKET);
        assertThat(sent).extracting(Recorder.Sent::destination).containsOnly(OTHER_PEER);
        assertThat(sent).extracting(each -> each.header().streamId()).containsOnly(77);
        assertThat(sent).extracting(each -> each.header().seq()).containsExactly(0, 1, 2);
        assertThat(lone.inbox.remoteChanges).isZero();
        lone.receive(OTHER_SOCKET, OTHER_PEER, packet(ACK, 9999, 0, 3, Bytes.EMPTY));
        assertThat(lone.inbox.remoteChanges).isEqualTo(1);
    }

    @Test
    void aNewRemoteIsGivenTimeOfItsOwn() {
        lone.write("x");
        lone.until(12_000);

        lone.stream.changeRemote(SOCKET, OTHER_PEER, 77, lone.now);
        lone.drain();
        lone.until(24_000);
        assertThat(lone.inbox.closed).isNull();
        lone.until(26_000);

        assertThat(lone.inbox.closed)
                .isEqualTo(new CloseReason.TimedOut("no answer from " + OTHER_PEER));
    }

    @Test
    void aPeerThatHasAnsweredIsProbedForAtItsNewRemoteAtOnce() {
        warmUp(20);
        lone.stream.write(Bytes.wrap(new byte[3 * 1152]), lone.now);
        lone.sent();

        lone.stream.changeRemote(OTHER_SOCKET, OTHER_PEER, 77, lone.now);
        lone.drain();

        assertThat(lone.recorder.take())
                .singleElement()
                .satisfies(
                        sent -> {
                            assertThat(sent.destination()).isEqualTo(OTHER_PEER);
                            assertThat(sent.header().streamId()).isEqualTo(77);
                            assertThat(sent.header().seq()).isEqualTo(3);
                        });
    }

    @Test
    void aNewRemoteThatKeepsSilentLeavesTheOldOneInUse() {
        warmUp(20);
        lone.write("old");
        lone.sent();

        lone.stream.changeRemote(OTHER_SOCKET, OTHER_PEER, 77, lone.now);
        lone.sent();
        lone.until(1_000);
        lone.recorder.take();
        lone.until(2_000);

        List<Recorder.Sent> sent = lone.recorder.take();
        assertThat(sent).extracting(Recorder.Sent::socket).containsExactly(OTHER_SOCKET, SOCKET);
        assertThat(sent).extracting(Recorder.Sent::destination).containsExactly(OTHER_PEER, PEER);
        assertThat(sent)
                .extracting(each -> each.header().streamId())
                .containsExactly(77, REMOTE_ID);
        lone.receive(ACK, 0, 2, Bytes.EMPTY);
        assertThat(lone.inbox.remoteChanges).isEqualTo(1);
    }

    @Test
    void whatWasSentIntoTheVoidIsSentAgainAtOnceWhenRedirected() {
        lone.write("first");
        lone.sent();
        lone.write("second");
        lone.sent();

        lone.stream.redirect(OTHER_SOCKET, OTHER_PEER, 77, 0);
        lone.drain();

        List<Recorder.Sent> again = lone.recorder.take();
        assertThat(again).extracting(Recorder.Sent::destination).containsOnly(OTHER_PEER);
        assertThat(again).extracting(Recorder.Sent::socket).containsOnly(OTHER_SOCKET);
        assertThat(again).extracting(each -> each.header().streamId()).containsOnly(77);
        assertThat(again).extracting(each -> each.header().seq()).containsExactly(0, 1);
        lone.until(1000);
        assertThat(lone.recorder.take())
                .extracting(Recorder.Sent::destination)
                .containsOnly(OTHER_PEER);
    }

    @Test
    void aKnockSendsCopiesElsewhereAndLeavesTheRemoteAsItIs() {
        lone.write("x");
        lone.sent();

        lone.stream.knock(OTHER_SOCKET, OTHER_PEER, 77, 0);
        lone.drain();
        lone.until(1000);

        List<Recorder.Sent> sent = lone.recorder.take();
        assertThat(sent).extracting(Recorder.Sent::destination).containsExactly(OTHER_PEER, PEER);
        assertThat(sent).extracting(Recorder.Sent::socket).containsExactly(OTHER_SOCKET, SOCKET);
        assertThat(sent)
                .extracting(each -> each.header().streamId())
                .containsExactly(77, REMOTE_ID);
        assertThat(sent).extracting(each -> each.header().seq()).containsOnly(0);
    }

    @Test
    void aKnockWithNothingUnderWayIsABareAck() {
        lone.stream.knock(OTHER_SOCKET, OTHER_PEER, 77, 0);
        lone.drain();

        assertThat(lone.recorder.take())
                .singleElement()
                .satisfies(
                        sent -> {
                            assertThat(sent.destination()).isEqualTo(OTHER_PEER);
                            assertThat(sent.header().flags()).isEqualTo(ACK);
                            assertThat(sent.header().streamId()).isEqualTo(77);
                        });
    }

    @Test
    void aPatientStreamNeverGivesUpByItself() {
        lone.stream.patient(true);
        lone.write("x");
        lone.sent();

        lone.until(60_000);

        assertThat(lone.inbox.closed).isNull();
        lone.stream.patient(false);
        lone.until(120_000);
        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void itIsToldWhereEachPacketCameFromWhenThatHasBeenProcessed() {
        List<String> told = new ArrayList<>();
        Inbox host =
                new Inbox() {
                    @Override
                    public boolean firewall(LocalSocket socket, Address source, long now) {
                        return true;
                    }

                    @Override
                    public void heard(LocalSocket socket, Address source, long now) {
                        told.add(source + " after " + bytes + " bytes");
                    }
                };
        lone = new LoneStream(host, LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);

        lone.receive(SOCKET, PEER, packet(DATA, 9999, 0, 0, X));
        lone.connect(0);
        lone.receive(SOCKET, PEER, packet(DATA, 9999, 1, 0, X));
        lone.receive(OTHER_SOCKET, OTHER_PEER, packet(DATA, 9999, 1, 0, X));

        assertThat(told).containsExactly(PEER + " after 2 bytes", OTHER_PEER + " after 2 bytes");
    }

    @Test
    void onlyAnAckOfSomethingSaysThatAnythingArrived() {
        lone.write("x");
        lone.sent();
        lone.receive(SOCKET, PEER, packet(ACK, 9999, 0, 0, Bytes.EMPTY));
        assertThat(lone.stream.isAcknowledged()).isFalse();

        lone.receive(SOCKET, PEER, packet(ACK, 9999, 0, 1, Bytes.EMPTY));

        assertThat(lone.stream.isAcknowledged()).isTrue();
    }

    @Test
    void aSecondConnectIsTheCallersMistake() {
        assertThatThrownBy(() -> lone.connect(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("already connected to 127.0.0.1:2001");
    }

    /** Lets the stream learn a round trip of so many milliseconds. */
    private void warmUp(long millis) {
        lone.write("x");
        lone.sent();
        lone.until(millis);
        lone.receive(ACK, 0, 1, Bytes.EMPTY);
    }
}
