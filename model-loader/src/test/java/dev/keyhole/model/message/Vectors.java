package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** Messages of the original, as recorded. */
final class Vectors {

    static final List<String> CONSUMERS =
            List.of(
                    "delegation-session-consumer",
                    "delegation-session-consumer-models",
                    "delegation-session-consumer-cancel",
                    "delegation-session-consumer-profiling");
    static final List<String> PROVIDERS =
            List.of(
                    "delegation-session-provider",
                    "delegation-session-provider-schema",
                    "delegation-session-provider-model");

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Vectors() {}

    static JsonNode load(String name) {
        try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name + ".json")) {
            return MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode parse(byte[] json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
