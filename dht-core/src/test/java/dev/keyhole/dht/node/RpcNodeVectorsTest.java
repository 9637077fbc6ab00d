package dev.keyhole.dht.node;

import static java.util.Comparator.comparing;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A whole node against datagrams of the original. */
class RpcNodeVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("dht-rpc-messages");

    @TestFactory
    Stream<DynamicTest> answersAreTheOriginals() {
        return Vectors.each(
                VECTORS.get("answers"),
                vector -> {
                    Bytes request = Vectors.hex(vector, "request");
                    if (Vectors.text(vector, "name").contains("without a request handler")) {
                        // That node stores nothing; ours is asked for something it does not know.
                        request = replaceCommand(request, 0x4d);
                    }
                    Address self = Request.decode(new WireReader(request)).to();
                    Fixture node = new Fixture(self, true);
                    node.knows("10.0.0.1:1001", "10.0.0.2:1002", "10.0.0.3:1003");

                    node.receive(node.server, Vectors.text(vector, "from"), request);
                    node.pass(SECONDS.toNanos(11));

                    List<String> replies = new ArrayList<>();
                    for (JsonNode reply : vector.get("replies")) {
                        replies.add(
                                Vectors.text(reply, "sentTo") + " " + Vectors.text(reply, "hex"));
                    }
                    assertThat(ordered(node.repliesSent())).isEqualTo(ordered(replies));
                    for (JsonNode also : vector.get("alsoSent")) {
                        assertThat(node.requestsSent())
                                .contains(Vectors.text(also, "sentTo") + " ping");
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> datagramsAreJudgedAsTheOriginalJudgesThem() {
        return Vectors.each(
                VECTORS.get("receive"),
                vector -> {
                    Fixture node = new Fixture(Address.parse("127.0.0.1:49737"), false);
                    Log log = new Log();
                    node.nextTid(9);
                    node.node.request(
                            RequestSpec.of(Address.parse("10.1.2.3:40001"), Command.PING), log, 0);
                    node.drain();
                    node.sent.clear();
                    JsonNode from = vector.get("from");
                    Address source =
                            Address.of(Vectors.text(from, "host"), from.get("port").asInt());

                    node.receive(node.server, source, Vectors.hex(vector, "hex"));

                    switch (Vectors.text(vector, "result")) {
                        case "request" -> {
                            JsonNode decoded = vector.get("decoded");
                            assertThat(log.answers).isEmpty();
                            if (decoded.get("command").asInt() == 0) {
                                assertThat(node.repliesSent()).hasSize(1);
                            }
                        }
                        case "response" -> {
                            if (Vectors.text(vector, "name").contains("was not asked")) {
                                assertThat(log.answers).as("ours: the source counts").isEmpty();
                            } else {
                                checkAnswer(log.answers, vector.get("decoded"));
                            }
                        }
                        case "answered with an error" ->
                                assertThat(node.repliesSent())
                                        .containsExactly(
                                                source + " " + Vectors.text(vector, "reply"));
                        default -> {
                            assertThat(node.sent).isEmpty();
                            assertThat(log.answers).isEmpty();
                        }
                    }
                });
    }

    @Test
    void idThatDoesNotFitItsSourceCountsAsAbsent() {
        int checked = 0;
        for (JsonNode vector : VECTORS.get("receive")) {
            if (!Vectors.text(vector, "result").equals("request")) {
                continue;
            }
            Fixture node = new Fixture(Address.parse("127.0.0.1:49737"), true);
            JsonNode from = vector.get("from");
            Address source = Address.of(Vectors.text(from, "host"), from.get("port").asInt());

            node.receive(node.server, source, Vectors.hex(vector, "hex"));

            // A node with an id of its own is pinged before it is let in.
            boolean hasId = !vector.get("decoded").get("fromId").isNull();
            assertThat(node.requestsSent().contains(source + " ping"))
                    .as(Vectors.text(vector, "name"))
                    .isEqualTo(hasId);
            checked++;
        }
        assertThat(checked).isGreaterThan(5);
    }

    @TestFactory
    Stream<DynamicTest> relayedRequestKeepsItsTransactionAndCarriesOurId() {
        return Vectors.each(
                VECTORS.get("relays"),
                vector -> {
                    Fixture node = new Fixture(Address.parse("127.0.0.1:49737"), true);
                    Bytes relayed = Vectors.hex(vector, "relayed");
                    Request expected = Request.decode(new WireReader(relayed));
                    node.node.handler(
                            (request, now) ->
                                    request.relay(
                                            expected.value(), expected.to(), request.socket()));
                    Bytes received = Vectors.hex(vector, "received");
                    Request original = Request.decode(new WireReader(received));

                    // The command of the vector is one that only handlers of the original know.
                    node.receive(
                            node.server,
                            "10.1.2.3:40001",
                            withCommand(original, Command.PEER_HANDSHAKE).toBytes());

                    assertThat(node.sent).hasSize(1);
                    assertThat(node.sent.get(0).payload())
                            .isEqualTo(withCommand(expected, Command.PEER_HANDSHAKE).toBytes());
                });
    }

    @Test
    void replyLeavesThroughTheSocketThatReceivedTheRequest() {
        Fixture node = new Fixture(Address.parse("127.0.0.1:49737"), true);
        LocalSocket pooled = new LocalSocket(99, Address.loopback(7777));
        Bytes ping = Bytes.ofHex("030409007f00000149c200");

        for (LocalSocket socket : List.of(node.client, node.server, pooled)) {
            node.sent.clear();
            node.receive(socket, "10.1.2.3:40001", ping);

            assertThat(node.sent)
                    .extracting(TestNetwork.Sent::from)
                    .containsExactly(socket.local());
        }
    }

    @Test
    void ownIdTravelsOnlyFromThePersistentServerSocket() throws Exception {
        Fixture persistent = new Fixture(Address.parse("127.0.0.1:49737"), true);
        Fixture ephemeral = new Fixture(Address.parse("127.0.0.1:49737"), false);

        assertThat(persistent.replyOn(persistent.server).id())
                .isEqualTo(NodeId.of(persistent.server.local()));
        assertThat(persistent.replyOn(persistent.client).id()).isNull();
        assertThat(ephemeral.replyOn(ephemeral.server).id()).isNull();
    }

    private static void checkAnswer(List<Answer> answers, JsonNode decoded) {
        assertThat(answers).hasSize(1);
        Answer answer = answers.get(0);
        assertThat(answer.id() == null).isEqualTo(decoded.get("fromId").isNull());
        assertThat(answer.error()).isEqualTo(decoded.get("error").asLong());
        assertThat(answer.closerNodes()).hasSize(decoded.get("closerNodes").size());
        Bytes value = answer.value();
        assertThat(value == null ? null : value.toHex())
                .isEqualTo(decoded.get("value").isNull() ? null : decoded.get("value").asText());
    }

    /** Replies with their closer nodes in order: ours come nearest first, the original's by row. */
    private static List<String> ordered(List<String> replies) throws Exception {
        List<String> ordered = new ArrayList<>();
        for (String line : replies) {
            String[] parts = line.split(" ", 2);
            Reply reply = Reply.decode(new WireReader(Bytes.ofHex(parts[1])));
            List<Address> closer = new ArrayList<>(reply.closerNodes());
            closer.sort(comparing(Address::toString));
            Reply sorted =
                    new Reply(
                            reply.tid(),
                            reply.to(),
                            reply.id(),
                            reply.token(),
                            closer,
                            reply.error(),
                            reply.value());
            ordered.add(parts[0] + " " + sorted.toBytes().toHex());
        }
        return ordered;
    }

    private static Bytes replaceCommand(Bytes request, int command) throws Exception {
        Request decoded = Request.decode(new WireReader(request));
        return withCommand(decoded, new Command(false, command)).toBytes();
    }

    private static Request withCommand(Request request, Command command) {
        return new Request(
                request.tid(),
                request.to(),
                request.id(),
                request.token(),
                command,
                request.target(),
                request.value());
    }

    /** A node with the token secrets of the vectors, and what it sends. */
    private static final class Fixture {

        final LocalSocket client = new LocalSocket(1, Address.parse("127.0.0.1:40404"));
        final LocalSocket server;
        final RpcNode node;
        final List<TestNetwork.Sent> sent = new ArrayList<>();
        private final Scripted entropy = new Scripted();
        private long now;

        Fixture(Address self, boolean persistent) {
            server = new LocalSocket(2, self);
            node =
                    new RpcNode(
                            persistent ? NodeConfig.bootstrapper(self) : NodeConfig.of(List.of()),
                            client,
                            server,
                            entropy,
                            () -> 0,
                            new NodeListener() {});
            node.start(0);
            for (JsonNode secret : VECTORS.get("tokens").get("secrets")) {
                entropy.bytes.add(Vectors.hex(secret));
            }
        }

        void nextTid(int tid) {
            entropy.tid = tid;
        }

        void knows(String... nodes) {
            for (String text : nodes) {
                Address other = Address.parse(text);
                node.request(RequestSpec.of(other, Command.PING), new Log(), now);
                drain();
                Bytes ping = sent.get(sent.size() - 1).payload();
                int tid = ping.unsignedAt(2) | ping.unsignedAt(3) << 8;
                Reply pong =
                        new Reply(tid, server.local(), NodeId.of(other), null, List.of(), 0, null);
                receive(server, other, pong.toBytes());
            }
            assertThat(node.tableSize()).isEqualTo(nodes.length);
            sent.clear();
        }

        void receive(LocalSocket socket, String from, Bytes payload) {
            receive(socket, Address.parse(from), payload);
        }

        void receive(LocalSocket socket, Address from, Bytes payload) {
            node.receive(new Datagram(socket, from, payload), now);
            drain();
        }

        void pass(long nanos) {
            long end = now + nanos;
            while (node.deadlineNanos() <= end) {
                now = Math.max(now, node.deadlineNanos());
                node.expire(now);
                drain();
            }
            now = end;
        }

        Reply replyOn(LocalSocket socket) throws Exception {
            sent.clear();
            receive(socket, "10.1.2.3:40001", Bytes.ofHex("030409007f00000149c200"));
            return Reply.decode(new WireReader(sent.get(0).payload()));
        }

        List<String> repliesSent() {
            return sent.stream()
                    .filter(s -> s.payload().unsignedAt(0) == Reply.TYPE)
                    .map(s -> s.to() + " " + s.payload().toHex())
                    .toList();
        }

        List<String> requestsSent() {
            return sent.stream()
                    .filter(s -> s.payload().unsignedAt(0) == Request.TYPE)
                    .map(s -> s.to() + " " + command(s.payload()))
                    .toList();
        }

        private static Command command(Bytes payload) {
            try {
                return Request.decode(new WireReader(payload)).command();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        void drain() {
            node.drain(
                    new Effects() {
                        @Override
                        public void send(LocalSocket socket, Address to, Bytes payload) {
                            sent.add(new TestNetwork.Sent(socket.local(), to, payload));
                        }

                        @Override
                        public void open(int request) {}

                        @Override
                        public void close(LocalSocket socket) {}

                        @Override
                        public void deliver(Runnable notice) {}
                    },
                    now);
        }
    }

    /** Entropy that begins with what the test says. */
    private static final class Scripted extends Random {

        final transient Queue<Bytes> bytes = new ArrayDeque<>();
        int tid = -1;

        Scripted() {
            super(5);
        }

        @Override
        public void nextBytes(byte[] target) {
            Bytes next = bytes == null ? null : bytes.poll();
            if (next == null) {
                super.nextBytes(target);
            } else {
                next.copyTo(target, 0);
            }
        }

        @Override
        public int nextInt(int bound) {
            int chosen = tid;
            tid = -1;
            return chosen >= 0 ? chosen : super.nextInt(bound);
        }
    }

    private static final class Log implements ReplyListener {

        final List<Answer> answers = new ArrayList<>();

        @Override
        public void answered(Answer answer, long nowNanos) {
            answers.add(answer);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {}
    }
}
