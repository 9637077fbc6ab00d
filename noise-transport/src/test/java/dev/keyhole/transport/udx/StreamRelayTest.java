package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class StreamRelayTest {

    private static final LocalSocket NEAR = new LocalSocket(1, Address.parse("88.0.0.1:49737"));
    private static final LocalSocket FAR = new LocalSocket(2, Address.parse("88.0.0.1:49738"));
    private static final Address FIRST = Address.parse("88.1.0.1:5001");
    private static final Address SECOND = Address.parse("88.2.0.1:5002");
    private static final Address STRANGER = Address.parse("88.3.0.1:5003");

    private final StreamMultiplexer streams = new StreamMultiplexer(new Random(1));
    private final Recorder recorder = new Recorder();

    @Test
    void packetsAreForwardedAsByTheOriginal() {
        OpenGuard guard = new OpenGuard();
        streams.relay(1001, 11, 1002, 22, guard, 0);

        for (JsonNode step : Vectors.load("dht-blind-relay", "forwarding")) {
            boolean first = Vectors.text(step, "sentBy").equals("client 1");
            receive(NEAR, first ? FIRST : SECOND, Vectors.hex(step, "sent"));

            List<Recorder.Sent> sent = recorder.take();
            assertThat(to(FIRST, sent)).isEqualTo(packets(step.get("arrivedAtClient1")));
            assertThat(to(SECOND, sent)).isEqualTo(packets(step.get("arrivedAtClient2")));
        }

        assertThat(guard.closed).isTrue();
        assertThat(streams.relayedEnds()).isZero();
    }

    @Test
    void packetsThatTryASizeAreForwardedInOnePieceAndOthersNeedNotBe() {
        streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0).responder().expectAt(NEAR, SECOND);
        byte[] padded = new byte[1204];
        new PacketHeader(PacketHeader.DATA, 32, 1001, 0, 0, 0).writeTo(padded);
        byte[] large = new byte[1472];
        new PacketHeader(PacketHeader.DATA, 0, 1001, 0, 1, 0).writeTo(large);

        receive(NEAR, FIRST, Bytes.wrap(padded));
        receive(NEAR, FIRST, Bytes.wrap(large));

        assertThat(recorder.take()).hasSize(2);
        assertThat(recorder.whole)
                .containsExactly(PacketHeader.readdressed(Bytes.wrap(padded), 22));
    }

    @Test
    void relayStreamLearnsItsPeerFromTheFirstPacket() {
        StreamRelay relay = streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0);
        relay.initiator().expectAt(NEAR, STRANGER);
        relay.responder().expectAt(NEAR, SECOND);

        receive(NEAR, SECOND, packet(1002));
        assertThat(recorder.take()).containsExactly(sent(NEAR, STRANGER, packet(11)));
        receive(NEAR, FIRST, packet(1001));
        recorder.take();
        receive(NEAR, SECOND, packet(1002));

        assertThat(recorder.take()).containsExactly(sent(NEAR, FIRST, packet(11)));
        assertThat(relay.initiator().remote()).isEqualTo(FIRST);
    }

    @Test
    void relayedDatagramLeavesThroughTheOtherEndsSocket() {
        streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0);
        receive(NEAR, FIRST, packet(1001));
        receive(FAR, SECOND, packet(1002));
        recorder.take();

        receive(NEAR, FIRST, packet(1001));
        receive(FAR, SECOND, packet(1002));

        assertThat(recorder.take())
                .containsExactly(sent(FAR, SECOND, packet(22)), sent(NEAR, FIRST, packet(11)));
    }

    @Test
    void whoeverGuessesAnIdIsNotForwarded() {
        streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0);
        receive(NEAR, FIRST, packet(1001));
        receive(NEAR, SECOND, packet(1002));
        recorder.take();

        receive(NEAR, STRANGER, packet(1001));

        assertThat(recorder.take()).isEmpty();
        assertThat(streams.counters().of(UdxCounters.Event.FIREWALLED)).isEqualTo(1);
    }

    @Test
    void whatAnEndRepeatsFromAnotherSocketIsForwardedToo() {
        StreamRelay relay = streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0);
        receive(NEAR, FIRST, packet(1001));
        receive(NEAR, SECOND, packet(1002));
        recorder.take();

        receive(NEAR, FIRST.withPort(6001), packet(1001));

        assertThat(recorder.take()).containsExactly(sent(NEAR, SECOND, packet(22)));
        assertThat(relay.initiator().remote()).isEqualTo(FIRST);
        receive(NEAR, FIRST.withPort(6001), packet(PacketHeader.DESTROY, 1001));
        assertThat(recorder.take()).isEmpty();
        assertThat(relay.isClosed()).isFalse();
    }

    @Test
    void anEndThatMovedWithItsConnectionIsFollowed() {
        StreamRelay.Guard guard =
                new StreamRelay.Guard() {
                    @Override
                    public boolean admits(StreamRelay.End from, int bytes, long now) {
                        return true;
                    }

                    @Override
                    public boolean hasMoved(
                            StreamRelay.End end, LocalSocket socket, Address source) {
                        return source.equals(STRANGER);
                    }

                    @Override
                    public void closed(StreamRelay relay, long now) {}
                };
        streams.relay(1001, 11, 1002, 22, guard, 0);
        receive(NEAR, FIRST, packet(1001));
        receive(NEAR, SECOND, packet(1002));
        recorder.take();

        receive(NEAR, STRANGER, packet(1001));
        receive(NEAR, SECOND, packet(1002));

        assertThat(recorder.take())
                .containsExactly(sent(NEAR, SECOND, packet(22)), sent(NEAR, STRANGER, packet(11)));
    }

    @Test
    void whatTheGuardDoesNotAdmitIsLost() {
        StreamRelay relay =
                streams.relay(
                        1001,
                        11,
                        1002,
                        22,
                        new StreamRelay.Guard() {
                            @Override
                            public boolean admits(StreamRelay.End from, int bytes, long now) {
                                return bytes <= 20;
                            }

                            @Override
                            public void closed(StreamRelay closed, long now) {}
                        },
                        0);
        receive(NEAR, FIRST, packet(1001));
        receive(NEAR, SECOND, packet(1002));
        recorder.take();

        receive(NEAR, FIRST, Bytes.concat(packet(1001), Bytes.of(1)));

        assertThat(recorder.take()).isEmpty();
        assertThat(relay.initiator().bytes()).isZero();
        assertThat(relay.responder().bytes()).isEqualTo(20);
        assertThat(streams.counters().of(UdxCounters.Event.NOT_FORWARDED)).isEqualTo(2);
    }

    @Test
    void whatPilesUpForADrainIsBounded() {
        streams.relay(1001, 11, 1002, 22, new OpenGuard(), 0);
        streams.receive(new Datagram(NEAR, SECOND, packet(1002)), 0);

        for (int i = 0; i < StreamRelay.MAX_OUTBOX + 100; i++) {
            streams.receive(new Datagram(NEAR, FIRST, packet(1001)), 0);
        }
        streams.drain(recorder, 0);

        assertThat(recorder.take()).hasSize(StreamRelay.MAX_OUTBOX);
    }

    private void receive(LocalSocket socket, Address source, Bytes packet) {
        streams.receive(new Datagram(socket, source, packet), 0);
        streams.drain(recorder, 0);
    }

    private static Bytes packet(int id) {
        return packet(PacketHeader.DATA, id);
    }

    private static Bytes packet(int flags, int id) {
        byte[] packet = new byte[PacketHeader.LENGTH];
        new PacketHeader(flags, 0, id, 9, 8, 7).writeTo(packet);
        return Bytes.wrap(packet);
    }

    private static Recorder.Sent sent(LocalSocket socket, Address to, Bytes packet) {
        return new Recorder.Sent(socket, to, packet);
    }

    private static List<Bytes> to(Address address, List<Recorder.Sent> sent) {
        return sent.stream()
                .filter(one -> one.destination().equals(address))
                .map(Recorder.Sent::payload)
                .toList();
    }

    private static List<Bytes> packets(JsonNode texts) {
        return StreamSupport.stream(texts.spliterator(), false).map(Vectors::hex).toList();
    }
}
