package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.StopReason;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CompletionTest {

    private final Bench bench = Bench.ofOneModel();
    private final Bench.Guest guest = bench.connect(1);
    private final String modelId = guest.load();
    private final HandModel model = bench.model();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void everyTokenIsAMessageAndTheLastHasAllThatEndsIt() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();

        run.out().text("Hel");
        assertThat(answer.next())
                .isEqualTo(
                        Bench.json(
                                "{'type':'completionStream','events':[{'type':'contentDelta','seq':0,'text':'Hel'}]}"
                                        .replace('\'', '"')));
        run.out().text("lo");
        assertThat(answer.next().at("/events/0/text").asText()).isEqualTo("lo");
        run.out().stats(CompletionStats.of(9, 2, 12.5, 80));
        run.out().done(StopReason.EOS);

        JsonNode last = answer.next();
        assertThat(last.get("done").asBoolean()).isTrue();
        assertThat(last.at("/events/0/type").asText()).isEqualTo("completionStats");
        assertThat(last.at("/events/0/stats/promptTokens").asInt()).isEqualTo(9);
        assertThat(last.at("/events/1/type").asText()).isEqualTo("completionDone");
        assertThat(last.at("/events/1/seq").asInt()).isEqualTo(3);
        assertThat(last.at("/events/1/stopReason").asText()).isEqualTo("eos");
        assertThat(last.at("/events/1/raw/fullText").asText()).isEqualTo("Hello");
        assertThat(answer.rest()).isEmpty();
        assertThat(answer.streamed).isTrue();
    }

    @Test
    void withoutStreamingEverythingIsInTheLastMessage() {
        Bench.Answer answer = guest.start(Bench.completion(modelId, "r", false));
        HandModel.Run run = model.run();
        run.out().text("a");
        run.out().text("b");
        run.out().done(StopReason.LENGTH);

        JsonNode only = answer.next();
        assertThat(only.get("events")).hasSize(3);
        assertThat(only.get("done").asBoolean()).isTrue();
        assertThat(answer.rest()).isEmpty();
    }

    @Test
    void aRawDeltaTravelsWithWhatItWasTurnedInto() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().rawDelta("a");
        run.out().text("a");
        run.out().rawDelta("");
        run.out().rawDelta("b");
        run.out().thinking("b");
        run.out().rawDelta("c");
        run.out().stats(CompletionStats.unknown());
        run.out().done(null);

        assertThat(answer.rest())
                .extracting(message -> message.get("events").size())
                .containsExactly(2, 1, 2, 1, 2);
    }

    @Test
    void aBusyEngineIsHeardOfEveryFewSeconds() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();

        bench.passUntilItSpeaks(answer);
        assertThat(answer.next())
                .isEqualTo(Bench.json("{\"type\":\"completionStream\",\"events\":[]}"));
        bench.passUntilItSpeaks(answer);
        assertThat(answer.next().get("events")).isEmpty();

        run.out().done(StopReason.EOS);
        assertThat(answer.nextEvents().get("done").asBoolean()).isTrue();
        bench.pass(Duration.ofMinutes(1));
        assertThat(answer.rest()).isEmpty();
    }

    @Test
    void aModelThatIsNotLoadedIsAnErrorInTheStream() {
        Bench.Answer answer = guest.complete("0123456789abcdef");

        JsonNode error = answer.next();
        answer.awaitEnd();
        assertThat(answer.streamed).isTrue();
        assertThat(error.get("type").asText()).isEqualTo("error");
        assertThat(error.get("code").asInt()).isEqualTo(52002);
        assertThat(error.get("name").asText()).isEqualTo("MODEL_NOT_FOUND");
        assertThat(error.get("message").asText())
                .isEqualTo("Model with ID \"0123456789abcdef\" not found");
        assertThat(error.get("timestamp").asText()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(error.has("stack")).isFalse();
    }

    @Test
    void anEngineThatFailsInTheMiddleEndsTheStreamWithAnError() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().text("half");
        run.out().fail(new InferenceFailedException("out of memory"));

        assertThat(answer.next().at("/events/0/text").asText()).isEqualTo("half");
        JsonNode error = answer.next();
        assertThat(error.get("type").asText()).isEqualTo("error");
        assertThat(error.get("code").asInt()).isEqualTo(52406);
        assertThat(answer.rest()).isEmpty();
        assertThat(bench.service.stats().requestsFailed()).isEqualTo(1);
    }

    @Test
    void whatAnExceptionSaysOfTheOwnersMachineStaysThere() {
        Bench.Answer answer = guest.complete(modelId);
        model.run()
                .out()
                .fail(
                        new InferenceFailedException(
                                "cannot read /home/owner/model.onnx",
                                new IllegalStateException("/home/owner")));

        assertThat(answer.next().toString()).doesNotContain("owner").contains("engine");
    }

    @Test
    void anOverflowCarriesItsNumbers() {
        Bench.Answer answer = guest.complete(modelId);
        model.run().out().fail(new ContextOverflowException(3000, 2048));

        JsonNode error = answer.next();
        assertThat(error.get("code").asInt()).isEqualTo(52421);
        assertThat(error.at("/typedFields/promptTokens").asInt()).isEqualTo(3000);
        assertThat(error.at("/typedFields/ctxSize").asInt()).isEqualTo(2048);
        assertThat(error.at("/typedFields/modelId").asText()).isEqualTo(modelId);
    }

    @Test
    void aFullQueueIsARefusalByPolicy() {
        Bench.Answer answer = guest.complete(modelId);
        model.run().out().fail(RequestRejectedException.busy("64 requests wait already"));

        JsonNode error = answer.next();
        assertThat(error.get("code").asInt()).isEqualTo(52420);
        assertThat(error.at("/typedFields/requestId").asText()).isEqualTo("r");
        assertThat(error.at("/typedFields/kind").asText()).isEqualTo("completion");
        assertThat(error.at("/typedFields/modelId").asText()).isEqualTo(modelId);
        assertThat(error.at("/typedFields/reason").asText()).isEqualTo("busy");
        answer.awaitEnd();
        Bench.eventually(() -> bench.service.stats().requestsRejected() == 1);
    }

    @Test
    void cancellingByRequestIdEndsTheStreamInGoodOrder() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().text("half");
        answer.next();

        assertThat(guest.ask("{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}"))
                .isEqualTo(Bench.json("{\"type\":\"cancel\",\"success\":true,\"cancelled\":1}"));
        run.awaitStop();
        run.out().done(StopReason.CANCELLED);

        JsonNode last = answer.next();
        assertThat(last.at("/events/0/stopReason").asText()).isEqualTo("cancelled");
        assertThat(last.at("/events/0/raw/fullText").asText()).isEqualTo("half");
        assertThat(answer.rest()).isEmpty();
    }

    @Test
    void aBroadCancelEndsEverythingOnTheModel() {
        Bench.Answer first = guest.complete(modelId);
        Bench.Answer second = guest.complete(modelId);
        HandModel.Run one = model.run();
        HandModel.Run two = model.run();

        JsonNode answer =
                guest.ask(
                        "{\"type\":\"cancel\",\"operation\":\"broad\",\"modelId\":\""
                                + modelId
                                + "\",\"kind\":\"completion\"}");
        one.awaitStop();
        two.awaitStop();
        one.out().done(StopReason.CANCELLED);
        two.out().done(StopReason.CANCELLED);

        assertThat(answer.get("cancelled").asInt()).isEqualTo(2);
        first.awaitEnd();
        second.awaitEnd();
    }

    @Test
    void aBroadCancelOfAnotherKindEndsNothing() {
        guest.complete(modelId);
        HandModel.Run run = model.run();

        JsonNode answer =
                guest.ask(
                        "{\"type\":\"cancel\",\"operation\":\"broad\",\"modelId\":\""
                                + modelId
                                + "\",\"kind\":\"embeddings\"}");

        assertThat(answer.get("cancelled").asInt()).isZero();
        assertThat(run.isStopped()).isFalse();
    }

    @Test
    void aBroadCancelOnAModelThatIsNotLoadedFails() {
        assertThat(
                        guest.ask(
                                "{\"type\":\"cancel\",\"operation\":\"broad\",\"modelId\":\"nothing\"}"))
                .isEqualTo(
                        Bench.json(
                                "{\"type\":\"cancel\",\"success\":false,\"error\":\"Model with ID \\\"nothing\\\" not found\"}"));
    }

    @Test
    void aRequestThatWasCancelledBeforeItCameNeverReachesTheEngine() {
        assertThat(
                        guest.ask(
                                        "{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}")
                                .get("cancelled")
                                .asInt())
                .isZero();

        Bench.Answer answer = guest.complete(modelId);

        JsonNode only = answer.next();
        assertThat(only.get("done").asBoolean()).isTrue();
        assertThat(only.at("/events/0/seq").asInt()).isZero();
        assertThat(only.at("/events/0/stopReason").asText()).isEqualTo("cancelled");
        assertThat(answer.rest()).isEmpty();
        assertThat(model.isIdle()).isTrue();
    }

    @Test
    void nobodyCancelsTheRequestsOfSomebodyElse() {
        guest.complete(modelId);
        HandModel.Run run = model.run();
        Bench.Guest stranger = bench.connect(2);
        stranger.load();

        assertThat(
                        stranger.ask(
                                        "{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}")
                                .get("cancelled")
                                .asInt())
                .isZero();
        assertThat(
                        stranger.ask(
                                        "{\"type\":\"cancel\",\"operation\":\"broad\",\"modelId\":\""
                                                + modelId
                                                + "\"}")
                                .get("cancelled")
                                .asInt())
                .isZero();
        assertThat(run.isStopped()).isFalse();
    }

    @Test
    void theSameKeyCancelsFromAnotherConnection() {
        guest.complete(modelId);
        HandModel.Run run = model.run();

        JsonNode answer =
                bench.connect(1)
                        .ask("{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}");

        assertThat(answer.get("cancelled").asInt()).isEqualTo(1);
        run.awaitStop();
    }

    @Test
    void leavingTheStreamStopsTheEngine() {
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().text("half");
        answer.next();

        answer.leave();

        run.awaitStop();
        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);
        assertThat(bench.service.stats().requestsCancelled()).isEqualTo(1);
    }

    @Test
    void losingTheConsumerStopsTheEngineAndNothingElse() {
        Bench.Guest other = bench.connect(2);
        String otherModel = other.load();
        guest.complete(modelId);
        HandModel.Run lost = model.run();
        Bench.Answer kept = other.complete(otherModel);
        HandModel.Run going = model.run();

        guest.cut();

        lost.awaitStop();
        going.out().text("still here");
        assertThat(kept.next().at("/events/0/text").asText()).isEqualTo("still here");
        assertThat(going.isStopped()).isFalse();
        Bench.eventually(() -> bench.service.stats().connectionsOpen() == 1);
    }

    @Test
    void unloadingTheModelStopsWhatTheConsumerRunsOnIt() {
        guest.complete(modelId);
        HandModel.Run run = model.run();

        JsonNode answer = guest.ask("{\"type\":\"unloadModel\",\"modelId\":\"" + modelId + "\"}");

        assertThat(answer)
                .isEqualTo(
                        Bench.json(
                                "{\"type\":\"unloadModel\",\"success\":true,\"hasActiveModels\":false,\"hasActiveProviders\":true}"));
        run.awaitStop();
    }

    @Test
    void aReaderThatDoesNotReadIsWaitedForAndStillGetsEverything() {
        Bench.Answer answer = guest.startWithoutReading(Bench.completion(modelId, "r", true));
        HandModel.Run run = model.run();
        String piece = "x".repeat(1000);
        for (int i = 0; i < 1000; i++) {
            run.out().text(piece);
        }
        run.out().done(StopReason.LENGTH);

        bench.pass(Duration.ofMinutes(10));
        assertThat(guest.ask("{\"type\":\"heartbeat\"}").get("type").asText())
                .isEqualTo("heartbeat");
        assertThat(guest.link().writtenByRight().stream().mapToLong(b -> b.length()).sum())
                .as("bytes sent to a reader that paused")
                .isLessThan(200_000);

        answer.request(Long.MAX_VALUE);
        StringBuilder text = new StringBuilder();
        for (JsonNode message : answer.rest()) {
            message.get("events").forEach(event -> text.append(event.path("text").asText()));
        }
        assertThat(text).hasSize(1_000_000);
    }

    @Test
    void theConsumersOwnDefaultsApplyWhereARequestSaysNothing() {
        String configured =
                guest.ask(
                                "{\"type\":\"loadModel\",\"modelSrc\":\"tiny\","
                                        + "\"modelType\":\"llamacpp-completion\",\"modelConfig\":"
                                        + "{\"temp\":0.5,\"top_k\":7,\"stop_sequences\":[\"END\"],"
                                        + "\"system_prompt\":\"Be brief.\",\"ctx_size\":4096}}")
                        .get("modelId")
                        .asText();
        guest.start(
                "{\"type\":\"completionStream\",\"modelId\":\""
                        + configured
                        + "\",\"history\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,"
                        + "\"generationParams\":{\"temp\":1,\"predict\":5}}");

        var request = model.run().completion();

        assertThat(request.params().temp()).isEqualTo(1);
        assertThat(request.params().predict()).isEqualTo(5);
        assertThat(request.params().topK()).isEqualTo(7);
        assertThat(request.params().stopSequences()).containsExactly("END");
        assertThat(request.history().get(0).content()).isEqualTo("Be brief.");
        assertThat(request.history()).hasSize(2);
    }

    @Test
    void theInstructionsThatEveryConsumerSendsAreNobodysWish() {
        guest.complete(modelId);

        assertThat(model.run().completion().history()).hasSize(1);
    }
}
