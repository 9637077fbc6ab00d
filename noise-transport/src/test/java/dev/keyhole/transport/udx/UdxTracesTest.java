package dev.keyhole.transport.udx;

import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Plays one side of conversations that two peers of the original had. */
class UdxTracesTest {

    private static final int ID_A = 168496141;
    private static final int ID_B = 16909060;

    private final List<Bytes> conversation = trace("echo, unordered");

    @Test
    void theSideThatEndsFirstSaysWhatTheOriginalSaid() {
        LoneStream a = new LoneStream(new Inbox(), ID_A, UdxStream.DEFAULT_WINDOW_BYTES);
        a.connect(ID_B);

        a.write("hello");
        assertThat(a.sent()).isEqualTo(said(0));
        hear(a, 1);
        assertThat(a.sent()).isEmpty();
        hear(a, 2);
        assertThat(a.sent()).isEqualTo(said(3));
        a.stream.sendMessage(Bytes.utf8("unordered"), a.now);
        assertThat(a.sent()).isEqualTo(said(4));
        a.stream.sendMessage(Bytes.EMPTY, a.now);
        assertThat(a.sent()).isEqualTo(said(5));
        hear(a, 7);
        a.write("one");
        a.write("two");
        assertThat(a.sent()).isEqualTo(said(8));
        hear(a, 9);
        a.write("bye");
        a.stream.end(a.now);
        assertThat(a.sent()).isEqualTo(said(10));
        hear(a, 11);
        assertThat(a.sent()).isEqualTo(said(12));
        hear(a, 13);
        assertThat(a.sent()).isEqualTo(said(14));
        hear(a, 15);

        assertThat(a.sent()).isEqualTo(said(16));
        assertThat(a.inbox.data).containsExactly(Bytes.utf8("world"), Bytes.utf8("still open"));
        assertThat(a.inbox.closed).isEqualTo(new CloseReason.Ended());
    }

    @Test
    void theSideThatEndsLastSaysWhatTheOriginalSaid() {
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        b.connect(ID_A);

        hear(b, 0);
        assertThat(b.sent()).isEqualTo(said(1));
        b.write("world");
        assertThat(b.sent()).isEqualTo(said(2));
        hear(b, 3, 4, 5);
        assertThat(b.sent()).isEmpty();
        hear(b, 6);
        assertThat(b.sent()).isEqualTo(said(7));
        hear(b, 8);
        assertThat(b.sent()).isEqualTo(said(9));
        hear(b, 10);
        assertThat(b.sent()).isEqualTo(said(11));
        hear(b, 12);
        b.write("still open");
        assertThat(b.sent()).isEqualTo(said(13));
        hear(b, 14);
        b.stream.end(b.now);
        assertThat(b.sent()).isEqualTo(said(15));
        hear(b, 16);

        assertThat(b.sent()).isEmpty();
        assertThat(b.inbox.closed).isEqualTo(new CloseReason.Ended());
    }

    @Test
    void lossesOfThePathAreAnsweredAsTheOriginalAnswersThem() {
        JsonNode trace = find("A sends 34000").get("packets");
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        b.connect(ID_A);
        List<Bytes> acks = new ArrayList<>();
        List<Bytes> ofTheOriginal = new ArrayList<>();

        for (JsonNode packet : trace) {
            if (packet.get("from").asText().equals("B")) {
                ofTheOriginal.add(hex(packet, "bytes"));
            } else if (!packet.has("dropped")) {
                b.receive(hex(packet, "bytes"));
                acks.addAll(b.sent());
            }
        }

        assertThat(acks).isEqualTo(ofTheOriginal);
        assertThat(b.inbox.all().length()).isEqualTo(34_000);
    }

    @Test
    void lossesTheOriginalRepairsAreRepairedAndNothingElseIs() {
        JsonNode trace = find("A sends 34000").get("packets");
        LoneStream a = new LoneStream(new Inbox(), ID_A, UdxStream.DEFAULT_WINDOW_BYTES);
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        a.connect(ID_B);
        b.connect(ID_A);
        Set<Integer> dropped = new TreeSet<>();
        trace.forEach(
                packet -> {
                    if (packet.has("dropped")) {
                        dropped.add(packet.get("decoded").get("seq").asInt());
                    }
                });
        Set<Integer> toDrop = new TreeSet<>(dropped);
        List<Integer> repeated = new ArrayList<>();
        int highest = -1;

        a.stream.write(Bytes.random(new Random(1), 34_000), a.now);
        for (int turn = 0; turn < 100 && a.stream.stats().pendingBytes() > 0; turn++) {
            for (Bytes packet : a.sent()) {
                int seq = PacketHeader.of(packet).seq();
                if (seq <= highest) {
                    repeated.add(seq);
                }
                highest = Math.max(highest, seq);
                if (!toDrop.remove(seq)) {
                    b.receive(packet);
                }
            }
            a.until(5 * turn + 5);
            b.sent().forEach(a::receive);
        }

        assertThat(repeated).containsExactlyElementsOf(dropped);
        assertThat(b.inbox.all().length()).isEqualTo(34_000);
        assertThat(a.count(UdxCounters.Event.TIMEOUT)).isZero();
    }

    @Test
    void theProbesOfTheOriginalForLargerPacketsAreTaken() {
        JsonNode probes = find("mtu climb").get("probes");
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        b.connect(ID_A);
        int seq = 0;
        int expected = 0;

        for (JsonNode probe : probes) {
            int padding = probe.get(0).asInt();
            byte[] packet = new byte[probe.get(1).asInt()];
            new PacketHeader(PacketHeader.DATA, padding, ID_B, 4_194_304, seq++, 0).writeTo(packet);
            Arrays.fill(packet, PacketHeader.LENGTH + padding, packet.length, (byte) 7);
            b.receive(Bytes.wrap(packet));
            expected += packet.length - PacketHeader.LENGTH - padding;
        }

        byte[] sevens = new byte[expected];
        Arrays.fill(sevens, (byte) 7);
        assertThat(b.inbox.all()).isEqualTo(Bytes.wrap(sevens));
    }

    @Test
    void anEmptyWindowIsAskedAboutAsTheOriginalAsks() {
        List<Bytes> packets = trace("zero window");
        LoneStream a = new LoneStream(new Inbox(), ID_A, UdxStream.DEFAULT_WINDOW_BYTES);
        a.connect(ID_B);
        a.write("first");
        assertThat(a.sent()).containsExactly(packets.get(0));
        a.receive(withoutWindow(packets.get(1)));

        a.until(41);
        a.write("blocked");
        assertThat(a.sent()).containsExactly(packets.get(2));
        a.receive(withoutWindow(packets.get(3)));
        a.until(1040);
        assertThat(a.sent()).isEmpty();
        a.until(1041);
        assertThat(a.sent()).containsExactly(packets.get(4));
        a.receive(withoutWindow(packets.get(5)));
        a.until(3040);
        assertThat(a.sent()).isEmpty();
        a.until(3041);
        assertThat(a.sent()).containsExactly(packets.get(6));
        a.receive(packets.get(7));

        assertThat(a.sent()).containsExactly(packets.get(8));
    }

    @Test
    void destroyingIsSaidOnceAndEndsThePeerWithoutAWord() {
        List<Bytes> packets = trace("A destroys");
        LoneStream a = new LoneStream(new Inbox(), ID_A, UdxStream.DEFAULT_WINDOW_BYTES);
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        a.connect(ID_B);
        b.connect(ID_A);

        a.write("x");
        assertThat(a.sent()).containsExactly(packets.get(0));
        a.receive(packets.get(1));
        a.stream.destroy(a.now);
        assertThat(a.sent()).containsExactly(packets.get(2));
        b.receive(packets.get(0));
        b.sent();
        b.receive(packets.get(2));

        assertThat(b.sent()).isEmpty();
        assertThat(a.inbox.closed).isInstanceOf(CloseReason.ByUs.class);
        assertThat(b.inbox.closed).isEqualTo(new CloseReason.ByPeer());
    }

    @Test
    void sequenceNumbersWrap() {
        List<Bytes> packets = trace("sequence numbers wrap");
        LoneStream a = new LoneStream(new Inbox(), ID_A, UdxStream.DEFAULT_WINDOW_BYTES);
        LoneStream b = new LoneStream(new Inbox(), ID_B, UdxStream.DEFAULT_WINDOW_BYTES);
        a.stream.startAt(-2, 0);
        b.stream.startAt(0, -2);
        a.connect(ID_B);
        b.connect(ID_A);

        for (int i = 0; i < 4; i++) {
            a.write("w" + i);
            assertThat(a.sent()).containsExactly(packets.get(2 * i));
            b.receive(packets.get(2 * i));
            assertThat(b.sent()).containsExactly(packets.get(2 * i + 1));
            a.receive(packets.get(2 * i + 1));
        }

        assertThat(b.inbox.all()).isEqualTo(Bytes.utf8("w0w1w2w3"));
        assertThat(a.stream.stats().pendingBytes()).isZero();
    }

    @Test
    void whatComesBeforeConnectingIsAcknowledgedOnConnecting() {
        List<Bytes> packets = trace("preconnect");
        Inbox hospitable =
                new Inbox() {
                    @Override
                    public boolean firewall(LocalSocket socket, Address source, long now) {
                        return true;
                    }
                };
        LoneStream b = new LoneStream(hospitable, 22, UdxStream.DEFAULT_WINDOW_BYTES);

        b.receive(packets.get(0));
        assertThat(hospitable.all()).isEqualTo(Bytes.utf8("early"));
        assertThat(b.sent()).isEmpty();
        b.until(50);
        b.stream.connect(LoneStream.SOCKET, LoneStream.PEER, 11, b.now);

        assertThat(b.sent()).containsExactly(packets.get(1));
    }

    @Test
    void aRelayChangesTheIdAndNothingElse() {
        JsonNode trace = find("relay:");
        List<Bytes> legA = packets(trace.get("legA"));
        List<Bytes> legB = packets(trace.get("legB"));
        StreamMultiplexer relay = new StreamMultiplexer(new Random(1));
        Recorder recorder = new Recorder();
        StreamRelay relayed = relay.relay(101, 11, 202, 22, new OpenGuard(), 0);
        relayed.initiator().expectAt(LoneStream.SOCKET, LoneStream.PEER);
        relayed.responder().expectAt(LoneStream.SOCKET, LoneStream.OTHER_PEER);

        for (int i = 0; i < legA.size(); i++) {
            boolean fromA = trace.get("legA").get(i).get("from").asText().equals("A");
            Bytes in = fromA ? legA.get(i) : legB.get(i);
            Bytes out = fromA ? legB.get(i) : legA.get(i);
            Address source = fromA ? LoneStream.PEER : LoneStream.OTHER_PEER;
            Address destination = fromA ? LoneStream.OTHER_PEER : LoneStream.PEER;
            relay.receive(new Datagram(LoneStream.SOCKET, source, in), i);
            relay.drain(recorder, i);
            assertThat(recorder.take())
                    .containsExactly(new Recorder.Sent(LoneStream.SOCKET, destination, out));
        }

        assertThat(relayed.isClosed()).isTrue();
    }

    /** What the proxy made of a packet when it recorded this conversation. */
    private static Bytes withoutWindow(Bytes packet) {
        PacketHeader header = PacketHeader.of(packet);
        return PacketHeader.refreshed(packet, header.streamId(), 0, header.ack());
    }

    private void hear(LoneStream stream, int... indexes) {
        for (int index : indexes) {
            assertThat(stream.receive(conversation.get(index))).isTrue();
        }
    }

    private List<Bytes> said(int index) {
        return List.of(conversation.get(index));
    }

    private static List<Bytes> trace(String label) {
        return packets(find(label).get("packets"));
    }

    private static JsonNode find(String label) {
        JsonNode traces = Vectors.load("transport-udx-packets", "traces");
        return StreamSupport.stream(traces.spliterator(), false)
                .filter(trace -> trace.get("label").asText().startsWith(label))
                .findFirst()
                .orElseThrow();
    }

    private static List<Bytes> packets(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(packet -> hex(packet, "bytes"))
                .toList();
    }
}
