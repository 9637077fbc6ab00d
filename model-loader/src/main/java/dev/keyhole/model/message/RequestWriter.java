package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.ResponseFormat;
import dev.keyhole.model.Tool;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranslateRequest;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes what a consumer asks. What is absent is left out. */
final class RequestWriter {

    private RequestWriter() {}

    static ObjectNode write(Request request) {
        ObjectNode node = Json.object().put("type", request.type());
        if (request instanceof Request.LoadModel load) {
            loadModel(node, load);
        } else if (request instanceof Request.CompletionStream completion) {
            completion(node, completion);
        } else if (request instanceof Request.UnloadModel unload) {
            node.put("modelId", unload.modelId()).put("clearStorage", unload.clearStorage());
        } else if (request instanceof Request.CancelModel cancel) {
            node.put("operation", "broad").put("modelId", cancel.modelId());
            Request.WorkKind kind = cancel.kind();
            if (kind != null) {
                node.put("kind", kind.wireName());
            }
        } else if (request instanceof Request.CancelRequest cancel) {
            node.put("operation", "request").put("requestId", cancel.requestId());
            flag(node, "clearCache", cancel.clearCache());
        } else if (request instanceof Request.Embed embed) {
            node.put("modelId", embed.modelId());
            texts(node, embed.embed().texts(), embed.list());
            text(node, "requestId", embed.embed().requestId());
        } else if (request instanceof Request.Transcribe transcribe) {
            transcribe(node.put("modelId", transcribe.modelId()), transcribe.transcribe());
        } else if (request instanceof Request.Translate translate) {
            translate(node, translate);
        } else if (request instanceof Request.GetLoadedModelInfo info) {
            node.put("modelId", info.modelId());
        } else if (request instanceof Request.GetModelInfo info) {
            node.put("name", info.name());
        }
        return node;
    }

    private static void loadModel(ObjectNode node, Request.LoadModel load) {
        node.put("modelSrc", load.modelSrc());
        text(node, "modelName", load.modelName());
        node.put("modelType", load.modelType());
        boolean mayBeAbsent = load.modelType().equals(ModelType.PARAKEET.wireName());
        if (!load.modelConfig().isEmpty() || !mayBeAbsent) {
            node.set("modelConfig", Json.tree(load.modelConfig()));
        }
        flag(node, "withProgress", load.withProgress());
        node.put("seed", load.seed());
        text(node, "requestId", load.requestId());
    }

    private static void completion(ObjectNode node, Request.CompletionStream message) {
        CompletionRequest completion = message.completion();
        node.put("modelId", message.modelId());
        ArrayNode history = node.putArray("history");
        for (ChatMessage turn : completion.history()) {
            history.addObject().put("role", turn.role()).put("content", turn.content());
        }
        node.put("stream", message.stream());
        Request.KvCache cache = message.kvCache();
        if (cache != null) {
            if (cache.key() == null) {
                node.put("kvCache", cache.keep());
            } else {
                node.put("kvCache", cache.key());
            }
        }
        if (!completion.tools().isEmpty()) {
            ArrayNode tools = node.putArray("tools");
            completion.tools().forEach(tool -> tool(tools.addObject(), tool));
        }
        params(node, completion.params());
        flag(node, "captureThinking", completion.captureThinking());
        flag(node, "emitRawDeltas", completion.emitRawDeltas());
        text(node, "toolDialect", message.toolDialect());
        ResponseFormat format = completion.responseFormat();
        if (format != null) {
            responseFormat(node.putObject("responseFormat"), format);
        }
        text(node, "requestId", completion.requestId());
    }

    private static void tool(ObjectNode node, Tool tool) {
        node.put("type", "function");
        node.put("name", tool.name());
        node.put("description", tool.description());
        node.set("parameters", Json.tree(tool.parameters()));
    }

    private static void params(ObjectNode message, GenerationParams params) {
        ObjectNode node = Json.object();
        number(node, "temp", params.temp());
        number(node, "top_p", params.topP());
        number(node, "top_k", params.topK());
        number(node, "predict", params.predict());
        number(node, "seed", params.seed());
        number(node, "frequency_penalty", params.frequencyPenalty());
        number(node, "presence_penalty", params.presencePenalty());
        number(node, "repeat_penalty", params.repeatPenalty());
        number(node, "reasoning_budget", params.reasoningBudget());
        Boolean forget = params.removeThinkingFromContext();
        if (forget != null) {
            node.put("remove_thinking_from_context", forget);
        }
        if (!node.isEmpty()) {
            message.set("generationParams", node);
        }
        if (!params.stopSequences().isEmpty()) {
            message.set("stopSequences", Json.tree(params.stopSequences()));
        }
    }

    private static void responseFormat(ObjectNode node, ResponseFormat format) {
        if (format instanceof ResponseFormat.JsonSchema schema) {
            node.put("type", "json_schema");
            ObjectNode inner = node.putObject("json_schema");
            inner.put("name", schema.name());
            inner.set("schema", Json.tree(schema.schema()));
            text(inner, "description", schema.description());
            Boolean strict = schema.strict();
            if (strict != null) {
                inner.put("strict", strict);
            }
        } else if (format instanceof ResponseFormat.JsonObject) {
            node.put("type", "json_object");
        } else {
            node.put("type", "text");
        }
    }

    private static void transcribe(ObjectNode node, TranscribeRequest request) {
        node.putObject("audioChunk")
                .put("type", "base64")
                .put("value", Base64.getEncoder().encodeToString(request.audio()));
        request.prompt().ifPresent(prompt -> node.put("prompt", prompt));
        flag(node, "metadata", request.segments());
        request.requestId().ifPresent(id -> node.put("requestId", id));
    }

    private static void translate(ObjectNode node, Request.Translate message) {
        TranslateRequest request = message.translate();
        node.put("modelId", message.modelId());
        texts(node, request.texts(), message.list());
        node.put("stream", message.stream());
        node.put("modelType", message.modelType());
        text(node, "from", request.from());
        text(node, "to", request.to());
        text(node, "context", request.context());
        text(node, "requestId", request.requestId());
    }

    private static void texts(ObjectNode node, List<String> texts, boolean list) {
        if (list) {
            node.set("text", Json.tree(texts));
        } else {
            node.put("text", texts.get(0));
        }
    }

    private static void text(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static void number(ObjectNode node, String name, @Nullable Number value) {
        if (value != null) {
            node.set(name, Json.tree(value));
        }
    }

    /** Flags whose absence means no. */
    private static void flag(ObjectNode node, String name, boolean value) {
        if (value) {
            node.put(name, true);
        }
    }
}
