package dev.keyhole.provider;

import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.message.ModelType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer configures when it loads a model ({@code docs/protocol.md}, "Model configuration").
 *
 * <p>Sampling and instructions are the consumer's, and apply to its own requests. Memory, devices and
 * files are the owner's: the original's consumers fill in those of their own device, which nobody can
 * tell from a wish.
 */
final class LoadConfig {

    /** What the original's consumers say for their users who say nothing. */
    static final String DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant.";

    private final Map<String, Object> values;

    private LoadConfig(Map<String, Object> values) {
        this.values = values;
    }

    /** What came, and the original's defaults for what did not. */
    static LoadConfig of(String modelType, Map<String, Object> received) {
        Map<String, Object> values = new LinkedHashMap<>(defaults(modelType));
        values.putAll(received);
        return new LoadConfig(values);
    }

    /** Everything, as the model's id depends on it. */
    Map<String, Object> values() {
        return values;
    }

    GenerationParams params() {
        return new GenerationParams(
                decimal("temp"),
                decimal("top_p"),
                whole("top_k"),
                whole("predict"),
                seed(),
                decimal("frequency_penalty"),
                decimal("presence_penalty"),
                decimal("repeat_penalty"),
                whole("reasoning_budget"),
                null,
                stopSequences());
    }

    /** Instructions of the consumer's own; null where it says what it always says. */
    @Nullable String systemPrompt() {
        return values.get("system_prompt") instanceof String prompt
                        && !prompt.equals(DEFAULT_SYSTEM_PROMPT)
                ? prompt
                : null;
    }

    private @Nullable Double decimal(String key) {
        return values.get(key) instanceof Number number ? number.doubleValue() : null;
    }

    private @Nullable Integer whole(String key) {
        return values.get(key) instanceof Number number ? number.intValue() : null;
    }

    private @Nullable Long seed() {
        return values.get("seed") instanceof Number number ? number.longValue() : null;
    }

    private List<String> stopSequences() {
        List<String> sequences = new ArrayList<>();
        if (values.get("stop_sequences") instanceof List<?> list) {
            for (Object element : list) {
                if (element instanceof String text) {
                    sequences.add(text);
                }
            }
        }
        return sequences;
    }

    private static Map<String, Object> defaults(String modelType) {
        ModelType type = ModelType.ofWireName(modelType).orElse(null);
        if (type == ModelType.COMPLETION) {
            return Map.of(
                    "ctx_size",
                    1024,
                    "gpu_layers",
                    99,
                    "device",
                    "gpu",
                    "system_prompt",
                    DEFAULT_SYSTEM_PROMPT,
                    "image_tile_mode",
                    "sequential");
        }
        if (type == ModelType.EMBEDDING) {
            return Map.of("gpuLayers", 99, "device", "gpu", "batchSize", 1024);
        }
        if (type == ModelType.TRANSLATION) {
            return Map.of(
                    "mode", "full",
                    "beamsize", 4,
                    "lengthpenalty", 1,
                    "maxlength", 512,
                    "repetitionpenalty", 1,
                    "norepeatngramsize", 0,
                    "temperature", 0.3,
                    "topk", 0,
                    "topp", 1);
        }
        return Map.of();
    }
}
