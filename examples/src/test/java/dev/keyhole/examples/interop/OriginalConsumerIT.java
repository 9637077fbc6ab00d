package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.Testnet;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.scripted.Script;
import dev.keyhole.model.scripted.ScriptedModel;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.provider.ServedModel;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Our provider with a consumer that is written on the original packages. */
@Timeout(120)
class OriginalConsumerIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final KeyPair PROVIDER = KeyPair.fromSeed(Seed.ofHex("11".repeat(32)));

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final ScriptedModel endless =
            ScriptedModel.of("endless", Script.of("on ").delayed(Duration.ofMillis(5)).forever());
    private final Map<String, Model> scripted =
            Map.of(
                    "short", ScriptedModel.of("short", Script.of("one", " two", " three")),
                    "endless", endless,
                    "failing",
                            ScriptedModel.of(
                                    "failing",
                                    Script.of("one")
                                            .thenFailing(
                                                    new InferenceFailedException("it broke"))));
    private Peer consumer;

    @BeforeEach
    void connect() {
        Testnet network = opened(Testnet.start(4));
        Dht dht = opened(Dht.bind(network.config()));
        ProviderConfig config =
                ProviderConfig.of(PROVIDER)
                        .withFirewall(Firewall.open())
                        .withModel("tiny-chat", ModelSource.embedded("tiny-chat"))
                        .withModel("short", ModelSource.parse("short"))
                        .withModel("endless", ModelSource.parse("endless"))
                        .withModel("failing", ModelSource.parse("failing"));
        Provider provider =
                opened(Provider.start(dht, config, (served, progress) -> model(served)));
        provider.ready().block(Duration.ofSeconds(30));
        consumer =
                opened(
                        Peer.original(
                                "delegation-consumer.mjs",
                                "--bootstrap",
                                network.bootstrap().get(0),
                                "--connect",
                                provider.publicKey()));
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void aHeartbeatIsAnswered() throws Exception {
        send("heartbeat", order(request("heartbeat")));

        assertThat(answer("heartbeat").path("reply").path("number").isNumber()).isTrue();
    }

    @Test
    void theEmbeddedModelLoadsWithoutProgressAndStreamsASensibleAnswer() throws Exception {
        String modelId = load("tiny-chat", false);

        List<JsonNode> messages = complete(modelId, "What is Keyhole?", 0);

        assertThat(text(messages)).contains("Keyhole").hasSizeGreaterThan(20);
        JsonNode last = messages.get(messages.size() - 1);
        assertThat(last.path("done").asBoolean()).isTrue();
        List<String> kinds = new ArrayList<>();
        last.path("events").forEach(event -> kinds.add(event.path("type").asText()));
        assertThat(kinds).endsWith("completionStats", "completionDone");
    }

    @Test
    void aLoadWithProgressIsAStreamThatEndsWithTheReply() throws Exception {
        assertThat(load("short", true)).matches("[0-9a-f]{16}");
    }

    @Test
    void everyTokenIsAMessageAndTheSequenceHasNoGaps() throws Exception {
        String modelId = load("short", false);

        List<JsonNode> messages = complete(modelId, "Count!", 0);

        assertThat(text(messages)).isEqualTo("one two three");
        long seq = 0;
        for (JsonNode message : messages) {
            for (JsonNode event : message.path("events")) {
                assertThat(event.path("seq").asLong()).isEqualTo(seq++);
            }
        }
    }

    @Test
    void cancellingByRequestIdEndsTheStreamInGoodOrder() throws Exception {
        String modelId = load("endless", false);
        send("run", order(completion(modelId, "Go!").put("requestId", "r1")).put("stream", true));
        answer("run");

        ObjectNode cancel = request("cancel").put("operation", "request").put("requestId", "r1");
        send("cancel", order(cancel));

        JsonNode event = null;
        while (event == null || !event.path("type").asText().equals("completionDone")) {
            JsonNode answer = next();
            for (JsonNode one : answer.path("message").path("events")) {
                event = one;
            }
        }
        assertThat(event.path("stopReason").asText()).isEqualTo("cancelled");
    }

    @Test
    void leavingTheStreamStopsTheEngine() throws Exception {
        String modelId = load("endless", false);

        ObjectNode order = order(completion(modelId, "Go!")).put("stream", true);
        send("run", order.put("leaveAfter", 2));

        while (!next().path("left").asBoolean()) {
            // Tokens until it leaves.
        }
        awaitIdle();
    }

    @Test
    void aConsumerThatVanishesStopsTheEngine() throws Exception {
        String modelId = load("endless", false);
        send("run", order(completion(modelId, "Go!")).put("stream", true));
        answer("run");

        consumer.kill();

        awaitIdle();
    }

    @Test
    void anErrorInMidStreamIsAMessageInTheStream() throws Exception {
        String modelId = load("failing", false);

        List<JsonNode> messages = complete(modelId, "Fail!", 0);

        JsonNode last = messages.get(messages.size() - 1);
        assertThat(text(messages)).isEqualTo("one");
        assertThat(last.path("type").asText()).isEqualTo("error");
        assertThat(last.path("message").asText()).contains("it broke");
        assertThat(last.has("stack")).isFalse();
    }

    @Test
    void aModelThatIsNotOfferedIsAnErrorAndTellsNothingOfFiles() throws Exception {
        send("load", order(loadModel("/etc/passwd", false)));

        JsonNode error = answer("load").path("reply");
        assertThat(error.path("type").asText()).isEqualTo("error");
        assertThat(error.path("message").asText()).doesNotContain("exist");
    }

    @Test
    void unloadingIsAnsweredAndTheModelIsGoneForThisConsumer() throws Exception {
        String modelId = load("short", false);

        send(
                "unload",
                order(request("unloadModel").put("modelId", modelId).put("clearStorage", false)));
        assertThat(answer("unload").path("reply").path("success").asBoolean()).isTrue();

        List<JsonNode> messages = complete(modelId, "Count!", 0);
        assertThat(messages.get(0).path("code").asInt()).isEqualTo(52002);
    }

    @Test
    void administrationIsOutOfReach() throws Exception {
        for (String type : List.of("stopProvide", "suspend", "deleteCache", "__shutdown__")) {
            send(type, order(request(type)));

            assertThat(answer(type).path("reply").path("type").asText()).isEqualTo("error");
        }
        send("alive", order(request("heartbeat")));
        assertThat(answer("alive").path("reply").path("type").asText()).isEqualTo("heartbeat");
    }

    private Mono<Model> model(ServedModel served) {
        Model model = scripted.get(served.name());
        return model == null ? ModelLoader.load(served.source()) : Mono.just(model);
    }

    private void awaitIdle() throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (endless.active() > 0) {
            assertThat(System.nanoTime()).as("the engine should stop").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private String load(String model, boolean withProgress) throws Exception {
        send("load", order(loadModel(model, withProgress)).put("stream", withProgress));
        JsonNode answer = answer("load");
        while (answer.path("message").path("type").asText().equals("modelProgress")) {
            answer = answer("load");
        }
        JsonNode loaded = answer.path(withProgress ? "message" : "reply");
        assertThat(loaded.path("success").asBoolean()).as(loaded.toString()).isTrue();
        return loaded.path("modelId").asText();
    }

    private List<JsonNode> complete(String modelId, String prompt, int leaveAfter)
            throws Exception {
        ObjectNode order = order(completion(modelId, prompt)).put("stream", true);
        send("run", leaveAfter == 0 ? order : order.put("leaveAfter", leaveAfter));
        List<JsonNode> messages = new ArrayList<>();
        while (true) {
            JsonNode answer = answer("run");
            if (answer.path("end").asBoolean()) {
                return messages;
            }
            messages.add(answer.path("message"));
        }
    }

    private static String text(List<JsonNode> messages) {
        StringBuilder text = new StringBuilder();
        for (JsonNode message : messages) {
            for (JsonNode event : message.path("events")) {
                if (event.path("type").asText().equals("contentDelta")) {
                    text.append(event.path("text").asText());
                }
            }
        }
        return text.toString();
    }

    private static ObjectNode request(String type) {
        return JSON.createObjectNode().put("type", type);
    }

    private static ObjectNode loadModel(String modelSrc, boolean withProgress) {
        ObjectNode load = request("loadModel");
        load.put("modelSrc", modelSrc).put("modelType", "llamacpp-completion");
        load.putObject("modelConfig");
        return load.put("withProgress", withProgress);
    }

    private static ObjectNode completion(String modelId, String prompt) {
        ObjectNode completion = request("completionStream").put("modelId", modelId);
        completion.putArray("history").addObject().put("role", "user").put("content", prompt);
        return completion.put("stream", true);
    }

    private static ObjectNode order(ObjectNode request) {
        ObjectNode order = JSON.createObjectNode();
        order.set("send", request);
        return order;
    }

    private void send(String name, ObjectNode order) {
        consumer.send(order.put("as", name).toString());
    }

    /** The next thing said about what was sent under that name. */
    private JsonNode answer(String name) throws Exception {
        JsonNode line;
        do {
            line = next();
        } while (!line.path("as").asText().equals(name));
        return line;
    }

    private JsonNode next() throws Exception {
        return JSON.readTree(consumer.next(Duration.ofSeconds(30)).orElseThrow());
    }

    private <T extends AutoCloseable> T opened(T resource) {
        open.push(resource);
        return resource;
    }
}
