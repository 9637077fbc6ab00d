package dev.keyhole.model.message;

import static dev.keyhole.model.message.RefusedRequestException.Kind.FORBIDDEN;
import static dev.keyhole.model.message.RefusedRequestException.Kind.INVALID;
import static dev.keyhole.model.message.RefusedRequestException.Kind.MALFORMED;
import static dev.keyhole.model.message.RefusedRequestException.Kind.UNKNOWN_TYPE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.ResponseFormat;
import dev.keyhole.model.Tool;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranslateRequest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a stranger sends to a provider. */
final class RequestReader {

    /** Types that other providers serve and whose answer is a stream. */
    private static final Set<String> FOREIGN_STREAMS =
            Set.of(
                    "batchCompletionStream",
                    "textToSpeech",
                    "ocrStream",
                    "diffusionStream",
                    "videoStream",
                    "upscaleStream",
                    "classify",
                    "bciTranscribe",
                    "loggingStream",
                    "pluginInvokeStream",
                    "transcribeStream",
                    "bciTranscribeStream",
                    "textToSpeechStream",
                    "completionOrchestrate");

    /** Types that other providers serve with a reply, and that are nobody's business here. */
    private static final Set<String> FOREIGN_REPLIES =
            Set.of(
                    "__init_config",
                    "__shutdown__",
                    "provide",
                    "stopProvide",
                    "suspend",
                    "resume",
                    "deleteCache",
                    "downloadAsset",
                    "rag",
                    "finetune",
                    "pluginInvoke",
                    "modelRegistryList",
                    "modelRegistrySearch",
                    "modelRegistryGetModel");

    private static final Set<String> LOAD_MODEL =
            Set.of(
                    "type",
                    "modelSrc",
                    "modelName",
                    "modelType",
                    "modelConfig",
                    "withProgress",
                    "seed",
                    "requestId",
                    "delegate");
    private static final Set<String> GENERATION_PARAMS =
            Set.of(
                    "temp",
                    "top_p",
                    "top_k",
                    "predict",
                    "seed",
                    "frequency_penalty",
                    "presence_penalty",
                    "repeat_penalty",
                    "reasoning_budget",
                    "remove_thinking_from_context");
    private static final Set<String> TOOL_DIALECTS =
            Set.of("hermes", "pythonic", "json", "harmony", "qwen35", "gemma4");
    private static final Set<String> SCHEMA_TYPES =
            Set.of("string", "number", "integer", "boolean", "object", "array");
    private static final Set<String> TRANSLATORS = Set.of("nmt", "nmtcpp-translation");
    private static final Set<String> LANGUAGE_MODELS = Set.of("llm", "llamacpp-completion");

    private RequestReader() {}

    static ReceivedRequest read(byte[] bytes) throws RefusedRequestException {
        ObjectNode node = object(bytes);
        JsonNode envelope = node.remove("__profiling");
        JsonNode typeNode = node.get("type");
        if (typeNode == null || !typeNode.isTextual()) {
            throw new RefusedRequestException(
                    MALFORMED, null, false, "a request needs a type, which is a text");
        }
        String type = typeNode.textValue();
        try {
            Request request = read(type, Fields.of(type, node));
            if (request == null) {
                throw notServed(type, node);
            }
            return new ReceivedRequest(request, profiling(envelope));
        } catch (InvalidMessageException e) {
            throw refused(INVALID, type, node, e.getMessage());
        } catch (ForbiddenException e) {
            throw refused(FORBIDDEN, type, node, e.getMessage());
        }
    }

    private static ObjectNode object(byte[] bytes) throws RefusedRequestException {
        try {
            if (Json.parse(bytes) instanceof ObjectNode object) {
                return object;
            }
        } catch (InvalidMessageException e) {
            throw new RefusedRequestException(MALFORMED, null, false, "" + e.getMessage());
        }
        throw new RefusedRequestException(MALFORMED, null, false, "a request is a JSON object");
    }

    private static RefusedRequestException refused(
            RefusedRequestException.Kind kind, String type, ObjectNode node, @Nullable String why) {
        boolean withProgress = node.path("withProgress").asBoolean(false);
        boolean streamed =
                switch (type) {
                    case "completionStream", "transcribe", "translate" -> true;
                    case "loadModel", "downloadAsset", "rag", "finetune" -> withProgress;
                    default -> FOREIGN_STREAMS.contains(type);
                };
        return new RefusedRequestException(kind, type, streamed, "" + why);
    }

    /** Null for a type that we do not serve. */
    private static @Nullable Request read(String type, Fields fields)
            throws InvalidMessageException, ForbiddenException {
        return switch (type) {
            case "heartbeat" -> heartbeat(fields);
            case "loadModel" -> loadModel(fields);
            case "completionStream" -> completion(fields);
            case "unloadModel" ->
                    new Request.UnloadModel(
                            fields.text("modelId"), fields.flag("clearStorage", false));
            case "cancel" -> cancel(fields);
            case "embed" -> embed(fields);
            case "transcribe" -> transcribe(fields);
            case "translate" -> translate(fields);
            case "getLoadedModelInfo" -> new Request.GetLoadedModelInfo(fields.text("modelId"));
            case "getModelInfo" -> new Request.GetModelInfo(fields.text("name"));
            case "state" -> new Request.State();
            default -> null;
        };
    }

    private static RefusedRequestException notServed(String type, ObjectNode node) {
        if (FOREIGN_STREAMS.contains(type) || FOREIGN_REPLIES.contains(type)) {
            return refused(FORBIDDEN, type, node, type + " is not served to remote peers");
        }
        return refused(UNKNOWN_TYPE, type, node, "there is no request of this type");
    }

    private static ProfilingRequest profiling(@Nullable JsonNode envelope) {
        if (envelope == null || !envelope.isObject()) {
            return ProfilingRequest.none();
        }
        boolean includeServer = envelope.path("includeServer").asBoolean(false);
        return new ProfilingRequest(envelope.path("id").textValue(), includeServer);
    }

    private static Request heartbeat(Fields fields) throws ForbiddenException {
        forbidDelegate(fields);
        return new Request.Heartbeat();
    }

    private static void forbidDelegate(Fields fields) throws ForbiddenException {
        if (fields.has("delegate")) {
            throw new ForbiddenException("a provider does not delegate for its peers");
        }
    }

    private static Request loadModel(Fields fields)
            throws InvalidMessageException, ForbiddenException {
        String modelType = fields.text("modelType");
        if (fields.has("modelId") && !fields.has("modelSrc")) {
            throw new ForbiddenException("a loaded model is not reconfigured for remote peers");
        }
        forbidDelegate(fields);
        if (modelType.equals(ModelType.RESERVED) || ModelType.ofAlias(modelType).isPresent()) {
            throw new InvalidMessageException(
                    "loadModel.modelType must be canonical, such as "
                            + ModelType.COMPLETION.wireName()
                            + ", not "
                            + modelType);
        }
        if (ModelType.ofWireName(modelType).isPresent()) {
            fields.only(LOAD_MODEL);
        }
        return new Request.LoadModel(
                fields.text("modelSrc"),
                fields.optionalText("modelName"),
                modelType,
                ConfigRules.read(modelType, fields),
                fields.flag("withProgress", false),
                fields.flag("seed", false),
                fields.optionalNonEmptyText("requestId"));
    }

    private static Request completion(Fields fields)
            throws InvalidMessageException, ForbiddenException {
        List<Tool> tools = tools(fields);
        ResponseFormat format = responseFormat(fields);
        boolean shaped = format != null && !(format instanceof ResponseFormat.Text);
        if (shaped && !tools.isEmpty()) {
            throw new InvalidMessageException(
                    "completionStream.responseFormat and tools exclude each other");
        }
        String dialect = fields.optionalText("toolDialect");
        if (dialect != null && !TOOL_DIALECTS.contains(dialect)) {
            throw fields.wrong("toolDialect", "one of " + TOOL_DIALECTS);
        }
        CompletionRequest completion =
                new CompletionRequest(
                        history(fields),
                        params(fields),
                        fields.flag("captureThinking", false),
                        fields.flag("emitRawDeltas", false),
                        tools,
                        format,
                        fields.optionalNonEmptyText("requestId"),
                        null);
        return new Request.CompletionStream(
                fields.text("modelId"),
                completion,
                fields.flag("stream"),
                kvCache(fields),
                dialect);
    }

    private static List<ChatMessage> history(Fields fields)
            throws InvalidMessageException, ForbiddenException {
        List<ChatMessage> history = new ArrayList<>();
        for (JsonNode element : fields.array("history")) {
            Fields message = Fields.of(fields.at("history", history.size()), element);
            List<JsonNode> attachments = message.optionalArray("attachments");
            if (attachments != null && !attachments.isEmpty()) {
                throw new ForbiddenException(
                        message.at("attachments") + " would name files of this machine");
            }
            history.add(new ChatMessage(message.text("role"), message.text("content")));
        }
        return history;
    }

    private static GenerationParams params(Fields fields) throws InvalidMessageException {
        List<String> stopSequences = stopSequences(fields);
        Fields params = fields.optionalObject("generationParams");
        if (params == null) {
            return GenerationParams.defaults().withStopSequences(stopSequences);
        }
        params.only(GENERATION_PARAMS);
        Double seed = params.optionalNumber("seed");
        Long budget = params.optionalInteger("reasoning_budget", -1, Integer.MAX_VALUE);
        return new GenerationParams(
                params.optionalNumber("temp"),
                params.optionalNumber("top_p"),
                params.optionalWhole("top_k"),
                params.optionalWhole("predict"),
                seed == null ? null : (Long) seed.longValue(),
                params.optionalNumber("frequency_penalty"),
                params.optionalNumber("presence_penalty"),
                params.optionalNumber("repeat_penalty"),
                budget == null ? null : (Integer) budget.intValue(),
                params.optionalFlag("remove_thinking_from_context"),
                stopSequences);
    }

    /** A member of our own, beside the parameters, where peers that do not know it drop it. */
    private static List<String> stopSequences(Fields fields) throws InvalidMessageException {
        List<JsonNode> elements = fields.optionalArray("stopSequences");
        if (elements == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : elements) {
            texts.add(Fields.text(fields.at("stopSequences", texts.size()), element));
        }
        return texts;
    }

    private static List<Tool> tools(Fields fields) throws InvalidMessageException {
        List<JsonNode> elements = fields.optionalArray("tools");
        if (elements == null) {
            return List.of();
        }
        List<Tool> tools = new ArrayList<>();
        for (JsonNode element : elements) {
            Fields tool = Fields.of(fields.at("tools", tools.size()), element);
            if (!tool.text("type").equals("function")) {
                throw tool.wrong("type", "function");
            }
            Fields parameters = tool.object("parameters");
            checkSchema(parameters);
            tools.add(
                    new Tool(
                            tool.text("name"),
                            tool.text("description"),
                            Json.plainMap(parameters.node())));
        }
        return tools;
    }

    private static void checkSchema(Fields parameters) throws InvalidMessageException {
        if (!parameters.text("type").equals("object")) {
            throw parameters.wrong("type", "object");
        }
        Fields properties = parameters.object("properties");
        for (var member : properties.node().properties()) {
            Fields property = Fields.of(properties.at(member.getKey()), member.getValue());
            if (!SCHEMA_TYPES.contains(property.text("type"))) {
                throw property.wrong("type", "one of " + SCHEMA_TYPES);
            }
            property.optionalText("description");
            property.optionalArray("enum");
        }
        parameters.optionalArray("required");
    }

    private static @Nullable ResponseFormat responseFormat(Fields fields)
            throws InvalidMessageException {
        Fields format = fields.optionalObject("responseFormat");
        if (format == null) {
            return null;
        }
        return switch (format.text("type")) {
            case "text" -> {
                format.only(Set.of("type"));
                yield new ResponseFormat.Text();
            }
            case "json_object" -> {
                format.only(Set.of("type"));
                yield new ResponseFormat.JsonObject();
            }
            case "json_schema" -> {
                format.only(Set.of("type", "json_schema"));
                Fields schema = format.object("json_schema");
                schema.only(Set.of("name", "schema", "description", "strict"));
                yield new ResponseFormat.JsonSchema(
                        schema.text("name"),
                        Json.plainMap(schema.object("schema").node()),
                        schema.optionalText("description"),
                        schema.optionalFlag("strict"));
            }
            default -> throw format.wrong("type", "text, json_object or json_schema");
        };
    }

    private static Request.@Nullable KvCache kvCache(Fields fields) throws InvalidMessageException {
        JsonNode value = fields.node().get("kvCache");
        if (value == null) {
            return null;
        }
        if (value.isBoolean()) {
            return new Request.KvCache(value.booleanValue(), null);
        }
        if (!value.isTextual() || value.textValue().isEmpty()) {
            throw fields.wrong("kvCache", "true, false or a text that is not empty");
        }
        return new Request.KvCache(true, value.textValue());
    }

    private static Request cancel(Fields fields) throws InvalidMessageException {
        return switch (fields.text("operation")) {
            case "broad" -> {
                String kind = fields.optionalText("kind");
                Request.WorkKind known =
                        kind == null ? null : Request.WorkKind.ofWireName(kind).orElse(null);
                if (kind != null && known == null) {
                    throw fields.wrong("kind", "a kind of work");
                }
                yield new Request.CancelModel(fields.text("modelId"), known);
            }
            case "request" -> {
                String requestId = fields.optionalNonEmptyText("requestId");
                if (requestId == null) {
                    throw fields.wrong("requestId", "a text");
                }
                yield new Request.CancelRequest(requestId, fields.flag("clearCache", false));
            }
            default -> throw fields.wrong("operation", "broad or request");
        };
    }

    private static Request embed(Fields fields) throws InvalidMessageException {
        JsonNode value = fields.node().get("text");
        boolean list = value != null && value.isArray();
        List<String> texts = texts(fields);
        if (texts.isEmpty() || texts.contains("")) {
            throw fields.wrong("text", "a text or a list of texts, none empty");
        }
        return new Request.Embed(
                fields.text("modelId"),
                new EmbedRequest(texts, fields.optionalNonEmptyText("requestId")),
                list);
    }

    private static List<String> texts(Fields fields) throws InvalidMessageException {
        JsonNode value = fields.node().get("text");
        if (value == null || !value.isArray()) {
            return List.of(fields.text("text"));
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : value) {
            texts.add(Fields.text(fields.at("text", texts.size()), element));
        }
        return texts;
    }

    private static Request transcribe(Fields fields)
            throws InvalidMessageException, ForbiddenException {
        Fields chunk = fields.object("audioChunk");
        String kind = chunk.text("type");
        if (kind.equals("filePath")) {
            throw new ForbiddenException("audioChunk would name a file of this machine");
        }
        if (!kind.equals("base64")) {
            throw chunk.wrong("type", "base64");
        }
        TranscribeRequest request =
                TranscribeRequest.of(base64(chunk)).withSegments(fields.flag("metadata", false));
        String prompt = fields.optionalText("prompt");
        if (prompt != null) {
            request = request.withPrompt(prompt);
        }
        String requestId = fields.optionalNonEmptyText("requestId");
        if (requestId != null) {
            request = request.withRequestId(requestId);
        }
        return new Request.Transcribe(fields.text("modelId"), request);
    }

    private static byte[] base64(Fields chunk) throws InvalidMessageException {
        try {
            return Base64.getDecoder().decode(chunk.text("value"));
        } catch (IllegalArgumentException e) {
            throw chunk.wrong("value", "base64");
        }
    }

    private static Request translate(Fields fields) throws InvalidMessageException {
        String modelType = fields.text("modelType");
        boolean translator = TRANSLATORS.contains(modelType);
        if (!translator && !LANGUAGE_MODELS.contains(modelType)) {
            throw fields.wrong("modelType", "a translator or a language model");
        }
        JsonNode text = fields.node().get("text");
        boolean list = text != null && text.isArray();
        if (list && !translator) {
            throw fields.wrong("text", "one text for a language model");
        }
        String to = translator ? fields.optionalText("to") : fields.text("to");
        TranslateRequest request =
                new TranslateRequest(
                        texts(fields),
                        fields.optionalText("from"),
                        to,
                        fields.optionalText("context"),
                        fields.optionalNonEmptyText("requestId"));
        return new Request.Translate(
                fields.text("modelId"), request, fields.flag("stream"), modelType, list);
    }

    /** Something that is understood and not done for strangers. */
    private static final class ForbiddenException extends Exception {

        private static final long serialVersionUID = 1L;

        ForbiddenException(String message) {
            super(message, null, false, false);
        }
    }
}
