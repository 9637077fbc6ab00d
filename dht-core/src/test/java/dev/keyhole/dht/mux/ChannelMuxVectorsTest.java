package dev.keyhole.dht.mux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The frames of the multiplexer, both as we write and as we read them. */
class ChannelMuxVectorsTest {

    private final MemoryLink[] links = MemoryLink.pair();
    private final ChannelMux a = new ChannelMux(links[0]);
    private final ChannelMux b = new ChannelMux(links[1]);

    @Test
    void bothSidesOpenTheSameProtocol() {
        Journal atA = new Journal();
        Journal atB = new Journal();
        a.start();
        b.start();

        Channel fromA = a.open(Protocol.of("demo/1"), Bytes.EMPTY, atA);
        Channel fromB = b.open(Protocol.of("demo/1"), Bytes.EMPTY, atB);
        links[0].pump();
        fromA.send(0, Bytes.ofHex("026869"));
        fromA.send(1, Bytes.ofHex("fd2c01"));
        fromB.send(0, Bytes.ofHex("02796f"));
        links[0].pump();
        fromA.close();
        links[0].pump();

        framesAreThoseOf(0);
        assertThat(atA.lines).containsExactly("open ", "0 02796f", "close false");
        assertThat(atB.lines).containsExactly("open ", "0 026869", "1 fd2c01", "close true");
    }

    @Test
    void anIdAndAHandshakeTravelWithTheOpen() {
        Bytes id = Bytes.ofHex("040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dd");
        Journal atA = new Journal();
        Journal atB = new Journal();
        a.start();
        b.start();

        a.open(new Protocol("demo/2", id), Bytes.of(5), atA);
        b.open(new Protocol("demo/2", id), Bytes.of(6), atB);
        links[0].pump();

        framesAreThoseOf(1);
        assertThat(atA.lines).containsExactly("open 06");
        assertThat(atB.lines).containsExactly("open 05");
    }

    @Test
    void messagesOfAChannelThatIsNotDecidedAboutWait() {
        Journal atA = new Journal();
        Journal atB = new Journal();
        List<Incoming> asked = new ArrayList<>();
        b.answer(Protocol.of("late"), asked::add);
        a.start();
        b.start();

        a.open(Protocol.of("late"), Bytes.EMPTY, atA).send(0, Bytes.ofHex("056561726c79"));
        links[0].pump();
        b.open(Protocol.of("late"), Bytes.EMPTY, atB);
        links[0].pump();

        framesAreThoseOf(2);
        assertThat(asked).hasSize(1);
        assertThat(atB.lines).containsExactly("open ", "0 056561726c79");
        assertThat(atA.lines).containsExactly("open ");
    }

    @Test
    void whatNobodyAnswersForIsRejected() {
        Journal atA = new Journal();
        a.start();
        b.start();

        a.open(Protocol.of("nobody"), Bytes.EMPTY, atA);
        links[0].pump();

        framesAreThoseOf(3);
        assertThat(atA.lines).containsExactly("close true");
    }

    @Test
    void anotherIdIsAnotherChannel() {
        Journal atA = new Journal();
        Journal atB = new Journal();
        a.start();
        b.start();

        a.open(new Protocol("x", Bytes.of(1, 8)), Bytes.EMPTY, atA);
        b.open(new Protocol("x", Bytes.of(2, 9)), Bytes.EMPTY, atB);
        links[0].pump();

        framesAreThoseOf(4);
        assertThat(atA.lines).containsExactly("close true");
        assertThat(atB.lines).containsExactly("close true");
    }

    @Test
    void whatIsCorkedTravelsInOneBatch() {
        Journal atB = new Journal();
        a.start();
        b.start();
        b.open(Protocol.of("p1"), Bytes.EMPTY, atB);
        b.open(Protocol.of("p2"), Bytes.EMPTY, atB);

        a.cork();
        Channel first = a.open(Protocol.of("p1"), Bytes.EMPTY, new Journal());
        Channel second = a.open(Protocol.of("p2"), Bytes.EMPTY, new Journal());
        first.send(0, Bytes.ofHex("036f6e65"));
        first.send(0, Bytes.ofHex("0374776f"));
        second.send(0, Bytes.ofHex("057468726565"));
        a.uncork();
        links[1].pump();

        framesAreThoseOf(5);
        assertThat(atB.lines)
                .containsExactly("open ", "open ", "0 036f6e65", "0 0374776f", "0 057468726565");
    }

    @Test
    void anOpenThatComesBeforeOursIsRejected() {
        a.start();
        b.start();

        b.open(Protocol.of("p1"), Bytes.EMPTY, new Journal());
        links[1].pump();
        a.open(Protocol.of("p1"), Bytes.EMPTY, new Journal());
        links[0].pump();

        framesAreThoseOf(6);
    }

    @Test
    void aNumberIsUsedAgainAfterItsChannel() {
        a.start();
        b.start();

        Channel first = a.open(Protocol.of("q1"), Bytes.EMPTY, new Journal());
        b.open(Protocol.of("q1"), Bytes.EMPTY, new Journal());
        links[0].pump();
        first.close();
        links[0].pump();
        a.open(Protocol.of("q2"), Bytes.EMPTY, new Journal());
        b.open(Protocol.of("q2"), Bytes.EMPTY, new Journal());
        links[0].pump();

        framesAreThoseOf(7);
    }

    @TestFactory
    Stream<DynamicTest> malformedFramesEndTheLinkOrDoNothing() {
        return Vectors.each(
                Vectors.load("dht-protomux", "malformed"),
                vector -> {
                    MemoryLink[] ends = MemoryLink.pair();
                    ChannelMux mux = new ChannelMux(ends[0]);
                    if (Vectors.text(vector, "name").contains("undecided")) {
                        mux.answer(Protocol.of("a"), incoming -> {});
                    }
                    mux.start();

                    for (JsonNode frame : vector.get("frames")) {
                        ends[1].forge(Bytes.ofHex(frame.asText()));
                    }

                    boolean destroyed = vector.get("streamDestroyed").asBoolean();
                    assertThat(ends[0].reason != null).isEqualTo(destroyed);
                    assertThat(ends[0].written).isEqualTo(frames(vector.get("answered")));
                });
    }

    @Test
    void damagedFramesNeverThrow() {
        Random random = new Random(3);
        List<Bytes> frames = Vectors.allHex(Vectors.load("dht-protomux"));
        for (int i = 0; i < 500; i++) {
            MemoryLink[] ends = MemoryLink.pair();
            ChannelMux mux = new ChannelMux(ends[0]);
            mux.answer(Protocol.of("demo/1"), incoming -> {});
            mux.start();
            mux.open(Protocol.of("p1"), Bytes.EMPTY, new Journal());

            for (int n = 0; n < 4; n++) {
                byte[] frame = frames.get(random.nextInt(frames.size())).toArray();
                frame[random.nextInt(frame.length)] = (byte) random.nextInt(256);
                assertThatCode(() -> ends[1].forge(Bytes.wrap(frame))).doesNotThrowAnyException();
            }
        }
    }

    private void framesAreThoseOf(int scenario) {
        JsonNode frames = Vectors.load("dht-protomux", "scenarios").get(scenario).get("frames");
        assertThat(links[0].written).isEqualTo(framesFrom("a", frames));
        assertThat(links[1].written).isEqualTo(framesFrom("b", frames));
    }

    private static List<Bytes> framesFrom(String side, JsonNode frames) {
        return StreamSupport.stream(frames.spliterator(), false)
                .filter(frame -> frame.get("from").asText().equals(side))
                .map(frame -> Vectors.hex(frame, "hex"))
                .toList();
    }

    private static List<Bytes> frames(JsonNode texts) {
        return StreamSupport.stream(texts.spliterator(), false).map(Vectors::hex).toList();
    }

    /** What a channel was told, a line for each. */
    static final class Journal implements Channel.Listener {

        final List<String> lines = new ArrayList<>();

        @Override
        public void opened(Channel channel, Bytes handshake) {
            lines.add("open " + handshake.toHex());
        }

        @Override
        public void message(int type, Bytes message) {
            lines.add(type + " " + message.toHex());
        }

        @Override
        public void writable() {
            lines.add("writable");
        }

        @Override
        public void closed(boolean byPeer) {
            lines.add("close " + byPeer);
        }
    }
}
