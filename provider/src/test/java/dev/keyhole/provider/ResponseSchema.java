package dev.keyhole.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the original's consumer accepts from a provider, as far as this provider says it.
 *
 * <p>Checked itself against the verdicts of the original's own schemas.
 */
final class ResponseSchema {

    private static final Set<String> EVENTS_MESSAGE = Set.of("type", "done", "events");
    private static final Set<String> DONE = Set.of("type", "seq", "stopReason", "raw");
    private static final Set<String> DONE_FAILED =
            Set.of("type", "seq", "stopReason", "raw", "error");
    private static final Set<String> STOP_REASONS =
            Set.of("eos", "length", "stopSequence", "cancelled");
    private static final Set<String> TOOL_ERRORS =
            Set.of("PARSE_ERROR", "VALIDATION_ERROR", "UNKNOWN_TOOL");

    private ResponseSchema() {}

    static boolean accepts(JsonNode message) {
        return switch (message.path("type").asText()) {
            case "heartbeat" -> message.path("number").isNumber();
            case "loadModel" ->
                    message.path("success").isBoolean()
                            && optional(message, "modelId", JsonNode::isTextual)
                            && optional(message, "error", JsonNode::isTextual);
            case "modelProgress" ->
                    message.path("downloaded").isNumber()
                            && message.path("total").isNumber()
                            && message.path("percentage").isNumber()
                            && message.path("downloadKey").isTextual();
            case "completionStream" -> completion(message);
            case "unloadModel" ->
                    message.path("success").isBoolean()
                            && optional(message, "error", JsonNode::isTextual)
                            && optional(message, "hasActiveModels", JsonNode::isBoolean)
                            && optional(message, "hasActiveProviders", JsonNode::isBoolean);
            case "cancel" ->
                    message.path("success").isBoolean()
                            && optional(message, "error", JsonNode::isTextual)
                            && optional(message, "cancelled", ResponseSchema::isCount);
            case "error" ->
                    message.path("message").isTextual()
                            && optional(message, "name", JsonNode::isTextual)
                            && optional(message, "code", JsonNode::isNumber)
                            && optional(message, "stack", JsonNode::isTextual)
                            && optional(message, "timestamp", JsonNode::isTextual)
                            && optional(message, "typedFields", JsonNode::isObject);
            case "embed" -> message.path("success").isBoolean();
            case "transcribe" ->
                    optional(message, "text", JsonNode::isTextual)
                            && optional(message, "done", JsonNode::isBoolean);
            case "translate" ->
                    message.path("token").isTextual()
                            && optional(message, "done", JsonNode::isBoolean);
            case "textToSpeech" -> message.path("buffer").isArray();
            case "provide", "stopProvide" -> message.path("success").isBoolean();
            case "getLoadedModelInfo" -> message.path("info").isObject();
            case "getModelInfo" -> message.isObject();
            case "state" -> message.path("state").isTextual();
            default -> false;
        };
    }

    private static boolean completion(JsonNode message) {
        if (!message.path("events").isArray()
                || !optional(message, "done", JsonNode::isBoolean)
                || !onlyHas(message, EVENTS_MESSAGE)) {
            return false;
        }
        for (JsonNode event : message.get("events")) {
            if (!isCount(event.path("seq")) || !event(event)) {
                return false;
            }
        }
        return true;
    }

    private static boolean event(JsonNode event) {
        return switch (event.path("type").asText()) {
            case "contentDelta", "thinkingDelta", "rawDelta" -> event.path("text").isTextual();
            case "toolCall" ->
                    event.at("/call/id").isTextual()
                            && event.at("/call/name").isTextual()
                            && event.at("/call/arguments").isObject();
            case "toolError" ->
                    TOOL_ERRORS.contains(event.at("/error/code").asText())
                            && event.at("/error/message").isTextual();
            case "completionStats" -> stats(event.path("stats"));
            case "completionDone" -> done(event);
            default -> false;
        };
    }

    private static boolean stats(JsonNode stats) {
        String device = stats.path("backendDevice").asText("cpu");
        return stats.isObject() && (device.equals("cpu") || device.equals("gpu"));
    }

    private static boolean done(JsonNode event) {
        if (event.path("stopReason").asText().equals("error")) {
            return onlyHas(event, DONE_FAILED) && event.at("/error/message").isTextual();
        }
        return onlyHas(event, DONE)
                && optional(event, "stopReason", reason -> STOP_REASONS.contains(reason.asText()));
    }

    private static boolean onlyHas(JsonNode object, Set<String> names) {
        return object.properties().stream().allMatch(member -> names.contains(member.getKey()));
    }

    private static boolean optional(JsonNode object, String name, Predicate<JsonNode> rule) {
        return !object.has(name) || rule.test(object.get(name));
    }

    private static boolean isCount(JsonNode number) {
        return number.isIntegralNumber() && number.longValue() >= 0;
    }
}
