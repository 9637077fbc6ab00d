package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.scripted.Script;
import dev.keyhole.model.scripted.ScriptedModel;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.rpc.RpcCodec;
import dev.keyhole.transport.rpc.RpcMessage;
import dev.keyhole.transport.rpc.StreamAction;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.stream.LinkPair;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import reactor.core.publisher.Mono;

/** The original's consumer, as it was recorded, byte for byte, with this provider at the other end. */
final class SessionReplayTest {

    /** The id that the recorded consumer was told, and uses. */
    private static final String RECORDED_ID = "00112233445566aa";

    private static final int MAX_FRAME = 1 << 20;

    private final DelegationService service =
            new DelegationService(
                    ProviderConfig.of(Peers.keyPair(0))
                            .withModel(
                                    ServedModel.of("any", ModelSource.named("any"))
                                            .withAliases("*")),
                    (served, progress) -> Mono.just(model()),
                    Timing.real(),
                    (type, source, config) -> RECORDED_ID);
    private final LinkPair link = LinkPair.threaded(Peers.key(1), Peers.key(0));

    private Script script = Script.of("Hello", " from", " the", " provider", ". café 😀");

    /** What has been answered so far, by the number of the request. */
    private final Map<Long, Answer> answers = new ConcurrentHashMap<>();

    @AfterEach
    void close() {
        service.close();
        link.close();
    }

    @Test
    void heartbeatsLoadsCompletionsAndUnload() {
        replay(Vectors.load("delegation-session-consumer", "frames"));

        assertThat(answer(1).messages)
                .extracting(m -> m.get("type").asText())
                .contains("heartbeat");
        assertThat(answer(3).messages.get(0).get("modelId").asText()).isEqualTo(RECORDED_ID);
        assertThat(answer(5).streamed).isTrue();
        assertThat(textOf(answer(7))).isEqualTo("Hello from the provider. café 😀");
        assertThat(answer(7).messages).hasSize(6);
        assertThat(answer(9).messages).hasSize(1);
        assertThat(answer(13).messages.get(0).get("success").asBoolean()).isTrue();
        assertThat(service.stats().requestsInvalid()).isZero();
    }

    @Test
    void sevenKindsOfModels() {
        replay(Vectors.load("delegation-session-consumer-models", "frames"));

        assertThat(answers.values())
                .filteredOn(
                        answer -> answer.messages.get(0).get("type").asText().equals("loadModel"))
                .hasSize(6)
                .allSatisfy(
                        answer ->
                                assertThat(answer.messages.get(0).get("success").asBoolean())
                                        .isTrue());
    }

    @Test
    void aBroadCancelWhileTokensCome() {
        script = Script.of(" 0", " 1", " 2").delayed(Duration.ofMillis(1)).forever();

        replay(Vectors.load("delegation-session-consumer-cancel", "frames"));

        assertThat(answer(5).messages.get(0))
                .isEqualTo(Bench.json("{\"type\":\"cancel\",\"success\":true,\"cancelled\":1}"));
        answer(3).awaitEnd();
        List<JsonNode> messages = answer(3).messages;
        JsonNode last = messages.get(messages.size() - 1).get("events");
        assertThat(last.get(last.size() - 1).get("stopReason").asText()).isEqualTo("cancelled");
    }

    @Test
    void profilingThatIsWantedAndThatIsNot() {
        replay(Vectors.load("delegation-session-consumer-profiling", "frames"));

        assertThat(answer(1).messages.get(0).at("/__profiling/server").isObject()).isTrue();
        assertThat(answers.values())
                .filteredOn(answer -> answer != answer(1))
                .allSatisfy(
                        answer ->
                                assertThat(answer.messages)
                                        .noneMatch(message -> message.has("__profiling")));
    }

    @TestFactory
    Stream<DynamicTest> aStrangersRequestsAreAnsweredInTheSameShape() {
        return Stream.of("delegation-session-provider", "delegation-session-provider-schema")
                .flatMap(name -> Vectors.each(Vectors.load(name, "results"), this::sameShape));
    }

    private void sameShape(JsonNode vector) {
        SessionReplayTest fresh = new SessionReplayTest();
        try {
            fresh.replay(vector.get("frames"));
            Answer answer = fresh.answer(vector.get("id").asLong());
            answer.awaitEnd();
            assertSameShape(vector, answer);
        } finally {
            fresh.close();
        }
    }

    /** Compares an answer of ours with that of the original's provider. */
    private static void assertSameShape(JsonNode vector, Answer ours) {
        assertThat(ours.streamed).isEqualTo(vector.get("answeredBy").asText().equals("stream"));
        assertThat(ours.messages).hasSize(1);
        JsonNode theirs = vector.at("/messages/0");
        boolean couldNotLoad = theirs.get("type").asText().equals("loadModel");
        if (couldNotLoad) {
            return; // this provider offers what that one did not have
        }
        JsonNode first = ours.messages.get(0);
        assertThat(first.get("type")).isEqualTo(theirs.get("type"));
        assertThat(first.get("success")).isEqualTo(theirs.get("success"));
    }

    private Answer answer(long id) {
        return answers.computeIfAbsent(id, number -> new Answer());
    }

    private static String textOf(Answer answer) {
        StringBuilder text = new StringBuilder();
        for (JsonNode message : answer.messages) {
            message.get("events").forEach(event -> text.append(event.path("text").asText()));
        }
        return text.toString();
    }

    private Model model() {
        return ScriptedModel.of("any", script);
    }

    /** Sends what the consumer sent, each frame not before what it waited for. */
    private void replay(JsonNode frames) {
        link.run(() -> link.left().start(new Reader(link.left())));
        service.serve(link.right());
        for (JsonNode frame : frames) {
            if (!frame.get("from").asText().equals("consumer")) {
                continue;
            }
            JsonNode message = frame.get("message");
            Answer answer = answer(message.get("id").asLong());
            boolean leaves = message.path("flags").toString().contains("destroy");
            if (leaves) {
                answer.awaitEnd();
            }
            Bytes bytes = Vectors.hex(frame, "hex");
            link.run(() -> link.left().write(bytes));
            boolean last = message.get("type").asText().equals("request");
            if (last && !message.toString().contains("\"completionStream\"")) {
                awaitIfPlain(message, answer);
            }
        }
        answers.forEach((id, answer) -> answer.awaitEnd());
    }

    private static void awaitIfPlain(JsonNode message, Answer answer) {
        boolean stream = message.get("stream").asInt() != 0;
        boolean withProgress = message.at("/json/withProgress").asBoolean();
        if (!stream && !withProgress && message.path("json").has("type")) {
            String type = message.at("/json/type").asText();
            if (!type.endsWith("Stream")) {
                answer.awaitEnd();
            }
        }
    }

    /** What came back for one request. */
    private static final class Answer {

        private final List<JsonNode> messages = new ArrayList<>();
        private volatile boolean streamed;
        private volatile boolean ended;

        synchronized void take(String text) {
            ObjectNode message = (ObjectNode) Bench.json(text);
            JsonNode bare = message.deepCopy().without("__profiling");
            assertThat(ResponseSchema.accepts(bare)).as("accepted: %s", text).isTrue();
            messages.add(message);
        }

        void awaitEnd() {
            Bench.eventually(() -> ended);
        }
    }

    /** Reads what the provider writes. */
    private final class Reader implements Link.Receiver {

        private final RpcCodec codec = new RpcCodec(MAX_FRAME);
        private final Link link;

        Reader(Link link) {
            this.link = link;
        }

        @Override
        public void message(Bytes bytes) {
            codec.feed(bytes);
            try {
                for (RpcMessage next = codec.next(); next != null; next = codec.next()) {
                    take(next);
                }
            } catch (MalformedException e) {
                throw new AssertionError(e);
            }
        }

        private void take(RpcMessage message) {
            if (message instanceof RpcMessage.Reply reply) {
                answer(reply.id()).take(reply.data().toUtf8());
                answer(reply.id()).ended = true;
            } else if (message instanceof RpcMessage.StreamedReply opened) {
                answer(opened.id()).streamed = true;
            } else if (message instanceof RpcMessage.Stream stream) {
                take(stream);
            } else {
                throw new AssertionError("a provider never sends " + message);
            }
        }

        private void take(RpcMessage.Stream stream) {
            Answer answer = answer(stream.id());
            if (stream.action() == StreamAction.DATA) {
                String text = stream.data().toUtf8();
                assertThat(text).endsWith("\n");
                text.lines().forEach(answer::take);
            } else if (stream.action() == StreamAction.CLOSE) {
                assertThat(stream.error()).isNull();
                answer.ended = true;
            }
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {
            link.end();
        }

        @Override
        public void closed(CloseReason reason) {}
    }
}
