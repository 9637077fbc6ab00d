package dev.keyhole.model.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.OperationNotSupportedException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.ResponseFormat;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.Tool;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class MessageJsonTest {

    private static final CompletionRequest FULL =
            CompletionRequest.of(
                            List.of(ChatMessage.user("hi"), ChatMessage.assistant("\ud83d ok")))
                    .withParams(
                            GenerationParams.defaults()
                                    .withTemp(0.5)
                                    .withTopK(3)
                                    .withTopP(0.25)
                                    .withPredict(-2)
                                    .withSeed(1L << 40)
                                    .withRepeatPenalty(1.5)
                                    .withStopSequences(List.of("END")))
                    .withCaptureThinking(true)
                    .withRawDeltas(true)
                    .withRequestId("r");

    @Test
    void everyRequestComesBackAsItWasWritten() throws Exception {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", Map.of("x", Map.of("type", "number")));
        List<Request> requests =
                List.of(
                        new Request.Heartbeat(),
                        Request.LoadModel.of("tiny-chat", "llamacpp-completion")
                                .withModelConfig(Map.of("ctx_size", 512L, "temp", 0.5))
                                .withProgress(true)
                                .withRequestId("l"),
                        Request.CompletionStream.of(
                                "m", CompletionRequest.user("hi").withRequestId("x")),
                        new Request.CompletionStream(
                                "m",
                                CompletionRequest.user("hi")
                                        .withTools(List.of(new Tool("f", "d", schema))),
                                false,
                                new Request.KvCache(true, "k"),
                                "hermes"),
                        Request.CompletionStream.of(
                                "m",
                                CompletionRequest.user("hi")
                                        .withResponseFormat(
                                                ResponseFormat.JsonSchema.of("s", schema))),
                        new Request.UnloadModel("m", false),
                        new Request.CancelModel("m", Request.WorkKind.BATCH_COMPLETION),
                        new Request.CancelModel("m", null),
                        Request.CancelRequest.of("r"),
                        Request.Embed.of("m", EmbedRequest.of("a")),
                        Request.Embed.of("m", EmbedRequest.of("a", "b")),
                        Request.Translate.of("m", TranslateRequest.of("hi").withTo("it"), "llm"),
                        new Request.GetLoadedModelInfo("m"),
                        new Request.GetModelInfo("m"),
                        new Request.State());

        for (Request request : requests) {
            assertThat(MessageJson.readRequest(MessageJson.write(request)).request())
                    .isEqualTo(request);
        }
    }

    @Test
    void aHalfCharacterInATextDoesNoHarm() throws Exception {
        byte[] bytes = MessageJson.write(Request.CompletionStream.of("m", FULL));

        Request.CompletionStream read =
                (Request.CompletionStream) MessageJson.readRequest(bytes).request();

        assertThat(read.completion().history().get(1).content()).isEqualTo("? ok");
        assertThat(read.completion().params()).isEqualTo(FULL.params());
    }

    @Test
    void audioTravelsWithItsRequest() throws Exception {
        TranscribeRequest request =
                TranscribeRequest.of(new byte[] {1, -2, 3}).withPrompt("p").withSegments(true);

        Request read =
                MessageJson.readRequest(MessageJson.write(new Request.Transcribe("m", request)))
                        .request();

        TranscribeRequest back = ((Request.Transcribe) read).transcribe();
        assertThat(back.audio()).containsExactly(1, -2, 3);
        assertThat(back.prompt()).hasValue("p");
        assertThat(back.segments()).isTrue();
    }

    @Test
    void everyResponseComesBackAsItWasWritten() throws Exception {
        List<Response> responses =
                List.of(
                        new Response.Heartbeat(42),
                        new Response.LoadModel(
                                true, "m", null, "ab", 512, Set.of(Operation.COMPLETION)),
                        Response.LoadModel.failed("no"),
                        Response.CompletionStream.stillAtWork(),
                        new Response.CompletionStream(
                                true,
                                List.of(
                                        new CompletionEvent.RawDelta(0, "a"),
                                        new CompletionEvent.Text(1, "a"),
                                        new CompletionEvent.Thinking(2, "b"),
                                        new CompletionEvent.ToolCall(
                                                3, "1", "f", Map.of("a", 1L), "raw"),
                                        new CompletionEvent.ToolError(
                                                4,
                                                CompletionEvent.ToolErrorCode.UNKNOWN_TOOL,
                                                "m",
                                                null),
                                        new CompletionEvent.Stats(
                                                5, CompletionStats.of(1, 2, 3.5, 4.25)),
                                        new CompletionEvent.Done(6, StopReason.EOS, null, "full"))),
                        new Response.CompletionStream(
                                true,
                                List.of(new CompletionEvent.Done(0, StopReason.ERROR, "e", ""))),
                        Response.UnloadModel.succeeded(),
                        Response.UnloadModel.failed("e"),
                        Response.Cancel.succeeded(2),
                        Response.Cancel.failed("e"),
                        Response.Embed.of(new Embeddings(List.of(Embedding.of(0.5f, -1f))), false),
                        Response.Embed.of(
                                new Embeddings(List.of(Embedding.of(1f), Embedding.of(2f))), true),
                        Response.Embed.failed("e"),
                        Response.Transcribe.of(new TranscriptionEvent.Text("a")),
                        Response.Transcribe.of(
                                new TranscriptionEvent.Segment("a", 1, 2.5, true, 7)),
                        Response.Transcribe.ended(),
                        Response.Translate.of("a"),
                        Response.Translate.ended(),
                        new Response.LoadedModelInfo(
                                "m", "t", List.of("completionStream"), "n", "at", "ab", 5),
                        new Response.ModelInfo("m", "t", true),
                        new Response.State(Response.State.ACTIVE),
                        new Response.ProfilingTrailer(),
                        Response.Failure.of(ErrorCode.MODEL_NOT_FOUND, "m")
                                .withDetails(Map.of("a", "b"))
                                .withTimestamp("2026-01-01T00:00:00.000Z"));

        for (Response response : responses) {
            byte[] line = MessageJson.writeLine(response);
            assertThat(line).endsWith((byte) '\n');
            assertThat(MessageJson.readResponse(line)).isEqualTo(response);
        }
    }

    @Test
    void exceptionsKeepTheirTypeAndTheirValuesOverTheWire() throws Exception {
        assertThat(overTheWire(new ContextOverflowException(4226, 512)))
                .isInstanceOfSatisfying(
                        ContextOverflowException.class,
                        e -> {
                            assertThat(e.promptTokens()).isEqualTo(4226);
                            assertThat(e.contextSize()).isEqualTo(512);
                        });
        assertThat(overTheWire(RequestRejectedException.busy("64 wait")))
                .isInstanceOf(RequestRejectedException.class)
                .matches(DelegationException::retryable)
                .hasMessage("64 wait");
        assertThat(overTheWire(RequestRejectedException.forbidden("no")))
                .isInstanceOf(RequestRejectedException.class)
                .matches(e -> !e.retryable());
        assertThat(overTheWire(new ModelNotFoundException("m")))
                .isInstanceOf(ModelNotFoundException.class);
        assertThat(overTheWire(new ModelLoadException("m"))).isInstanceOf(ModelLoadException.class);
        assertThat(overTheWire(new OperationNotSupportedException("m")))
                .isInstanceOf(OperationNotSupportedException.class);
        assertThat(overTheWire(new IllegalStateException("/home/owner/secret")))
                .isInstanceOf(InferenceFailedException.class)
                .hasMessage("the provider failed");
    }

    @Test
    void aCodeThatWeDoNotKnowReachesTheApplication() throws Exception {
        Response response =
                read("{\"type\":\"error\",\"message\":\"m\",\"name\":\"NEW\",\"code\":59999}");

        assertThat(((Response.Failure) response).toException())
                .isInstanceOfSatisfying(
                        InferenceFailedException.class,
                        e -> {
                            assertThat(e.code()).hasValue(59999);
                            assertThat(e.name()).hasValue("NEW");
                        });
    }

    @Test
    void timingsAreAnsweredOnlyWhenTheyAreAskedFor() throws Exception {
        ProfilingRequest asked =
                MessageJson.readRequest(
                                MessageJson.write(
                                        new Request.Heartbeat(), new ProfilingRequest("p1", true)))
                        .profiling();
        assertThat(asked).isEqualTo(new ProfilingRequest("p1", true));
        assertThat(new ProfilingRequest("p1", false).answer(1, 2, 3)).isEmpty();
        assertThat(new ProfilingRequest("", true).answer(1, 2, 3)).isEmpty();

        byte[] answer =
                MessageJson.write(new Response.Heartbeat(1), asked.answer(1, 2, 3).orElseThrow());

        JsonNode server = Vectors.parse(answer).path("__profiling").path("server");
        assertThat(server.path("totalServerMs").asInt()).isEqualTo(6);
        assertThat(MessageJson.readResponse(answer)).isEqualTo(new Response.Heartbeat(1));
    }

    @Test
    void whatIsWrongIsSaidWithItsPlaceAndItsLimit() {
        assertThat(refusal("{\"type\":"))
                .returns(RefusedRequestException.Kind.MALFORMED, RefusedRequestException::kind);
        assertThat(
                        refusal(
                                "{\"type\":\"loadModel\",\"modelSrc\":\"m\",\"modelType\":"
                                        + "\"llamacpp-completion\",\"modelConfig\":{\"temp\":9},"
                                        + "\"withProgress\":true}"))
                .hasMessage("loadModel.modelConfig.temp must be a number from 0.0 to 2.0, not 9")
                .returns(true, RefusedRequestException::streamed);
        assertThat(refusal("{\"type\":\"completionStream\",\"modelId\":\"m\",\"stream\":true}"))
                .hasMessage("completionStream.history is missing; it must be an array")
                .returns(true, RefusedRequestException::streamed);
        assertThat(refusal("{\"type\":\"nonsense\"}"))
                .returns(false, RefusedRequestException::streamed)
                .returns(null, e -> e.failure().code());
    }

    @Test
    void pathsOfTheProvidersMachineAreRefused() {
        assertThat(
                        refusal(
                                "{\"type\":\"completionStream\",\"modelId\":\"m\",\"stream\":true,"
                                        + "\"history\":[{\"role\":\"user\",\"content\":\"\","
                                        + "\"attachments\":[{\"path\":\"/etc/passwd\"}]}]}"))
                .returns(RefusedRequestException.Kind.FORBIDDEN, RefusedRequestException::kind);
    }

    @Test
    void deepNestingIsRefusedAndNotFollowed() {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);

        assertThat(refusal("{\"type\":\"heartbeat\",\"x\":" + deep + "}"))
                .returns(RefusedRequestException.Kind.MALFORMED, RefusedRequestException::kind);
    }

    @Test
    void damagedMessagesOnlyEverYieldTheirException() {
        Random random = new Random(7);
        byte[] request = MessageJson.write(Request.CompletionStream.of("m", FULL));
        byte[] response =
                MessageJson.write(
                        new Response.CompletionStream(
                                true,
                                List.of(
                                        new CompletionEvent.Stats(
                                                0, CompletionStats.of(1, 2, 3, 4)))));
        for (int round = 0; round < 3000; round++) {
            byte[] damagedRequest = damaged(request, random);
            byte[] damagedResponse = damaged(response, random);
            try {
                MessageJson.readRequest(damagedRequest);
            } catch (RefusedRequestException e) {
                assertThat(e.failure().message()).isNotEmpty();
            }
            try {
                MessageJson.readResponse(damagedResponse);
            } catch (InvalidMessageException e) {
                assertThat(e).hasMessageContaining("");
            }
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        byte[] copy = bytes.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            copy[random.nextInt(copy.length)] = (byte) random.nextInt(128);
        }
        return copy;
    }

    private static DelegationException overTheWire(Throwable error) throws Exception {
        byte[] bytes = MessageJson.write(Response.Failure.of(error, "m"));
        return ((Response.Failure) MessageJson.readResponse(bytes)).toException();
    }

    private static Response read(String json) throws Exception {
        return MessageJson.readResponse(json.getBytes(UTF_8));
    }

    private static RefusedRequestException refusal(String json) {
        return assertThrows(
                RefusedRequestException.class, () -> MessageJson.readRequest(json.getBytes(UTF_8)));
    }
}
