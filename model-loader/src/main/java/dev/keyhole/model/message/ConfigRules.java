package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the {@code modelConfig} of a load may hold, for the kinds of model that have rules.
 *
 * <p>A key that has no rule is dropped; a key with a wrong value refuses the load. Kinds without a
 * table take any object as it is.
 */
final class ConfigRules {

    private static final Rule TEXT = (path, value) -> Fields.text(path, value);
    private static final Rule NUMBER = (path, value) -> Fields.number(path, value);
    private static final Rule ANY = (path, value) -> {};
    private static final Rule INTEGER = integer(Integer.MIN_VALUE, Integer.MAX_VALUE);
    private static final Rule FLAG =
            (path, value) -> {
                if (!value.isBoolean()) {
                    throw Fields.wrong(path, "true or false", value);
                }
            };
    private static final Rule TEXTS =
            (path, value) -> {
                if (!value.isArray()) {
                    throw Fields.wrong(path, "an array of texts", value);
                }
                for (JsonNode element : value) {
                    Fields.text(path, element);
                }
            };
    private static final Rule PREDICT =
            (path, value) -> {
                if (Fields.integer(path, value, -2, Integer.MAX_VALUE) == 0) {
                    throw Fields.wrong(path, "-1, -2 or at least 1", value);
                }
            };
    private static final Rule MAIN_GPU =
            (path, value) -> {
                if (value.isTextual()) {
                    oneOf("integrated", "dedicated").check(path, value);
                } else {
                    integer(0, Integer.MAX_VALUE).check(path, value);
                }
            };

    private static final Map<String, Rule> COMPLETION =
            table(
                    "ctx_size", NUMBER,
                    "temp", range(0, 2),
                    "top_p", range(0, 1),
                    "top_k", integer(0, 128),
                    "seed", NUMBER,
                    "predict", PREDICT,
                    "gpu_layers", NUMBER,
                    "device", TEXT,
                    "system_prompt", TEXT,
                    "lora", TEXT,
                    "no_mmap", FLAG,
                    "verbosity", integer(0, 3),
                    "projectionModelSrc", ANY,
                    "mmproj-use-gpu", FLAG,
                    "presence_penalty", NUMBER,
                    "frequency_penalty", NUMBER,
                    "repeat_penalty", NUMBER,
                    "stop_sequences", TEXTS,
                    "n_discarded", NUMBER,
                    "parallel", integer(1, Integer.MAX_VALUE),
                    "tools", FLAG,
                    "toolsMode", oneOf("static", "dynamic"),
                    "cache-type-k", TEXT,
                    "cache-type-v", TEXT,
                    "main-gpu", MAIN_GPU,
                    "split-mode", oneOf("none", "layer", "row"),
                    "tensor-split", TEXT,
                    "openclCacheDir", TEXT,
                    "reasoning_budget", integer(-1, Integer.MAX_VALUE),
                    "image_tile_mode", oneOf("disabled", "batched", "sequential"));

    private static final Map<String, Rule> EMBEDDING =
            table(
                    "gpuLayers", INTEGER,
                    "device", oneOf("gpu", "cpu"),
                    "batchSize", integer(1, Integer.MAX_VALUE),
                    "pooling", oneOf("none", "mean", "cls", "last", "rank"),
                    "attention", oneOf("causal", "non-causal"),
                    "embdNormalize", INTEGER,
                    "flashAttention", oneOf("on", "off", "auto"),
                    "mainGpu", MAIN_GPU,
                    "splitMode", oneOf("none", "layer", "row"),
                    "tensorSplit", TEXT,
                    "verbosity", integer(0, 3),
                    "openclCacheDir", TEXT);

    /** What a translation model's load says when the consumer does not. */
    private static final Map<String, Object> TRANSLATION_DEFAULTS = translationDefaults();

    private ConfigRules() {}

    /** The config as the engine shall see it. */
    static Map<String, Object> read(String modelType, Fields message)
            throws InvalidMessageException {
        ModelType type = ModelType.ofWireName(modelType).orElse(null);
        if (!message.has("modelConfig") && (type == null || type == ModelType.PARAKEET)) {
            return Map.of();
        }
        Fields config = message.object("modelConfig");
        if (type == null) {
            return Json.plainMap(config.node());
        }
        return switch (type) {
            case COMPLETION -> checked(config, COMPLETION);
            case EMBEDDING -> checked(config, EMBEDDING);
            case TRANSLATION -> translation(config);
            case WHISPER, PARAKEET, BCI, TEXT_TO_SPEECH, OCR, DIFFUSION, VLA, CLASSIFICATION ->
                    Json.plainMap(config.node());
        };
    }

    private static Map<String, Object> checked(Fields config, Map<String, Rule> rules)
            throws InvalidMessageException {
        ObjectNode kept = Json.object();
        for (Map.Entry<String, JsonNode> member : config.node().properties()) {
            Rule rule = rules.get(member.getKey());
            if (rule != null) {
                rule.check(config.at(member.getKey()), member.getValue());
                kept.set(member.getKey(), member.getValue());
            }
        }
        return Json.plainMap(kept);
    }

    private static Map<String, Object> translation(Fields config) throws InvalidMessageException {
        String engine = config.text("engine");
        if (!Set.of("Bergamot", "IndicTrans").contains(engine)) {
            throw config.wrong("engine", "Bergamot or IndicTrans");
        }
        config.text("from");
        config.text("to");
        Map<String, Object> whole = new LinkedHashMap<>(TRANSLATION_DEFAULTS);
        whole.putAll(Json.plainMap(config.node()));
        return whole;
    }

    private static Map<String, Object> translationDefaults() {
        Map<String, Object> defaults = new LinkedHashMap<>();
        defaults.put("mode", "full");
        defaults.put("beamsize", 4L);
        defaults.put("lengthpenalty", 1L);
        defaults.put("maxlength", 512L);
        defaults.put("repetitionpenalty", 1L);
        defaults.put("norepeatngramsize", 0L);
        defaults.put("temperature", 0.3);
        defaults.put("topk", 0L);
        defaults.put("topp", 1L);
        return defaults;
    }

    private static Rule integer(long min, long max) {
        return (path, value) -> Fields.integer(path, value, min, max);
    }

    private static Rule range(double min, double max) {
        return (path, value) -> {
            double number = Fields.number(path, value);
            if (number < min || number > max) {
                throw Fields.wrong(path, "a number from " + min + " to " + max, value);
            }
        };
    }

    private static Rule oneOf(String... words) {
        Set<String> allowed = Set.of(words);
        return (path, value) -> {
            if (!allowed.contains(Fields.text(path, value))) {
                throw Fields.wrong(path, "one of " + String.join(", ", words), value);
            }
        };
    }

    private static Map<String, Rule> table(Object... keysAndRules) {
        Map<String, Rule> table = new LinkedHashMap<>();
        for (int i = 0; i < keysAndRules.length; i += 2) {
            table.put((String) keysAndRules[i], (Rule) keysAndRules[i + 1]);
        }
        return table;
    }

    /** What one key may hold. */
    private interface Rule {
        void check(String path, JsonNode value) throws InvalidMessageException;
    }
}
