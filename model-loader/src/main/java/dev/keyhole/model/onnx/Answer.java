package dev.keyhole.model.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.keyhole.model.CompletionEvent.ToolErrorCode;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.Tool;
import dev.keyhole.model.text.AnswerSplitter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the model writes, as the events that the request asked for. */
final class Answer implements AnswerSplitter.Parts {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String OPEN_THOUGHT = "<think>";

    private final CompletionRequest request;
    private final CompletionSink sink;
    private final AnswerSplitter splitter;
    private final StringBuilder written = new StringBuilder();
    private int calls;

    Answer(CompletionRequest request, CompletionSink sink) {
        this.request = request;
        this.sink = sink;
        this.splitter =
                new AnswerSplitter(request.captureThinking(), !request.tools().isEmpty(), this);
    }

    void follows(String prompt) {
        if (prompt.stripTrailing().endsWith(OPEN_THOUGHT)) {
            splitter.startThinking();
        }
    }

    void write(String piece) {
        written.append(piece);
        splitter.accept(piece);
    }

    void end() {
        splitter.end();
    }

    /** Everything, with its marks. */
    String written() {
        return written.toString();
    }

    @Override
    public void said(String text) {
        sink.text(text);
    }

    @Override
    public void thought(String text) {
        sink.thinking(text);
    }

    @Override
    public void called(String text) {
        JsonNode call;
        try {
            call = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            sink.toolError(ToolErrorCode.PARSE_ERROR, "the call is not JSON", text);
            return;
        }
        String name = call.path("name").asText();
        JsonNode given = call.has("arguments") ? call.path("arguments") : call.path("parameters");
        if (name.isEmpty() || !given.isObject()) {
            sink.toolError(ToolErrorCode.PARSE_ERROR, "the call has no name or no arguments", text);
            return;
        }
        Tool tool = tool(name);
        if (tool == null) {
            sink.toolError(ToolErrorCode.UNKNOWN_TOOL, "there is no tool " + name, text);
            return;
        }
        Map<String, Object> arguments =
                MAPPER.convertValue(given, new TypeReference<LinkedHashMap<String, Object>>() {});
        for (String required : required(tool)) {
            if (!arguments.containsKey(required)) {
                sink.toolError(
                        ToolErrorCode.VALIDATION_ERROR,
                        "the call of " + name + " lacks " + required,
                        text);
                return;
            }
        }
        calls++;
        sink.toolCall("call-" + calls, name, arguments, text);
    }

    private @Nullable Tool tool(String name) {
        for (Tool tool : request.tools()) {
            if (tool.name().equals(name)) {
                return tool;
            }
        }
        return null;
    }

    private static List<String> required(Tool tool) {
        if (tool.parameters().get("required") instanceof List<?> names) {
            return names.stream().map(String::valueOf).collect(Collectors.toList());
        }
        return List.of();
    }
}
