package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelSource;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadModelTest {

    private static final String WITH_PROGRESS =
            Bench.LOAD.replace("\"modelConfig\"", "\"withProgress\":true,\"modelConfig\"");

    private final Bench bench =
            Bench.withSlowLoads(
                    Bench.config()
                            .withModel(
                                    ServedModel.of("other", ModelSource.named("other"))
                                            .withIdleUnload(Duration.ofMinutes(10))));
    private final Bench.Guest guest = bench.connect(1);

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aLoadIsAnsweredByAReplyOnceTheModelIsThere() {
        Bench.Answer answer = guest.start(Bench.LOAD);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));
        assertThat(answer.isSilent()).isTrue();
        bench.finish("tiny");

        JsonNode reply = answer.next();

        assertThat(answer.streamed).isFalse();
        assertThat(reply.get("type").asText()).isEqualTo("loadModel");
        assertThat(reply.get("success").asBoolean()).isTrue();
        assertThat(reply.get("modelId").asText()).matches("[0-9a-f]{16}");
        assertThat(reply.get("digest").asText()).isEqualTo("d1".repeat(32));
    }

    @Test
    void withProgressTheAnswerIsAStreamThatEndsWithTheReply() {
        Bench.Answer answer = guest.start(WITH_PROGRESS);
        Bench.eventually(() -> bench.progress.containsKey("tiny"));
        bench.progress.get("tiny").accept(LoadProgress.of(1, 4, "tiny"));
        assertThat(answer.next())
                .isEqualTo(
                        Bench.json(
                                "{\"type\":\"modelProgress\",\"downloaded\":1,\"total\":4,"
                                        + "\"percentage\":25,\"downloadKey\":\"tiny\"}"));
        bench.finish("tiny");

        assertThat(answer.next().get("success").asBoolean()).isTrue();
        assertThat(answer.rest()).isEmpty();
        assertThat(answer.streamed).isTrue();
    }

    @Test
    void progressThatComesTooOftenIsLeftOutButNotItsEnd() {
        Bench.Answer answer = guest.start(WITH_PROGRESS);
        Bench.eventually(() -> bench.progress.containsKey("tiny"));
        for (int i = 0; i <= 1000; i++) {
            bench.progress.get("tiny").accept(LoadProgress.of(i, 1000, "tiny"));
        }
        bench.finish("tiny");

        assertThat(answer.rest()).hasSizeBetween(2, 3);
    }

    @Test
    void aSilentLoadRepeatsHowFarItIs() {
        Bench.Answer answer = guest.start(WITH_PROGRESS);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));
        bench.passUntilItSpeaks(answer);
        assertThat(answer.next().get("downloaded").asInt()).isZero();

        bench.progress.get("tiny").accept(LoadProgress.of(1, 4, "tiny"));
        JsonNode said = answer.next();
        while (said.get("downloaded").asInt() == 0) { // repeated before that was known
            said = answer.next();
        }
        bench.passUntilItSpeaks(answer);

        assertThat(answer.next().get("downloaded").asInt()).isEqualTo(1);
    }

    @Test
    void aModelThatIsThereSendsNoProgress() {
        guest.start(Bench.LOAD);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));
        bench.finish("tiny");
        guest.load();

        Bench.Answer again = guest.start(WITH_PROGRESS);

        assertThat(again.rest()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "/nonexistent/model.gguf",
                "../model.onnx",
                "http://169.254.169.254/latest/meta-data",
                "file:///etc/passwd",
                "registry://s3/large.gguf",
                "",
                "Tiny",
            })
    void whatTheOwnerDoesNotListIsNotOfferedWhateverItIs(String source) {
        JsonNode answer = guest.ask(Bench.LOAD.replace("\"tiny\"", "\"" + source + "\""));

        assertThat(answer.get("type").asText()).isEqualTo("error");
        assertThat(answer.get("code").asInt()).isEqualTo(52002);
        assertThat(answer.get("message").asText())
                .isEqualTo("no model of that name is offered here");
        assertThat(bench.loads).isEmpty();
    }

    @Test
    void whatIsNotOfferedIsSaidInTheStreamToThoseWhoWaitForOne() {
        Bench.Answer answer = guest.start(WITH_PROGRESS.replace("\"tiny\"", "\"nothing\""));

        assertThat(answer.next().get("type").asText()).isEqualTo("error");
        answer.awaitEnd();
        assertThat(answer.streamed).isTrue();
    }

    @Test
    void aNameThatIsTooLongIsNobodys() {
        String name = "registry://" + "x".repeat(ConsumerSession.MAX_NAME_LENGTH) + "/tiny.gguf";

        assertThat(
                        guest.ask(Bench.LOAD.replace("\"tiny\"", "\"" + name + "\""))
                                .get("code")
                                .asInt())
                .isEqualTo(52002);
    }

    @Test
    void theNameInACatalogueNamesAModelToo() {
        Bench.Answer answer =
                guest.start(
                        Bench.LOAD.replace(
                                "\"tiny\"", "\"registry://elsewhere\",\"modelName\":\"tiny\""));
        Bench.eventually(() -> bench.loads.containsKey("tiny"));
        bench.finish("tiny");

        assertThat(answer.next().get("success").asBoolean()).isTrue();
    }

    @Test
    void aLoadThatFailsIsAnErrorThatSaysNothingOfTheOwnersFiles() {
        Bench.Answer answer = guest.start(Bench.LOAD);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));
        bench.loads
                .get("tiny")
                .tryEmitError(new ModelLoadException("no such file: /home/owner/model.onnx"))
                .orThrow();

        JsonNode error = answer.next();

        assertThat(error.get("type").asText()).isEqualTo("error");
        assertThat(error.get("code").asInt()).isEqualTo(52200);
        assertThat(error.toString()).doesNotContain("owner");
        assertThat(guest.ask("{\"type\":\"state\"}").get("state").asText()).isEqualTo("active");
    }

    @Test
    void aLoadThatIsCancelledSaysSoAndGoesOnForOthers() {
        Bench.Answer answer =
                guest.start(
                        Bench.LOAD.replace(
                                "\"modelConfig\"", "\"requestId\":\"r\",\"modelConfig\""));
        Bench.Answer other = bench.connect(2).start(Bench.LOAD);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));

        guest.ask("{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}");
        assertThat(answer.next().get("code").asInt()).isEqualTo(52419);
        bench.finish("tiny");

        assertThat(other.next().get("success").asBoolean()).isTrue();
    }

    @Test
    void aConsumerThatGoesAwayDuringALoadClaimsNothing() {
        Bench.Answer answer = guest.start(Bench.LOAD);
        Bench.eventually(() -> bench.loads.containsKey("tiny"));

        guest.cut();
        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);
        bench.finish("tiny");

        assertThat(bench.service.shelf.claims(Peers.key(1))).isZero();
        assertThat(answer.isSilent()).isTrue();
    }

    @Test
    void leavingTheProgressEndsTheWaiting() {
        Bench.Answer answer = guest.start(WITH_PROGRESS);
        Bench.eventually(() -> bench.progress.containsKey("tiny"));
        bench.progress.get("tiny").accept(LoadProgress.of(1, 4, "tiny"));
        answer.next();

        answer.leave();

        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);
        assertThat(bench.service.shelf.claims(Peers.key(1))).isZero();
    }

    @Test
    void theIdIsThatOfTheOriginal() {
        Bench.Answer answer =
                guest.start(
                        "{\"type\":\"loadModel\",\"modelSrc\":\"other\",\"modelType\":"
                                + "\"llamacpp-completion\",\"modelConfig\":{\"temp\":0.5}}");
        Bench.eventually(() -> bench.loads.containsKey("other"));
        bench.finish("other");

        assertThat(answer.next().get("modelId").asText()).isEqualTo("8471575aa3f6d552");
    }

    @Test
    void anIdleModelLeavesMemory() {
        guest.start(Bench.LOAD.replace("\"tiny\"", "\"other\""));
        Bench.eventually(() -> bench.loads.containsKey("other"));
        HandModel model = bench.finish("other");
        Bench.eventually(() -> bench.service.shelf.claims(Peers.key(1)) == 1);

        guest.cut();
        Bench.eventually(() -> bench.service.stats().connectionsOpen() == 0);
        bench.pass(Duration.ofMinutes(9));
        assertThat(model.isUnloaded()).isFalse();
        bench.pass(Duration.ofMinutes(2));

        model.awaitUnloaded();
        assertThat(bench.service.stats().modelsLoaded()).isEmpty();
    }
}
