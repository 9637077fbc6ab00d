package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.keyhole.consumer.ConnectionLostException;
import dev.keyhole.consumer.Consumer;
import dev.keyhole.consumer.Delegate;
import dev.keyhole.consumer.LoadModel;
import dev.keyhole.consumer.PeerTimeoutException;
import dev.keyhole.consumer.PeerUnreachableException;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.StopReason;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our consumer with a provider that is written on the original packages. */
@Timeout(120)
class OriginalProviderIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final CompletionRequest QUESTION = CompletionRequest.user("Who are you?");
    private static final String ANSWER = "Grüße from JavaScript 🙂.";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Peer provider;
    private PublicKey key;
    private Consumer consumer;

    @BeforeEach
    void connect() {
        Peer testnet = opened(Peer.original("testnet.mjs", "--nodes", 5));
        String bootstrap = testnet.await("BOOTSTRAP");
        provider = opened(Peer.original("delegation-provider.mjs", "--bootstrap", bootstrap));
        key = PublicKey.parse(provider.await("PUBKEY"));
        Dht dht = opened(Dht.bind(DhtConfig.of(bootstrap).withPort(0).withEphemeral(true)));
        consumer = opened(Consumer.of(dht));
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void loadsWithoutProgressAndStreamsACompletion() throws Exception {
        Model model = load("plain");

        Completion run = model.completion(QUESTION);

        assertThat(run.tokens().collectList().block())
                .containsExactly("Grüße", " from", " JavaScript", " 🙂", ".");
        assertThat(run.stats().block().promptTokens()).isEqualTo(3);
        assertThat(run.servedBy().block().providerKey()).contains(key.toHex());
        JsonNode sent = request("completionStream");
        assertThat(sent.path("history").path(0).path("content").asText()).isEqualTo("Who are you?");
        assertThat(sent.path("stream").asBoolean()).isTrue();
    }

    @Test
    void loadsWithProgress() {
        List<Double> percentages = new ArrayList<>();

        Model model =
                consumer.loadModel(
                                LoadModel.of("plain")
                                        .withDelegate(Delegate.to(key))
                                        .withProgress(step -> percentages.add(step.percentage())))
                        .block();

        assertThat(percentages).containsExactly(25.0, 50.0, 100.0);
        assertThat(model.completion(QUESTION).text().block()).isEqualTo(ANSWER);
    }

    @Test
    void messagesCutAtEveryByteAreRead() {
        assertThat(load("cut").completion(QUESTION).text().block()).isEqualTo(ANSWER);
    }

    @Test
    void cancellingReachesTheProviderByRequestId() throws Exception {
        Model model = load("endless");
        Completion run = model.completion(QUESTION.withRequestId("my-request"));

        List<CompletionEvent> events =
                run.events().doOnNext(event -> run.cancel()).collectList().block();

        assertThat(request("cancel").path("requestId").asText()).isEqualTo("my-request");
        assertThat(events.get(events.size() - 1))
                .isInstanceOfSatisfying(
                        CompletionEvent.Done.class,
                        done -> assertThat(done.reason()).isEqualTo(StopReason.CANCELLED));
    }

    @Test
    void leavingTheTokensReachesTheProviderToo() throws Exception {
        load("endless").completion(QUESTION).tokens().take(2).blockLast();

        assertThat(request("cancel").path("operation").asText()).isEqualTo("request");
    }

    @Test
    void anErrorInMidStreamIsTheErrorOfTheAnswer() {
        List<String> tokens = new ArrayList<>();

        assertThatThrownBy(
                        () ->
                                load("fails")
                                        .completion(QUESTION)
                                        .tokens()
                                        .doOnNext(tokens::add)
                                        .blockLast())
                .isInstanceOf(InferenceFailedException.class)
                .hasMessageContaining("the engine broke in mid-stream");
        assertThat(tokens).containsExactly("Grüße");
    }

    @Test
    void aProviderThatVanishesInMidStreamIsALostConnection() {
        assertThatThrownBy(() -> load("vanishes").completion(QUESTION).text().block())
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(key.toHex());
    }

    @Test
    void aSilentStreamIsGivenUpInTime() {
        Model model =
                consumer.loadModel(
                                LoadModel.of("silent")
                                        .withDelegate(
                                                Delegate.to(key)
                                                        .withTimeout(Duration.ofSeconds(3))))
                        .block();

        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .isInstanceOf(PeerTimeoutException.class)
                .hasMessageContaining("3000 ms");
    }

    @Test
    void aModelThatTheProviderDoesNotHaveIsSaidToBeMissing() {
        assertThatThrownBy(() -> load("missing"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no such model here");
        assertThatThrownBy(() -> load("unwilling"))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("not today");
    }

    @Test
    void unloadingReachesTheProvider() throws Exception {
        Model model = load("plain");

        model.unload().block();

        assertThat(request("unloadModel").path("modelId").asText()).isEqualTo("model-plain");
    }

    @Test
    void aProviderThatIsNotThereIsUnreachable() {
        PublicKey nobody =
                PublicKey.parse("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737");

        assertThatThrownBy(
                        () ->
                                consumer.loadModel(
                                                LoadModel.of("plain")
                                                        .withDelegate(Delegate.to(nobody)))
                                        .block())
                .isInstanceOf(PeerUnreachableException.class)
                .hasMessageContaining(nobody.toHex());
    }

    private Model load(String name) {
        return consumer.loadModel(LoadModel.of(name).withDelegate(Delegate.to(key))).block();
    }

    /** The next request of a type that the provider tells us it got. */
    private JsonNode request(String type) throws Exception {
        while (true) {
            String line = provider.next(Duration.ofSeconds(20)).orElseThrow();
            JsonNode message = JSON.readTree(line).path("message");
            if (message.path("type").asText().equals(type)) {
                return message;
            }
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        open.push(resource);
        return resource;
    }
}
