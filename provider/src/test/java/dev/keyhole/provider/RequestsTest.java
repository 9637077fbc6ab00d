package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.Model;
import dev.keyhole.model.Operation;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class RequestsTest {

    private final Bench bench = Bench.ofOneModel();
    private final Bench.Guest guest = bench.connect(1);

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aHeartbeatIsAnsweredWhileAnEngineBlocksItsThread() {
        CountDownLatch never = new CountDownLatch(1);
        Model stubborn = new Stubborn(never);
        Bench busy = new Bench(Bench.config(), ModelIds::of, (s, p) -> Mono.just(stubborn));
        Bench.Guest other = busy.connect(1);
        String modelId = other.load();
        for (int i = 0; i < 10; i++) {
            other.complete(modelId);
        }

        assertThat(other.ask("{\"type\":\"heartbeat\"}").get("number").isNumber()).isTrue();

        never.countDown();
        busy.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'__init_config','config':{},'runtimeContext':{}}",
                "{'type':'__shutdown__'}",
                "{'type':'provide'}",
                "{'type':'stopProvide'}",
                "{'type':'suspend'}",
                "{'type':'resume'}",
                "{'type':'deleteCache','all':true}",
                "{'type':'downloadAsset','assetSrc':'http://localhost/'}",
                "{'type':'rag','operation':'search'}",
                "{'type':'finetune','operation':'start'}",
                "{'type':'pluginInvoke'}",
                "{'type':'modelRegistryList'}",
                "{'type':'heartbeat','delegate':{'providerPublicKey':'abababababababababababababababababababababababababababababababab'}}",
                "{'type':'loadModel','modelSrc':'tiny','modelType':'llamacpp-completion','modelConfig':{},'delegate':{'providerPublicKey':'abababababababababababababababababababababababababababababababab'}}",
            })
    void whatNoRemotePeerMayAskForIsRefusedAndCounted(String request) {
        JsonNode answer = guest.ask(request.replace('\'', '"'));

        assertThat(answer.get("type").asText()).isEqualTo("error");
        assertThat(bench.service.stats().requestsForbidden()).isEqualTo(1);
        assertThat(guest.ask("{\"type\":\"state\"}"))
                .isEqualTo(Bench.json("{\"type\":\"state\",\"state\":\"active\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'loggingStream','id':'__sdk__'}",
                "{'type':'downloadAsset','assetSrc':'http://localhost/','withProgress':true}",
                "{'type':'textToSpeech','modelId':'m','text':'hi'}",
            })
    void whoWaitsForAStreamIsRefusedInOne(String request) {
        Bench.Answer answer = guest.start(request.replace('\'', '"'));

        assertThat(answer.next().get("type").asText()).isEqualTo("error");
        answer.awaitEnd();
        assertThat(answer.streamed).isTrue();
        assertThat(bench.service.stats().requestsForbidden()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"type\":", "42", "[]", "null", "{}", "{\"type\":\"nonsense\"}", "\u0000"})
    void nonsenseIsAnsweredPlainlyAndCounted(String request) {
        assertThat(guest.ask(request).get("type").asText()).isEqualTo("error");
        assertThat(bench.service.stats().requestsInvalid()).isEqualTo(1);
    }

    @Test
    void aWrongRequestForAStreamIsToldInTheStream() {
        Bench.Answer answer =
                guest.start("{\"type\":\"completionStream\",\"modelId\":\"m\",\"stream\":true}");

        assertThat(answer.next().get("type").asText()).isEqualTo("error");
        answer.awaitEnd();
        assertThat(answer.streamed).isTrue();
    }

    @Test
    void aRequestThatComesAsAStreamIsToldSoInAStream() {
        Bench.Answer answer = guest.duplex(Flux.just(Bytes.utf8("{\"type\":\"heartbeat\"}")));

        JsonNode error = answer.next();
        answer.awaitEnd();
        assertThat(answer.streamed).isTrue();
        assertThat(error.get("code").asInt()).isEqualTo(53855);
    }

    @Test
    void aStreamThatNeverSaysWhatItWantsIsToldSo() {
        Bench.Answer answer = guest.duplex(Flux.empty());

        assertThat(answer.next().get("type").asText()).isEqualTo("error");
        answer.awaitEnd();
    }

    @Test
    void aLongRequestIsReadAwayFromTheLoop() {
        String modelId = guest.load();
        HandModel model = bench.model();
        String long1 = "x".repeat(2 * ConsumerSession.READ_ON_LOOP_BYTES);

        guest.start(Bench.completion(modelId, "r", true).replace("\"hi\"", '"' + long1 + '"'));

        assertThat(model.run().completion().history().get(0).content()).isEqualTo(long1);
    }

    @Test
    void timingsAreToldToThoseWhoAsk() {
        JsonNode answer =
                guest.ask(
                        Bench.LOAD.replace(
                                "{}}",
                                "{},\"__profiling\":{\"id\":\"p1\",\"includeServer\":true}}"));

        assertThat(answer.at("/__profiling/id").asText()).isEqualTo("p1");
        assertThat(answer.at("/__profiling/server/handlerExecutionMs").isNumber()).isTrue();
        assertThat(answer.at("/__profiling/server/totalServerMs").isNumber()).isTrue();
    }

    @Test
    void timingsOfAStreamComeWithItsLastMessage() {
        String modelId = guest.load();
        Bench.Answer answer =
                guest.start(
                        Bench.completion(modelId, "r", true)
                                .replace(
                                        "{\"type\"",
                                        "{\"__profiling\":{\"id\":\"p\",\"includeServer\":true},\"type\""));
        HandModel.Run run = bench.model().run();
        run.out().text("a");
        run.out().done(null);

        assertThat(answer.next().has("__profiling")).isFalse();
        assertThat(answer.next().at("/__profiling/id").asText()).isEqualTo("p");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"id\":\"p\"}",
                "{\"enabled\":false}",
                "{\"includeServer\":true}",
                "1"
            })
    void timingsAreToldToNobodyElse(String envelope) {
        assertThat(guest.ask("{\"type\":\"heartbeat\",\"__profiling\":" + envelope + "}").size())
                .isEqualTo(2);
    }

    @TestFactory
    Stream<DynamicTest> everyMessageThatTheOriginalRefusesIsAnError() {
        return Vectors.each(
                Vectors.load("delegation-schema", "requests"),
                vector -> {
                    Bench.Answer answer = guest.start(vector.get("value").toString());
                    boolean refused = !vector.get("accepted").asBoolean();
                    JsonNode first = answer.next();
                    if (refused) {
                        assertThat(first.get("type").asText()).isEqualTo("error");
                    }
                    answer.awaitEnd();
                });
    }

    /** A model whose engine answers on the thread that asks it, when it likes. */
    private record Stubborn(CountDownLatch gate) implements Model {

        @Override
        public String id() {
            return "stubborn";
        }

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.COMPLETION);
        }

        @Override
        public Completion completion(CompletionRequest request) {
            return Completion.of(sink -> HandModel.await(gate, "the test's end"));
        }

        @Override
        public Mono<Void> unload() {
            return Mono.empty();
        }

        @Override
        public void close() {}
    }
}
