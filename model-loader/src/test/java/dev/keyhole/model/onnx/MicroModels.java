package dev.keyhole.model.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.keyhole.model.ModelSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/** Models of a few nodes; {@code src/test/python/micro_models.py} makes them. */
final class MicroModels {

    private MicroModels() {}

    static ModelSource source(String name) {
        return ModelSource.directory(folder(name));
    }

    static Path folder(String name) {
        try {
            return Path.of(
                            Objects.requireNonNull(
                                            MicroModels.class.getResource(
                                                    "/micro-models/" + name + "/config.json"))
                                    .toURI())
                    .getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What the models answer. */
    static JsonNode expected() {
        try {
            Path file = folder("full").resolveSibling("expected.json");
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
