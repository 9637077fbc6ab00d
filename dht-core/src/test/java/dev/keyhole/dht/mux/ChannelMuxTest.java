package dev.keyhole.dht.mux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.mux.ChannelMuxVectorsTest.Journal;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChannelMuxTest {

    private static final Protocol CHAT = Protocol.of("chat");

    private final MemoryLink[] links = MemoryLink.pair();
    private final ChannelMux a = new ChannelMux(links[0]);
    private final ChannelMux b = new ChannelMux(links[1]);
    private final Journal atA = new Journal();
    private final Journal atB = new Journal();

    @BeforeEach
    void begin() {
        a.start();
        b.start();
    }

    @Test
    void dataFramesCarryTheSendersChannelNumber() {
        a.answer(Protocol.of("other"), incoming -> incoming.accept(Bytes.EMPTY, new Journal()));
        b.open(Protocol.of("other"), Bytes.EMPTY, new Journal());
        Channel fromB = b.open(CHAT, Bytes.EMPTY, atB);
        links[0].pump();
        a.open(Protocol.of("third"), Bytes.EMPTY, new Journal());
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        b.open(CHAT, Bytes.EMPTY, atB);
        links[0].pump();
        links[0].written.clear();

        fromA.send(3, Bytes.of(9));
        links[0].pump();

        assertThat(fromB.isClosed()).isTrue();
        assertThat(links[0].written).containsExactly(Bytes.of(fromA.number(), 3, 9));
        assertThat(atB.lines).endsWith("3 09");
    }

    @Test
    void dataBeforePairingIsBufferedNotDropped() {
        List<Incoming> asked = new ArrayList<>();
        b.answer(CHAT, asked::add);
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        int length = 1000;
        int fitting = ChannelMux.MAX_KEPT_BYTES / (ChannelMux.MESSAGE_OVERHEAD_BYTES + length);

        for (int i = 0; i < fitting; i++) {
            fromA.send(0, Bytes.wrap(new byte[length]));
        }
        links[0].pump();
        boolean pausedEarly = links[1].paused;
        for (int i = 0; i < 5; i++) {
            fromA.send(0, Bytes.wrap(new byte[length]));
        }
        links[0].pump();
        boolean pausedWhenFull = links[1].paused;
        asked.get(0).accept(Bytes.EMPTY, atB);
        links[0].pump();

        assertThat(pausedEarly).isFalse();
        assertThat(pausedWhenFull).isTrue();
        assertThat(links[1].paused).isFalse();
        assertThat(atB.lines).hasSize(1 + fitting + 5);
    }

    @Test
    void unwantedOpenIsRejected() {
        b.answer(CHAT, Incoming::reject);

        Channel turnedDown = a.open(CHAT, Bytes.EMPTY, atA);
        Channel unknown = a.open(Protocol.of("nobody's"), Bytes.EMPTY, atA);
        links[0].pump();

        assertThat(turnedDown.isClosed()).isTrue();
        assertThat(unknown.isClosed()).isTrue();
        assertThat(links[1].written).containsExactly(Bytes.of(0, 2, 1), Bytes.of(0, 2, 2));
        assertThat(atA.lines).containsExactly("close true", "close true");
    }

    @Test
    void channelNumbersGrowByOneAndAreNotReusedWhileAlive() {
        List<Incoming> asked = new ArrayList<>();
        b.answer(CHAT, asked::add);
        links[0].forge(open(1, CHAT));
        assertThat(links[1].reason).isNull();

        links[0].forge(open(1, CHAT));
        assertThat(links[1].reason).isInstanceOf(CloseReason.Misbehaved.class);

        MemoryLink[] others = MemoryLink.pair();
        new ChannelMux(others[1]).start();
        others[0].forge(open(1, CHAT));
        others[0].forge(open(3, CHAT));
        assertThat(others[1].reason).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void batchIsReadToItsEnd() {
        b.open(CHAT, Bytes.EMPTY, atB);
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();

        a.cork();
        for (int i = 0; i < 10_000; i++) {
            fromA.send(0, Bytes.of(i));
        }
        a.uncork();
        links[0].pump();

        assertThat(links[0].written).hasSize(2);
        assertThat(atB.lines).hasSize(1 + 10_000);
    }

    @Test
    void batchesAreSplitAtEightMebibytesAndAnsweredInBatches() {
        b.answer(CHAT, incoming -> incoming.accept(Bytes.EMPTY, new Echoing(atB)));
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();
        links[0].written.clear();
        links[1].written.clear();

        a.cork();
        for (int i = 0; i < 3; i++) {
            fromA.send(0, Bytes.wrap(new byte[5 << 20]));
        }
        fromA.send(0, Bytes.of(1));
        a.uncork();
        links[0].pump();

        assertThat(links[0].written).hasSize(2);
        assertThat(links[0].written)
                .allMatch(frame -> frame.length() < ChannelMux.MAX_BATCH_BYTES + (6 << 20));
        assertThat(atB.lines).hasSize(1 + 4);
        assertThat(links[1].written).hasSize(2);
        assertThat(links[1].written).allMatch(frame -> frame.slice(0, 2).equals(Bytes.of(0, 0)));
    }

    @Test
    void secondOpenOfTheSameProtocolIsQueued() {
        List<Incoming> asked = new ArrayList<>();
        b.answer(CHAT, asked::add);
        Journal second = new Journal();
        a.open(CHAT, Bytes.of(1), atA);
        a.open(CHAT, Bytes.of(2), second);
        links[0].pump();

        b.open(CHAT, Bytes.of(3), atB);
        b.open(CHAT, Bytes.of(4), atB);
        links[0].pump();

        assertThat(asked).hasSize(2);
        assertThat(atB.lines).containsExactly("open 01", "open 02");
        assertThat(atA.lines).containsExactly("open 03");
        assertThat(second.lines).containsExactly("open 04");
    }

    @Test
    void drainIsReportedToChannelsThatAreStillOpening() {
        b.answer(CHAT, incoming -> {});
        links[0].full = true;
        Channel opening = a.open(CHAT, Bytes.EMPTY, atA);

        boolean more = opening.send(0, Bytes.of(1));
        links[0].becomeWritable();

        assertThat(more).isFalse();
        assertThat(opening.isOpen()).isFalse();
        assertThat(atA.lines).containsExactly("writable");
    }

    @Test
    void rejectOfAnUnknownNumberIsFatal() {
        b.answer(CHAT, incoming -> incoming.accept(Bytes.EMPTY, atB));
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();
        assertThat(fromA.isOpen()).isTrue();

        links[1].forge(Bytes.of(0, 2, fromA.number()));

        assertThat(links[0].reason).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void channelOpensAreBounded() {
        List<Incoming> asked = new ArrayList<>();
        b.answer(CHAT, asked::add);
        b.answer(Protocol.of("welcome"), incoming -> incoming.accept(Bytes.EMPTY, new Journal()));
        int tooMany = ChannelMux.MAX_OPEN + 50;

        for (int i = 0; i < ChannelMux.MAX_WAITING + 10; i++) {
            a.open(CHAT, Bytes.EMPTY, new Journal());
        }
        links[1].resume();
        links[0].pump();
        for (int i = 0; i < tooMany; i++) {
            links[1].resume();
            a.open(Protocol.of("welcome"), Bytes.EMPTY, new Journal());
            links[0].pump();
        }

        assertThat(links[0].reason).isNull();
        assertThat(b.waitingChannels()).isEqualTo(ChannelMux.MAX_WAITING);
        assertThat(b.openChannels() + b.waitingChannels()).isEqualTo(ChannelMux.MAX_OPEN);
        assertThat(links[1].reason).isNull();
    }

    @Test
    void whoOpensWithoutReadingTheRejectsLosesTheLink() {
        MemoryLink[] ends = MemoryLink.pair();
        new ChannelMux(ends[1]).start();
        ends[1].full = true;

        for (int i = 1; i <= ChannelMux.MAX_UNSENT_REJECTS + 1; i++) {
            assertThat(ends[1].reason).isNull();
            ends[0].forge(open(1, CHAT));
        }

        assertThat(ends[1].reason).isInstanceOf(CloseReason.Misbehaved.class);
        assertThat(ends[1].written).hasSize(ChannelMux.MAX_UNSENT_REJECTS + 1);
    }

    @Test
    void batchesAreNotNestedWithoutEnd() {
        Bytes frame = Bytes.of(0, 0, 0);
        for (int i = 0; i < 10_000; i++) {
            frame = new WireWriter().uint(0).uint(0).uint(0).buffer(frame.slice(1)).toBytes();
        }

        links[0].forge(frame);

        assertThat(links[1].reason).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void whatIsClosedBeforeItIsDecidedAboutIsAnsweredSoThatItsNumberIsFreeAgain() {
        List<Incoming> asked = new ArrayList<>();
        b.answer(CHAT, asked::add);
        Channel first = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();
        first.close();
        links[0].pump();

        Channel second = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();

        assertThat(second.number()).isEqualTo(first.number());
        assertThat(asked).hasSize(2);
        assertThat(links[1].reason).isNull();
    }

    @Test
    void channelsCloseWithTheLink() {
        b.answer(CHAT, incoming -> incoming.accept(Bytes.EMPTY, atB));
        a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();

        links[0].destroy(new CloseReason.ByUs("enough"));
        links[0].pump();

        assertThat(atA.lines).containsExactly("open ", "close true");
        assertThat(atB.lines).containsExactly("open ", "close true");
        assertThat(a.open(CHAT, Bytes.EMPTY, atA).isClosed()).isTrue();
    }

    @Test
    void aMessageThatDoesNotDecodeEndsTheLink() {
        b.answer(CHAT, incoming -> incoming.accept(Bytes.EMPTY, new Strict()));
        Channel fromA = a.open(CHAT, Bytes.EMPTY, atA);
        links[0].pump();

        fromA.send(0, Bytes.of(0xfd));
        links[0].pump();

        assertThat(links[1].reason).isInstanceOf(CloseReason.Misbehaved.class);
    }

    private static Bytes open(int number, Protocol protocol) {
        WireWriter writer = new WireWriter().uint(0).uint(1).uint(number);
        protocol.encode(writer);
        return writer.toBytes();
    }

    private static final class Echoing implements Channel.Listener {

        private final Journal journal;
        private Channel channel;

        Echoing(Journal journal) {
            this.journal = journal;
        }

        @Override
        public void opened(Channel opened, Bytes handshake) {
            channel = opened;
            journal.opened(opened, handshake);
        }

        @Override
        public void message(int type, Bytes message) {
            journal.lines.add("message");
            channel.send(type, Bytes.of(7));
        }

        @Override
        public void closed(boolean byPeer) {}
    }

    private static final class Strict implements Channel.Listener {

        @Override
        public void opened(Channel opened, Bytes handshake) {}

        @Override
        public void message(int type, Bytes message) throws MalformedException {
            new WireReader(message).uint();
        }

        @Override
        public void closed(boolean byPeer) {}
    }
}
