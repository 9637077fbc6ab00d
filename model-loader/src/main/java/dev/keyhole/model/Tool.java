package dev.keyhole.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A function that the model may ask the application to call. Only this description travels.
 *
 * @param parameters a JSON schema of type object, as maps, lists, texts, numbers and booleans
 */
public record Tool(String name, String description, Map<String, Object> parameters) {

    public Tool {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }
}
