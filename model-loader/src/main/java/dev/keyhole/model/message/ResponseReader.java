package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.BackendDevice;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Operation;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.TranscriptionEvent;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a provider sends to a consumer. Members and events that are new to us are skipped. */
final class ResponseReader {

    private static final long MAX_SEQ = 1L << 53;

    private ResponseReader() {}

    static Response read(byte[] bytes) throws InvalidMessageException {
        Fields fields = Fields.of("response", Json.parse(bytes));
        if (fields.flag("__profilingTrailer", false)) {
            return new Response.ProfilingTrailer();
        }
        String type = fields.text("type");
        return switch (type) {
            case "heartbeat" -> new Response.Heartbeat(fields.number("number"));
            case "loadModel" -> loadModel(fields);
            case "modelProgress" ->
                    new Response.ModelProgress(
                            new LoadProgress(
                                    (long) fields.number("downloaded"),
                                    (long) fields.number("total"),
                                    fields.number("percentage"),
                                    fields.text("downloadKey")));
            case "completionStream" ->
                    new Response.CompletionStream(fields.flag("done", false), events(fields));
            case "unloadModel" ->
                    new Response.UnloadModel(
                            fields.flag("success"),
                            fields.optionalText("error"),
                            fields.optionalFlag("hasActiveModels"),
                            fields.optionalFlag("hasActiveProviders"));
            case "cancel" ->
                    new Response.Cancel(
                            fields.flag("success"),
                            fields.optionalInteger("cancelled", 0, MAX_SEQ),
                            fields.optionalText("error"));
            case "embed" -> embed(fields);
            case "transcribe" -> transcribe(fields);
            case "translate" ->
                    new Response.Translate(
                            fields.text("token"),
                            fields.flag("done", false),
                            fields.optionalText("error"));
            case "getLoadedModelInfo" -> loadedModelInfo(fields.object("info"));
            case "getModelInfo" ->
                    new Response.ModelInfo(
                            fields.text("name"),
                            fields.optionalText("modelType"),
                            fields.flag("loaded", false));
            case "state" -> new Response.State(fields.text("state"));
            case "error" -> failure(fields);
            default -> throw new InvalidMessageException("there is no response of type " + type);
        };
    }

    private static Response loadModel(Fields fields) throws InvalidMessageException {
        Set<Operation> operations = EnumSet.noneOf(Operation.class);
        for (String handler : texts(fields, "handlers")) {
            Operation.ofWireName(handler).ifPresent(operations::add);
        }
        return new Response.LoadModel(
                fields.flag("success"),
                fields.optionalText("modelId"),
                fields.optionalText("error"),
                fields.optionalText("digest"),
                fields.optionalWhole("contextSize"),
                operations);
    }

    private static List<String> texts(Fields fields, String name) throws InvalidMessageException {
        List<JsonNode> elements = fields.optionalArray(name);
        List<String> texts = new ArrayList<>();
        if (elements != null) {
            for (JsonNode element : elements) {
                texts.add(Fields.text(fields.at(name, texts.size()), element));
            }
        }
        return texts;
    }

    private static List<CompletionEvent> events(Fields fields) throws InvalidMessageException {
        List<CompletionEvent> events = new ArrayList<>();
        for (JsonNode element : fields.array("events")) {
            CompletionEvent event = event(Fields.of(fields.at("events", events.size()), element));
            if (event != null) {
                events.add(event);
            }
        }
        return events;
    }

    /** Null for a kind of event that we do not know. */
    private static @Nullable CompletionEvent event(Fields fields) throws InvalidMessageException {
        String type = fields.text("type");
        return switch (type) {
            case "contentDelta" -> new CompletionEvent.Text(seq(fields), fields.text("text"));
            case "thinkingDelta" -> new CompletionEvent.Thinking(seq(fields), fields.text("text"));
            case "rawDelta" -> new CompletionEvent.RawDelta(seq(fields), fields.text("text"));
            case "toolCall" -> toolCall(fields);
            case "toolError" -> toolError(fields);
            case "completionStats" ->
                    new CompletionEvent.Stats(seq(fields), stats(fields.object("stats")));
            case "completionDone" -> done(fields);
            default -> null;
        };
    }

    private static long seq(Fields fields) throws InvalidMessageException {
        return fields.integer("seq", 0, MAX_SEQ);
    }

    private static CompletionEvent toolCall(Fields fields) throws InvalidMessageException {
        Fields call = fields.object("call");
        return new CompletionEvent.ToolCall(
                seq(fields),
                call.text("id"),
                call.text("name"),
                Json.plainMap(call.object("arguments").node()),
                call.optionalText("raw"));
    }

    private static @Nullable CompletionEvent toolError(Fields fields)
            throws InvalidMessageException {
        Fields error = fields.object("error");
        String code = error.text("code");
        for (CompletionEvent.ToolErrorCode known : CompletionEvent.ToolErrorCode.values()) {
            if (known.name().equals(code)) {
                return new CompletionEvent.ToolError(
                        seq(fields), known, error.text("message"), error.optionalText("raw"));
            }
        }
        return null;
    }

    private static CompletionStats stats(Fields fields) throws InvalidMessageException {
        String device = fields.optionalText("backendDevice");
        return new CompletionStats(
                fields.optionalWhole("promptTokens"),
                fields.optionalWhole("generatedTokens"),
                fields.optionalNumber("timeToFirstToken"),
                fields.optionalNumber("tokensPerSecond"),
                fields.optionalWhole("cacheTokens"),
                fields.optionalNumber("avgConcurrentSeq"),
                device == null ? null : BackendDevice.ofWireName(device).orElse(null));
    }

    private static CompletionEvent done(Fields fields) throws InvalidMessageException {
        String word = fields.optionalText("stopReason");
        StopReason reason = word == null ? null : StopReason.ofWireName(word).orElse(null);
        Fields error = fields.optionalObject("error");
        Fields raw = fields.optionalObject("raw");
        String fullText = raw == null ? null : raw.optionalText("fullText");
        return new CompletionEvent.Done(
                seq(fields),
                reason,
                error == null ? null : error.optionalText("message"),
                fullText == null ? "" : fullText);
    }

    private static Response embed(Fields fields) throws InvalidMessageException {
        List<JsonNode> elements = fields.optionalArray("embedding");
        List<Embedding> vectors = new ArrayList<>();
        boolean list = elements != null && !elements.isEmpty() && elements.get(0).isArray();
        if (elements != null && list) {
            for (JsonNode element : elements) {
                vectors.add(embedding(fields.at("embedding", vectors.size()), element));
            }
        } else if (elements != null && !elements.isEmpty()) {
            vectors.add(embedding("embed.embedding", fields.node().path("embedding")));
        }
        return new Response.Embed(
                fields.flag("success"),
                new Embeddings(vectors),
                list,
                fields.optionalText("error"));
    }

    private static Embedding embedding(String path, JsonNode numbers)
            throws InvalidMessageException {
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Fields.number(path, numbers.path(i));
        }
        return Embedding.of(values);
    }

    private static Response transcribe(Fields fields) throws InvalidMessageException {
        boolean done = fields.flag("done", false);
        String error = fields.optionalText("error");
        Fields segment = fields.optionalObject("segment");
        if (segment != null) {
            return new Response.Transcribe(segment(segment), done, error);
        }
        String text = fields.optionalText("text");
        if (text == null || text.isEmpty()) {
            return new Response.Transcribe(null, done, error);
        }
        return new Response.Transcribe(new TranscriptionEvent.Text(text), done, error);
    }

    private static TranscriptionEvent segment(Fields fields) throws InvalidMessageException {
        return new TranscriptionEvent.Segment(
                fields.text("text"),
                fields.number("startMs"),
                fields.number("endMs"),
                fields.flag("append", false),
                (long) fields.number("id"));
    }

    private static Response loadedModelInfo(Fields info) throws InvalidMessageException {
        return new Response.LoadedModelInfo(
                info.text("modelId"),
                info.optionalText("modelType"),
                texts(info, "handlers"),
                info.optionalText("displayName"),
                info.optionalText("loadedAt"),
                info.optionalText("digest"),
                info.optionalWhole("contextSize"));
    }

    private static Response failure(Fields fields) throws InvalidMessageException {
        Fields details = fields.optionalObject("typedFields");
        Long code = fields.optionalInteger("code", Integer.MIN_VALUE, Integer.MAX_VALUE);
        return new Response.Failure(
                fields.text("message"),
                fields.optionalText("name"),
                code == null ? null : (Integer) code.intValue(),
                details == null ? Map.of() : Json.plainMap(details.node()),
                fields.optionalText("timestamp"));
    }
}
