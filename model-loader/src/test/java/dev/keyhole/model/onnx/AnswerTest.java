package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionEvent.ToolErrorCode;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.Tool;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class AnswerTest {

    private static final CompletionRequest REQUEST =
            CompletionRequest.user("weather in Rome?")
                    .withCaptureThinking(true)
                    .withTools(
                            List.of(
                                    new Tool(
                                            "weather",
                                            "tells it",
                                            Map.of(
                                                    "type",
                                                    "object",
                                                    "properties",
                                                    Map.of("city", Map.of("type", "string")),
                                                    "required",
                                                    List.of("city")))));

    @Test
    void aCallOfAKnownToolIsAnEvent() {
        String call = "{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\", \"days\": 2}}";

        assertThat(events("<think>hm</think>", "<tool_call>\n" + call + "\n</tool_call>"))
                .containsExactly(
                        new CompletionEvent.Thinking(0, "hm"),
                        new CompletionEvent.ToolCall(
                                1, "call-1", "weather", Map.of("city", "Rome", "days", 2), call),
                        new CompletionEvent.Done(
                                2,
                                StopReason.EOS,
                                null,
                                "<think>hm</think><tool_call>\n" + call + "\n</tool_call>"));
    }

    @Test
    void aCallThatCannotBeMadeIsAnErrorOfItsKind() {
        assertThat(error("{\"name\": \"weather\"")).isEqualTo(ToolErrorCode.PARSE_ERROR);
        assertThat(error("[]")).isEqualTo(ToolErrorCode.PARSE_ERROR);
        assertThat(error("{\"name\": \"rm\", \"arguments\": {}}"))
                .isEqualTo(ToolErrorCode.UNKNOWN_TOOL);
        assertThat(error("{\"name\": \"weather\", \"arguments\": {}}"))
                .isEqualTo(ToolErrorCode.VALIDATION_ERROR);
    }

    private static ToolErrorCode error(String call) {
        CompletionEvent event = events("<tool_call>" + call + "</tool_call>").get(0);
        return ((CompletionEvent.ToolError) event).code();
    }

    private static List<CompletionEvent> events(String... pieces) {
        return Completion.of(
                        sink -> {
                            Answer answer = new Answer(REQUEST, sink);
                            for (String piece : pieces) {
                                answer.write(piece);
                            }
                            answer.end();
                            sink.done(StopReason.EOS, answer.written());
                        })
                .events()
                .collectList()
                .block();
    }
}
