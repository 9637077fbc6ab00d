package dev.keyhole.model;

import java.util.Map;

/** What shape an answer must have. */
public sealed interface ResponseFormat {

    /** Whatever the model says. */
    record Text() implements ResponseFormat {}

    /** Some JSON object. */
    record JsonObject() implements ResponseFormat {}

    /** JSON that fits a schema, which is given as maps, lists, texts, numbers and booleans. */
    record JsonSchema(String name, Map<String, Object> schema) implements ResponseFormat {
        public JsonSchema {
            schema = Map.copyOf(schema);
        }
    }
}
