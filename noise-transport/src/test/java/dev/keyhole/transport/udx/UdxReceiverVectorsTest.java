package dev.keyhole.transport.udx;

import static dev.keyhole.transport.Vectors.field;
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
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Feeds crafted packets to one stream, in order, and expects of it what the original did. */
class UdxReceiverVectorsTest {

    private static final LocalSocket SOCKET = new LocalSocket(1, Address.loopback(2));
    private static final Address PEER = Address.loopback(1);

    private final StreamMultiplexer multiplexer = new StreamMultiplexer(new Random(1));
    private final Recorder recorder = new Recorder();
    private final Inbox inbox = new Inbox();
    private long now;

    @TestFactory
    Stream<DynamicTest> everyPacketHasTheEffectItHadOnTheOriginal() {
        UdxStream stream = inbox.open(multiplexer, 16909060);
        stream.connect(SOCKET, PEER, 168496141, now);
        receive(Bytes.ofHex("ff0101000403020100004000000000000000000068656c6c6f"));
        forget();

        return Vectors.each(Vectors.load("transport-udx-packets", "receiverCases"), this::check);
    }

    private void check(JsonNode vector) {
        boolean taken = receive(hex(vector, "bytes"));

        assertThat(recorder.takePayloads()).isEqualTo(all(field(vector, "replies")));
        if (vector.has("streamError")) {
            assertThat(inbox.closed).isEqualTo(new CloseReason.ByPeer());
            assertThat(taken).isTrue();
            forget();
            return;
        }
        assertThat(taken).isNotEqualTo(field(vector, "surfacesAsSocketDatagram").asBoolean());
        assertThat(inbox.data).isEqualTo(all(field(vector, "streamData")));
        assertThat(inbox.messages).isEqualTo(all(field(vector, "streamMessages")));
        forget();
    }

    private boolean receive(Bytes packet) {
        now += 1_000_000;
        boolean taken = multiplexer.receive(new Datagram(SOCKET, PEER, packet), now);
        multiplexer.drain(recorder, now);
        return taken;
    }

    private void forget() {
        recorder.sent.clear();
        inbox.data.clear();
        inbox.messages.clear();
    }

    private static List<Bytes> all(JsonNode array) {
        List<Bytes> all = new ArrayList<>();
        StreamSupport.stream(array.spliterator(), false).forEach(node -> all.add(hex(node)));
        return all;
    }
}
