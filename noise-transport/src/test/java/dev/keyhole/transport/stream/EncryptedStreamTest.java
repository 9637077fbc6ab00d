package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.crypto.SecretStream;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.stream.EncryptedStream.Settings;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EncryptedStreamTest {

    private final Sessions sessions = Sessions.of(1);
    private final RawPair net = new RawPair();
    private final Random random = new Random(1);
    private final Diary leftDiary = new Diary();
    private final Diary rightDiary = new Diary();
    private EncryptedStream left;
    private EncryptedStream right;

    @Test
    void messagesArriveAsTheyWereWritten() {
        startBoth();
        List<Bytes> messages = new ArrayList<>();
        for (int length : new int[] {1, 2, 15, 16, 17, 1100, 1152, 65_536, 300_000}) {
            messages.add(Bytes.random(random, length));
        }

        messages.forEach(message -> left.write(message, net.now));
        right.write(Bytes.utf8("hello"), net.now);
        net.pump();

        assertThat(rightDiary.messages).isEqualTo(messages);
        assertThat(leftDiary.messages).containsExactly(Bytes.utf8("hello"));
        assertThat(leftDiary.verified).isEqualTo(1);
        assertThat(rightDiary.verified).isEqualTo(1);
    }

    @Test
    void connectionIsWritableBeforeThePeersHeader() {
        left = start(net.left, sessions.initiator(), leftDiary);
        left.write(Bytes.utf8("early"), net.now);
        net.connect();
        RawPair.Plain peer = new RawPair.Plain();
        net.right.listener = peer;

        net.left.streams.drain(net.left, net.now);

        assertThat(net.left.firstSent().length()).isEqualTo(20 + 59 + 20 + 5);
    }

    @Test
    void emptyMessagesSayNothing() {
        startBoth();

        left.write(Bytes.EMPTY, net.now);
        net.pump();

        assertThat(rightDiary.messages).isEmpty();
        assertThat(rightDiary.verified).isEqualTo(1);
    }

    @Test
    void aMessageTooLongForAFrameIsRefused() {
        startBoth();

        assertThatThrownBy(() -> left.write(Bytes.wrap(new byte[Frames.MAX_MESSAGE + 1]), net.now))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("above 16777198");
    }

    @Test
    void theHeaderOfAnotherHandshakeEndsTheStream() {
        left = start(net.left, sessions.initiator(), leftDiary);
        right = start(net.right, Sessions.of(2).responder(), rightDiary);
        net.connect();

        net.pump();

        assertThat(leftDiary.verified).isZero();
        assertThat(rightDiary.verified).isZero();
        assertThat(leftDiary.closed).isInstanceOf(CloseReason.class);
        assertThat(List.of(leftDiary.closed, rightDiary.closed))
                .contains(new CloseReason.Misbehaved("header of another stream"));
    }

    @Test
    void ourOwnHeaderComingBackEndsTheStream() {
        RawPair.Plain mirror = startLeftAlone();
        net.pump();

        net.right.raw.write(mirror.received, net.now);
        net.pump();

        assertThat(leftDiary.verified).isZero();
        assertThat(leftDiary.closed).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void aHeaderOfAnyOtherLengthEndsTheStream() {
        startLeftAlone();

        net.right.raw.write(Bytes.ofHex("370000"), net.now);
        net.pump();

        assertThat(leftDiary.closed)
                .isEqualTo(new CloseReason.Misbehaved("frame of 55 bytes, outside of 56 to 56"));
    }

    @Test
    void aTamperedFrameEndsTheStreamAfterWhatCameBefore() {
        startLeftAlone();
        Writer writer = new Writer();
        writer.frame(Bytes.utf8("good"));
        byte[] bad = writer.sealed(Bytes.utf8("bad")).toArray();
        bad[bad.length - 1] ^= 1;
        writer.raw(new WireWriter().u24(bad.length).bytes(Bytes.wrap(bad)).toBytes());
        writer.frame(Bytes.utf8("never"));
        net.pump();

        assertThat(leftDiary.messages).containsExactly(Bytes.utf8("good"));
        assertThat(leftDiary.closed)
                .isEqualTo(new CloseReason.Misbehaved("encrypted message is not authentic"));
        assertThat(((RawPair.Plain) net.right.listener).closed).isEqualTo(new CloseReason.ByPeer());
    }

    @Test
    void aFrameTooShortToBeAuthenticEndsTheStream() {
        startLeftAlone();
        Writer writer = new Writer();
        writer.raw(Bytes.ofHex("10000000112233445566778899aabbccddeeff"));
        net.pump();

        assertThat(leftDiary.closed).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void aFrameAboveTheLimitEndsTheStreamByItsLengthAlone() {
        startLeftAlone(Settings.defaults().withFrameBytes(1000));
        Writer writer = new Writer();
        writer.raw(Bytes.ofHex("e90300"));
        net.pump();

        assertThat(leftDiary.closed)
                .isEqualTo(
                        new CloseReason.Misbehaved("frame of 1001 bytes, outside of 17 to 1000"));
    }

    @Test
    void anEndInsideAFrameIsNoEnd() {
        startLeftAlone();
        Writer writer = new Writer();
        writer.raw(Bytes.ofHex("110000ffff"));
        net.right.raw.end(net.now);
        net.pump();

        assertThat(leftDiary.ended).isZero();
        assertThat(leftDiary.closed)
                .isEqualTo(new CloseReason.Misbehaved("stream ended inside a frame"));
    }

    @Test
    void anEndBeforeTheHeaderIsNoEnd() {
        startLeftAlone();

        net.right.raw.end(net.now);
        net.pump();

        assertThat(leftDiary.closed).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void aStreamStaysAliveByEmptyMessages() {
        startBoth();
        net.pump();
        long writtenAt = net.now + MILLISECONDS.toNanos(1500);
        net.now = writtenAt;
        left.write(Bytes.utf8("x"), net.now);
        net.pump();

        assertThat(left.deadlineNanos()).isEqualTo(writtenAt + SECONDS.toNanos(5));
        long sentBefore = net.left.sentCount;
        net.now = left.deadlineNanos() - 1;
        left.expire(net.now);
        net.pump();
        assertThat(net.left.sentCount).isEqualTo(sentBefore);
        net.now = left.deadlineNanos();
        left.expire(net.now);
        net.pump();
        assertThat(net.left.sentCount).isEqualTo(sentBefore + 1);
        assertThat(rightDiary.messages).hasSize(1);
    }

    @Test
    void anEndThatBothSidesMadeStopsTheKeepAlive() {
        startBoth();
        net.pump();

        left.end(net.now);
        net.pump();
        assertThat(left.deadlineNanos()).isLessThan(Machine.NEVER);
        right.end(net.now);
        net.pump();

        assertThat(left.deadlineNanos()).isEqualTo(Machine.NEVER);
        assertThat(right.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void keepAliveCanBeSetTwiceAndShortMessagesAreIgnored() {
        startBoth();
        net.pump();
        long began = net.now;

        left.keepAlive(SECONDS.toNanos(60), began);
        left.keepAlive(SECONDS.toNanos(20), began);
        net.left.raw.sendMessage(Bytes.random(random, 23), began);
        net.pump();

        assertThat(left.deadlineNanos()).isEqualTo(began + SECONDS.toNanos(20));
        left.keepAlive(Machine.NEVER, began);
        assertThat(left.deadlineNanos()).isEqualTo(Machine.NEVER);
        assertThat(rightDiary.unordered).isEmpty();
        assertThat(rightDiary.closed).isNull();
    }

    @Test
    void aStreamThatIsNotConnectedKeepsNothingAlive() {
        left = start(net.left, sessions.initiator(), leftDiary);

        for (int i = 1; i <= 20; i++) {
            left.expire(SECONDS.toNanos(5L * i));
        }

        assertThat(leftDiary.closed).isNull();
        assertThat(net.left.raw.stats().pendingBytes()).isEqualTo(59);
    }

    @Test
    void aPeerWithoutAHeaderIsGivenTenSeconds() {
        startLeftAlone();
        net.pump();

        net.now = SECONDS.toNanos(10) - 1;
        left.expire(net.now);
        assertThat(leftDiary.closed).isNull();

        net.now = SECONDS.toNanos(10);
        left.expire(net.now);
        assertThat(leftDiary.closed).isEqualTo(new CloseReason.TimedOut("no header from the peer"));
        assertThat(left.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void anyReceivedByteRefreshesTheIdleTimeout() {
        startLeftAlone(Settings.defaults().withIdleNanos(SECONDS.toNanos(3)));
        Writer writer = new Writer();
        net.pump();
        net.now = SECONDS.toNanos(2);
        writer.raw(Bytes.ofHex("ff"));
        net.pump();

        net.now = SECONDS.toNanos(4);
        left.expire(net.now);
        assertThat(leftDiary.closed).isNull();

        net.now = SECONDS.toNanos(6);
        left.expire(net.now);
        assertThat(leftDiary.closed).isEqualTo(new CloseReason.TimedOut("nothing from the peer"));
    }

    @Test
    void dataRightBehindTheHeaderIsKeptUntilSomeoneReads() {
        left = start(net.left, sessions.initiator(), leftDiary);
        left.pause(net.now);
        right = start(net.right, sessions.responder(), rightDiary);
        net.connect();
        right.write(Bytes.utf8("one"), net.now);
        right.write(Bytes.utf8("two"), net.now);
        right.end(net.now);
        net.pump();

        assertThat(leftDiary.verified).isEqualTo(1);
        assertThat(leftDiary.messages).isEmpty();
        assertThat(leftDiary.ended).isZero();

        left.resume(net.now);

        assertThat(leftDiary.messages).containsExactly(Bytes.utf8("one"), Bytes.utf8("two"));
        assertThat(leftDiary.ended).isEqualTo(1);
    }

    @Test
    void aPausedReaderClosesTheWindowAndReadingOpensIt() {
        startBoth();
        net.pump();
        right.pause(net.now);
        Bytes chunk = Bytes.random(random, 60_000);
        int written = 0;
        while (written < 200 && left.write(chunk, net.now)) {
            written++;
            net.pump();
        }

        assertThat(rightDiary.messages).isEmpty();
        assertThat(written).isBetween(60, 150);
        assertThat(net.right.raw.stats().unreadBytes()).isBetween(4_000_000L, 4_300_000L);

        right.resume(net.now);
        net.pump();

        assertThat(rightDiary.messages).hasSize(written + 1);
        assertThat(net.right.raw.stats().unreadBytes()).isZero();
        assertThat(leftDiary.writable).isEqualTo(1);
    }

    @Test
    void pausingFromWithinAMessageHoldsTheNext() {
        startBoth();
        rightDiary.onMessage = () -> right.pause(net.now);
        left.write(Bytes.utf8("one"), net.now);
        left.write(Bytes.utf8("two"), net.now);
        net.pump();
        assertThat(rightDiary.messages).containsExactly(Bytes.utf8("one"));

        right.resume(net.now);

        assertThat(rightDiary.messages).containsExactly(Bytes.utf8("one"), Bytes.utf8("two"));
    }

    @Test
    void destroyingFromWithinAMessageIsTheEndOfIt() {
        startBoth();
        rightDiary.onMessage = () -> right.destroy(new CloseReason.ByUs("enough"), net.now);
        left.write(Bytes.utf8("one"), net.now);
        left.write(Bytes.utf8("two"), net.now);
        net.pump();

        assertThat(rightDiary.messages).containsExactly(Bytes.utf8("one"));
        assertThat(rightDiary.closed).isEqualTo(new CloseReason.ByUs("enough"));
        assertThat(leftDiary.closed).isEqualTo(new CloseReason.ByPeer());
        assertThat(left.write(Bytes.utf8("late"), net.now)).isTrue();
    }

    @Test
    void whatOnlyThePeerCanSayIsToldFromWhatAnybodyCan() {
        startBoth();
        net.pump();
        int before = rightDiary.authentic;

        net.left.raw.sendMessage(Bytes.utf8("anybody can say this"), net.now);
        net.pump();
        assertThat(rightDiary.authentic).isEqualTo(before);
        left.write(Bytes.EMPTY, net.now);
        net.pump();
        left.sendMessage(Bytes.EMPTY, net.now);
        net.pump();

        assertThat(rightDiary.authentic).isEqualTo(before + 2);
    }

    @Test
    void closingEndsWhenThePeerHasEndedToo() {
        startBoth();
        net.pump();
        left.pause(net.now);
        right.write(Bytes.utf8("unread"), net.now);
        net.pump();

        left.close(SECONDS.toNanos(3), net.now);
        net.pump();
        assertThat(rightDiary.ended).isEqualTo(1);
        assertThat(leftDiary.closed).isNull();
        right.end(net.now);
        net.pump();

        assertThat(leftDiary.closed).isEqualTo(new CloseReason.Ended());
        assertThat(leftDiary.messages).isEmpty();
        assertThat(left.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void closingDoesNotWaitForEverForAPeerThatWritesOn() {
        startBoth();
        net.pump();

        left.close(SECONDS.toNanos(3), net.now);
        net.pump();
        long due = left.deadlineNanos();
        left.expire(due);

        assertThat(due).isLessThanOrEqualTo(net.now + SECONDS.toNanos(3));
        assertThat(leftDiary.closed).isInstanceOf(CloseReason.ByUs.class);
    }

    @Test
    void oneSideMayEndAndGoOnReading() {
        startBoth();
        left.write(Bytes.utf8("question"), net.now);
        left.end(net.now);
        net.pump();
        assertThat(rightDiary.ended).isEqualTo(1);
        assertThatThrownBy(() -> left.write(Bytes.utf8("more"), net.now))
                .isInstanceOf(IllegalStateException.class);

        right.write(Bytes.utf8("answer"), net.now);
        right.end(net.now);
        net.pump();

        assertThat(leftDiary.messages).containsExactly(Bytes.utf8("answer"));
        assertThat(leftDiary.ended).isEqualTo(1);
        assertThat(leftDiary.closed).isEqualTo(new CloseReason.Ended());
        assertThat(rightDiary.closed).isEqualTo(new CloseReason.Ended());
    }

    @Test
    void anOrderlyCloseWaitsForThePausedReader() {
        startBoth();
        net.pump();
        right.pause(net.now);
        right.end(net.now);
        left.write(Bytes.utf8("last"), net.now);
        left.end(net.now);
        net.pump();
        assertThat(leftDiary.closed).isEqualTo(new CloseReason.Ended());
        assertThat(rightDiary.closed).isNull();

        right.resume(net.now);

        assertThat(rightDiary.messages).containsExactly(Bytes.utf8("last"));
        assertThat(rightDiary.ended).isEqualTo(1);
        assertThat(rightDiary.closed).isEqualTo(new CloseReason.Ended());
    }

    @Test
    void unorderedMessagesArrive() {
        startBoth();
        net.pump();

        left.sendMessage(Bytes.utf8("ping"), net.now);
        right.sendMessage(Bytes.utf8("pong"), net.now);
        net.pump();

        assertThat(rightDiary.unordered).containsExactly(Bytes.utf8("ping"));
        assertThat(leftDiary.unordered).containsExactly(Bytes.utf8("pong"));
    }

    @Test
    void replayedUnorderedMessageIsDropped() throws MalformedException {
        Unordered sender = new Unordered(sessions.initiator(), -3);
        Unordered receiver = new Unordered(sessions.responder(), random);
        List<Bytes> envelopes = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            envelopes.add(sender.seal(Bytes.utf8("no. " + i)));
        }

        for (int i : new int[] {1, 0, 3, 66, 4, 69, 6}) {
            assertThat(receiver.open(envelopes.get(i))).isEqualTo(Bytes.utf8("no. " + i));
        }

        assertThat(receiver.openedLatest()).isFalse();
        for (int i : new int[] {0, 1, 3, 4, 5, 6, 66, 69}) {
            assertThatThrownBy(() -> receiver.open(envelopes.get(i)))
                    .isInstanceOf(MalformedException.class);
        }
        assertThat(receiver.open(envelopes.get(7))).isEqualTo(Bytes.utf8("no. 7"));
    }

    @Test
    void aForgedUnorderedMessageTakesNobodysPlace() throws MalformedException {
        Unordered sender = new Unordered(sessions.initiator(), random);
        Unordered receiver = new Unordered(sessions.responder(), random);
        Bytes genuine = sender.seal(Bytes.utf8("genuine"));
        byte[] forged = genuine.toArray();
        forged[7] ^= 0x40;

        assertThatThrownBy(() -> receiver.open(Bytes.wrap(forged)))
                .isInstanceOf(MalformedException.class);

        assertThat(receiver.open(genuine)).isEqualTo(Bytes.utf8("genuine"));
    }

    @Test
    void unorderedMessagesThatAreNotThePeersAreDropped() {
        startBoth();
        net.pump();

        net.right.raw.sendMessage(Bytes.random(random, 23), net.now);
        net.right.raw.sendMessage(Bytes.random(random, 24), net.now);
        net.pump();

        assertThat(leftDiary.unordered).isEmpty();
        assertThat(left.droppedMessages()).isEqualTo(2);
        assertThat(leftDiary.closed).isNull();
    }

    @Test
    void switchingUnorderedReceptionOffKeepsSending() {
        left =
                start(
                        net.left,
                        sessions.initiator(),
                        leftDiary,
                        Settings.defaults().withReceiveUnordered(false));
        right = start(net.right, sessions.responder(), rightDiary);
        net.connect();
        net.pump();

        left.sendMessage(Bytes.utf8("ping"), net.now);
        right.sendMessage(Bytes.utf8("pong"), net.now);
        net.pump();

        assertThat(rightDiary.unordered).containsExactly(Bytes.utf8("ping"));
        assertThat(leftDiary.unordered).isEmpty();
    }

    @Test
    void noCounterOfAnUnorderedMessageIsUsedTwice() {
        Unordered unordered = new Unordered(sessions.initiator(), 5, 3);

        assertThat(unordered.seal(Bytes.EMPTY)).isNotNull();
        assertThat(unordered.seal(Bytes.EMPTY)).isNull();
        assertThat(unordered.seal(Bytes.EMPTY)).isNull();
    }

    @Test
    void nothingPrintsASecret() {
        startBoth();

        assertThat(left.toString())
                .doesNotContain(sessions.initiator().tx().toHex())
                .doesNotContain(sessions.initiator().rx().toHex());
    }

    private void startBoth() {
        left = start(net.left, sessions.initiator(), leftDiary);
        right = start(net.right, sessions.responder(), rightDiary);
        net.connect();
    }

    private RawPair.Plain startLeftAlone() {
        return startLeftAlone(Settings.defaults());
    }

    private RawPair.Plain startLeftAlone(Settings settings) {
        left = start(net.left, sessions.initiator(), leftDiary, settings);
        RawPair.Plain peer = new RawPair.Plain();
        net.right.listener = peer;
        net.connect();
        return peer;
    }

    private EncryptedStream start(RawPair.Side side, Session session, Diary diary) {
        return start(side, session, diary, Settings.defaults());
    }

    private EncryptedStream start(
            RawPair.Side side, Session session, Diary diary, Settings settings) {
        EncryptedStream stream =
                new EncryptedStream(session, side.raw, diary, random, settings, net.now);
        side.listener = stream;
        return stream;
    }

    /** The right side by hand: a header, and then whatever the test wants. */
    private final class Writer {

        private final SecretStream.Encryptor encryptor =
                SecretStream.Encryptor.start(sessions.responder().tx(), random);

        Writer() {
            raw(
                    new WireWriter()
                            .u24(56)
                            .bytes(EncryptedStream.streamId(sessions.responder(), false))
                            .bytes(encryptor.header())
                            .toBytes());
        }

        Bytes sealed(Bytes message) {
            return encryptor.encrypt(message);
        }

        void frame(Bytes message) {
            Bytes sealed = sealed(message);
            raw(new WireWriter().u24(sealed.length()).bytes(sealed).toBytes());
        }

        void raw(Bytes bytes) {
            net.right.raw.write(bytes, net.now);
        }
    }
}
