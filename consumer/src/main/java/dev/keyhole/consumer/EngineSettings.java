package dev.keyhole.consumer;

import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.GenerationParams;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The settings of a load, by the names of the QVAC API, as this machine's engines know them. */
final class EngineSettings {

    private EngineSettings() {}

    /** What an engine of ours can follow; settings for other kinds of engine are passed over. */
    static EngineOptions of(Map<String, Object> config) {
        EngineOptions options = EngineOptions.defaults().withParams(params(config));
        if (config.get("ctx_size") instanceof Number size) {
            options = options.withContextSize(size.intValue());
        }
        if (config.get("system_prompt") instanceof String prompt) {
            options = options.withSystemPrompt(prompt);
        }
        return options;
    }

    private static GenerationParams params(Map<String, Object> config) {
        return new GenerationParams(
                real(config, "temp"),
                real(config, "top_p"),
                whole(config, "top_k"),
                whole(config, "predict"),
                config.get("seed") instanceof Number seed ? (Long) seed.longValue() : null,
                real(config, "frequency_penalty"),
                real(config, "presence_penalty"),
                real(config, "repeat_penalty"),
                whole(config, "reasoning_budget"),
                null,
                texts(config.get("stop_sequences")));
    }

    private static @Nullable Double real(Map<String, Object> config, String name) {
        return config.get(name) instanceof Number number ? (Double) number.doubleValue() : null;
    }

    private static @Nullable Integer whole(Map<String, Object> config, String name) {
        return config.get(name) instanceof Number number ? (Integer) number.intValue() : null;
    }

    private static List<String> texts(@Nullable Object value) {
        return value instanceof List<?> list
                ? list.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .collect(Collectors.toUnmodifiableList())
                : List.of();
    }
}
