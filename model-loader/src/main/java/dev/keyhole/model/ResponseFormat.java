package dev.keyhole.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What shape an answer must have. */
public sealed interface ResponseFormat {

    /** Whatever the model says. */
    record Text() implements ResponseFormat {}

    /** Some JSON object. */
    record JsonObject() implements ResponseFormat {}

    /** JSON that fits a schema, which is given as maps, lists, texts, numbers and booleans. */
    record JsonSchema(
            String name,
            Map<String, Object> schema,
            @Nullable String description,
            @Nullable Boolean strict)
            implements ResponseFormat {

        public JsonSchema {
            schema = Collections.unmodifiableMap(new LinkedHashMap<>(schema));
        }

        public static JsonSchema of(String name, Map<String, Object> schema) {
            return new JsonSchema(name, schema, null, null);
        }
    }
}
