package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import dev.keyhole.model.TranslationToken;
import dev.keyhole.model.scripted.Script;
import dev.keyhole.model.scripted.ScriptedModel;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

final class OperationsTest {

    private final Bench bench = Bench.ofOneModel();
    private final Bench.Guest guest = bench.connect(1);
    private final String modelId = guest.load();
    private final HandModel model = bench.model();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void oneTextGetsOneVector() {
        Bench.Answer answer = guest.start(request("embed", "'text':'hi'"));
        HandModel.Run run = model.run();
        assertThat(run.request(EmbedRequest.class).texts()).containsExactly("hi");
        run.give(new Embeddings(List.of(Embedding.of(0.5f, 1))));

        JsonNode reply = answer.next();
        answer.awaitEnd();
        assertThat(reply.get("success").asBoolean()).isTrue();
        assertThat(reply.get("embedding")).isEqualTo(Bench.json("[0.5,1]"));
        assertThat(answer.streamed).isFalse();
    }

    @Test
    void aListOfTextsGetsAListOfVectors() {
        Bench.Answer answer = guest.start(request("embed", "'text':['hi']"));
        HandModel.Run run = model.run();
        run.give(new Embeddings(List.of(Embedding.of(0.5f))));

        assertThat(answer.next().get("embedding")).isEqualTo(Bench.json("[[0.5]]"));
    }

    @Test
    void aTranscriptionComesPieceByPiece() {
        Bench.Answer answer =
                guest.start(
                        request(
                                "transcribe",
                                "'audioChunk':{'type':'base64','value':'AAAA'},'prompt':'p'"));
        HandModel.Run run = model.run();
        assertThat(run.request(TranscribeRequest.class).audio()).hasSize(3);
        run.give(new TranscriptionEvent.Text("hello"));
        assertThat(answer.next().get("text").asText()).isEqualTo("hello");
        run.end();

        JsonNode last = answer.next();
        assertThat(last.get("done").asBoolean()).isTrue();
        assertThat(last.get("text").asText()).isEmpty();
        assertThat(answer.rest()).isEmpty();
    }

    @Test
    void aFileOfTheProvidersIsNeverRead() {
        JsonNode error =
                guest.start(
                                request(
                                        "transcribe",
                                        "'audioChunk':{'type':'filePath','value':'/etc/passwd'}"))
                        .next();

        assertThat(error.get("type").asText()).isEqualTo("error");
        assertThat(model.isIdle()).isTrue();
    }

    @Test
    void anAttachmentOfTheProvidersIsNeverRead() {
        JsonNode error =
                guest.start(
                                request(
                                        "completionStream",
                                        "'stream':true,'history':[{'role':'user','content':'see',"
                                                + "'attachments':[{'path':'/etc/passwd'}]}]"))
                        .next();

        assertThat(error.get("type").asText()).isEqualTo("error");
        assertThat(model.isIdle()).isTrue();
    }

    @Test
    void aTranslationComesPieceByPiece() {
        Bench.Answer answer =
                guest.start(
                        request(
                                "translate",
                                "'text':'hi','stream':true,'modelType':'llm','to':'it'"));
        HandModel.Run run = model.run();
        assertThat(run.request(TranslateRequest.class).to()).isEqualTo("it");
        run.give(new TranslationToken("ci"));
        run.give(new TranslationToken("ao"));
        run.end();

        assertThat(answer.rest())
                .extracting(message -> message.get("token").asText())
                .containsExactly("ci", "ao", "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'embed','text':'hi'",
                "{'type':'transcribe','audioChunk':{'type':'base64','value':'AAAA'}",
                "{'type':'translate','text':'hi','stream':true,'modelType':'llm','to':'it'",
            })
    void eachOfThemStopsTheEngineWhenCancelledLeftOrLost(String request) {
        String text =
                (request + ",'modelId':'" + modelId + "','requestId':'r'}").replace('\'', '"');

        Bench.Answer cancelled = guest.start(text);
        HandModel.Run first = model.run();
        guest.ask("{\"type\":\"cancel\",\"operation\":\"request\",\"requestId\":\"r\"}");
        first.awaitStop();
        assertThat(cancelled.next().get("code").asInt()).isEqualTo(52419);
        cancelled.awaitEnd();

        guest.start(text);
        HandModel.Run second = model.run();
        guest.ask("{\"type\":\"unloadModel\",\"modelId\":\"" + modelId + "\"}");
        second.awaitStop();
        guest.load();

        Bench.Answer failed = guest.start(text);
        model.run().fail(new InferenceFailedException("no"));
        assertThat(failed.next().get("code").asInt()).isEqualTo(52406);

        guest.start(text);
        HandModel.Run last = model.run();
        guest.cut();
        last.awaitStop();
        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);
    }

    @Test
    void whatTheModelDoesNotOfferIsSaidSo() {
        Bench plain =
                new Bench(
                        Bench.config(),
                        ModelIds::of,
                        (served, progress) ->
                                Mono.just(ScriptedModel.of("tiny", Script.of("a", "b"))));
        Bench.Guest other = plain.connect(1);
        String id = other.load();

        for (String request :
                List.of(
                        "{'type':'embed','text':'hi','modelId':'ID'}",
                        "{'type':'transcribe','audioChunk':{'type':'base64','value':'AAAA'},'modelId':'ID'}",
                        "{'type':'translate','text':'hi','stream':true,'modelType':'llm','to':'it','modelId':'ID'}")) {
            JsonNode error = other.start(request.replace('\'', '"').replace("ID", id)).next();
            assertThat(error.get("code").asInt()).isEqualTo(52416);
            assertThat(error.get("name").asText()).isEqualTo("MODEL_OPERATION_NOT_SUPPORTED");
        }
        plain.close();
    }

    @Test
    void aLoadedModelIsDescribedWithoutItsPath() {
        JsonNode answer =
                guest.ask("{\"type\":\"getLoadedModelInfo\",\"modelId\":\"" + modelId + "\"}");

        JsonNode info = answer.get("info");
        assertThat(info.get("modelId").asText()).isEqualTo(modelId);
        assertThat(info.get("isDelegated").asBoolean()).isFalse();
        assertThat(info.get("modelType").asText()).isEqualTo("llamacpp-completion");
        assertThat(info.get("handlers"))
                .extracting(JsonNode::asText)
                .containsExactly("completionStream", "embed", "transcribe", "translate");
        assertThat(info.get("loadedAt").asText()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(info.has("path")).isFalse();
    }

    @Test
    void nobodyIsToldOfWhatSomebodyElseLoaded() {
        Bench.Guest stranger = bench.connect(2);

        assertThat(
                        stranger.ask(
                                        "{\"type\":\"getLoadedModelInfo\",\"modelId\":\""
                                                + modelId
                                                + "\"}")
                                .get("code")
                                .asInt())
                .isEqualTo(52002);
        assertThat(stranger.complete(modelId).next().get("code").asInt()).isEqualTo(52002);
        assertThat(stranger.ask("{\"type\":\"unloadModel\",\"modelId\":\"" + modelId + "\"}"))
                .isEqualTo(
                        Bench.json(
                                "{\"type\":\"unloadModel\",\"success\":false,\"error\":\"Model with ID \\\""
                                        + modelId
                                        + "\\\" is not loaded\"}"));
        assertThat(bench.service.shelf.claims(Peers.key(1))).isEqualTo(1);
    }

    @Test
    void whatCouldBeLoadedIsDescribedByTheNameItWasAskedFor() {
        JsonNode answer = guest.ask("{\"type\":\"getModelInfo\",\"name\":\"tiny\"}");

        assertThat(answer.get("type").asText()).isEqualTo("getModelInfo");
        assertThat(answer.toString()).contains("\"tiny\"").doesNotContain("path");
        assertThat(guest.ask("{\"type\":\"getModelInfo\",\"name\":\"large\"}").get("code").asInt())
                .isEqualTo(52002);
    }

    @Test
    void unloadingOneOfTwoModelsLeavesTheOther() {
        String second = guest.ask(Bench.LOAD.replace("{}", "{\"temp\":1}")).get("modelId").asText();

        JsonNode answer =
                guest.ask(
                        "{\"type\":\"unloadModel\",\"modelId\":\""
                                + modelId
                                + "\",\"clearStorage\":true}");

        assertThat(answer.get("hasActiveModels").asBoolean()).isTrue();
        assertThat(second).isNotEqualTo(modelId);
        guest.complete(second);
        model.run();
    }

    private String request(String type, String members) {
        return ("{'type':'" + type + "','modelId':'" + modelId + "'," + members + "}")
                .replace('\'', '"');
    }
}
