package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.BackendDevice;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Operation;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.TranscriptionEvent;
import org.jspecify.annotations.Nullable;

/** Writes what a provider answers: nothing that an old consumer would stumble over. */
final class ResponseWriter {

    private ResponseWriter() {}

    static ObjectNode write(Response response) {
        ObjectNode node = Json.object();
        if (response instanceof Response.ProfilingTrailer) {
            return node.put("__profilingTrailer", true);
        }
        node.put("type", response.type());
        if (response instanceof Response.Heartbeat heartbeat) {
            node.set("number", Json.number(heartbeat.number()));
        } else if (response instanceof Response.LoadModel load) {
            loadModel(node, load);
        } else if (response instanceof Response.ModelProgress message) {
            progress(node, message.progress());
        } else if (response instanceof Response.CompletionStream completion) {
            if (completion.done()) {
                node.put("done", true);
            }
            ArrayNode events = node.putArray("events");
            completion.events().forEach(event -> event(events.addObject(), event));
        } else if (response instanceof Response.UnloadModel unload) {
            node.put("success", unload.success());
            text(node, "error", unload.error());
            flag(node, "hasActiveModels", unload.hasActiveModels());
            flag(node, "hasActiveProviders", unload.hasActiveProviders());
        } else if (response instanceof Response.Cancel cancel) {
            node.put("success", cancel.success());
            number(node, "cancelled", cancel.cancelled());
            text(node, "error", cancel.error());
        } else if (response instanceof Response.Embed embed) {
            embed(node, embed);
        } else if (response instanceof Response.Transcribe transcribe) {
            transcribe(node, transcribe);
        } else if (response instanceof Response.Translate translate) {
            node.put("token", translate.token());
            if (translate.done()) {
                node.put("done", true);
            }
            text(node, "error", translate.error());
        } else if (response instanceof Response.LoadedModelInfo info) {
            loadedModelInfo(node.putObject("info"), info);
        } else if (response instanceof Response.ModelInfo info) {
            node.put("name", info.name());
            text(node, "modelType", info.modelType());
            node.put("loaded", info.loaded());
        } else if (response instanceof Response.State state) {
            node.put("state", state.state());
        } else if (response instanceof Response.Failure failure) {
            failure(node, failure);
        }
        return node;
    }

    static ObjectNode profiling(ProfilingAnswer answer) {
        ObjectNode node = Json.object().put("id", answer.id());
        ObjectNode server = node.putObject("server");
        server.set("requestJsonParseMs", Json.number(answer.parseMillis()));
        server.set("requestZodValidationMs", Json.number(answer.validationMillis()));
        server.set("handlerExecutionMs", Json.number(answer.handlerMillis()));
        double total = answer.parseMillis() + answer.validationMillis() + answer.handlerMillis();
        server.set("totalServerMs", Json.number(total));
        return node;
    }

    private static void loadModel(ObjectNode node, Response.LoadModel load) {
        node.put("success", load.success());
        text(node, "modelId", load.modelId());
        text(node, "error", load.error());
        text(node, "digest", load.digest());
        number(node, "contextSize", load.contextSize());
        if (!load.operations().isEmpty()) {
            ArrayNode handlers = node.putArray("handlers");
            load.operations().stream().sorted().map(Operation::wireName).forEach(handlers::add);
        }
    }

    private static void progress(ObjectNode node, LoadProgress progress) {
        node.put("downloaded", progress.downloaded());
        node.put("total", progress.total());
        node.set("percentage", Json.number(progress.percentage()));
        node.put("downloadKey", progress.key());
    }

    private static void event(ObjectNode node, CompletionEvent event) {
        if (event instanceof CompletionEvent.Text text) {
            delta(node, "contentDelta", event, text.text());
        } else if (event instanceof CompletionEvent.Thinking thinking) {
            delta(node, "thinkingDelta", event, thinking.text());
        } else if (event instanceof CompletionEvent.RawDelta raw) {
            delta(node, "rawDelta", event, raw.text());
        } else if (event instanceof CompletionEvent.ToolCall call) {
            node.put("type", "toolCall").put("seq", event.seq());
            ObjectNode inner = node.putObject("call");
            inner.put("id", call.id()).put("name", call.name());
            inner.set("arguments", Json.tree(call.arguments()));
            text(inner, "raw", call.raw());
        } else if (event instanceof CompletionEvent.ToolError error) {
            node.put("type", "toolError").put("seq", event.seq());
            ObjectNode inner = node.putObject("error");
            inner.put("code", error.code().name()).put("message", error.message());
            text(inner, "raw", error.raw());
        } else if (event instanceof CompletionEvent.Stats stats) {
            node.put("type", "completionStats").put("seq", event.seq());
            stats(node.putObject("stats"), stats.stats());
        } else if (event instanceof CompletionEvent.Done done) {
            done(node, done);
        }
    }

    private static void delta(ObjectNode node, String type, CompletionEvent event, String text) {
        node.put("type", type).put("seq", event.seq()).put("text", text);
    }

    private static void stats(ObjectNode node, CompletionStats stats) {
        number(node, "timeToFirstToken", stats.timeToFirstTokenMillis());
        number(node, "tokensPerSecond", stats.tokensPerSecond());
        number(node, "cacheTokens", stats.cacheTokens());
        number(node, "promptTokens", stats.promptTokens());
        number(node, "generatedTokens", stats.generatedTokens());
        number(node, "avgConcurrentSeq", stats.averageConcurrency());
        BackendDevice device = stats.backendDevice();
        if (device != null) {
            node.put("backendDevice", device.wireName());
        }
    }

    private static void done(ObjectNode node, CompletionEvent.Done done) {
        node.put("type", "completionDone").put("seq", done.seq());
        StopReason reason = done.reason();
        if (reason != null) {
            node.put("stopReason", reason.wireName());
        }
        if (reason == StopReason.ERROR) {
            String error = done.error();
            node.putObject("error").put("message", error == null ? "the run failed" : error);
        }
        node.putObject("raw").put("fullText", done.fullText());
    }

    private static void embed(ObjectNode node, Response.Embed embed) {
        node.put("success", embed.success());
        ArrayNode vectors = node.putArray("embedding");
        for (Embedding embedding : embed.embeddings().vectors()) {
            ArrayNode vector = embed.list() ? vectors.addArray() : vectors;
            for (float value : embedding.toArray()) {
                vector.add(Json.number(value));
            }
        }
        text(node, "error", embed.error());
    }

    private static void transcribe(ObjectNode node, Response.Transcribe message) {
        TranscriptionEvent piece = message.piece();
        if (piece instanceof TranscriptionEvent.Segment segment) {
            ObjectNode inner = node.putObject("segment");
            inner.put("text", segment.text());
            inner.set("startMs", Json.number(segment.startMillis()));
            inner.set("endMs", Json.number(segment.endMillis()));
            inner.put("append", segment.append());
            inner.put("id", segment.id());
        } else if (piece != null) {
            node.put("text", piece.text());
        } else if (message.done()) {
            node.put("text", "");
        }
        if (message.done()) {
            node.put("done", true);
        }
        text(node, "error", message.error());
    }

    private static void loadedModelInfo(ObjectNode node, Response.LoadedModelInfo info) {
        node.put("modelId", info.modelId());
        node.put("isDelegated", false);
        text(node, "modelType", info.modelType());
        node.set("handlers", Json.tree(info.handlers()));
        text(node, "displayName", info.displayName());
        text(node, "loadedAt", info.loadedAt());
        text(node, "digest", info.digest());
        number(node, "contextSize", info.contextSize());
    }

    private static void failure(ObjectNode node, Response.Failure failure) {
        node.put("message", failure.message());
        text(node, "timestamp", failure.timestamp());
        text(node, "name", failure.name());
        number(node, "code", failure.code());
        if (!failure.details().isEmpty()) {
            node.set("typedFields", Json.tree(failure.details()));
        }
    }

    private static void text(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static void flag(ObjectNode node, String name, @Nullable Boolean value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static void number(ObjectNode node, String name, @Nullable Number value) {
        if (value != null && Double.isFinite(value.doubleValue())) {
            node.set(name, Json.tree(value));
        }
    }
}
