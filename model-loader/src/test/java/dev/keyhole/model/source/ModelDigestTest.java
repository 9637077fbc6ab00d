package dev.keyhole.model.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModelDigestTest {

    /** {@code sha256sum config.json model.onnx | sha256sum} says so. */
    private static final String EXPECTED =
            "bf0546379e189adf6831568d29c893abc8f5f7d3c04609207da5dee00d4092df";

    @TempDir Path folder;

    @Test
    void theDigestIsThatOfTheListThatSha256sumPrints() throws Exception {
        Files.writeString(folder.resolve("model.onnx"), "abc");
        Files.writeString(folder.resolve("config.json"), "{}");
        Files.writeString(folder.resolve("README.md"), "not part of the model");
        ModelFiles files = ModelFiles.of(ModelSource.directory(folder));
        List<LoadProgress> steps = new ArrayList<>();

        String digest =
                ModelDigest.of(
                        files,
                        List.of("model.onnx", "absent.json", "config.json"),
                        "m",
                        steps::add);

        assertThat(digest).isEqualTo(EXPECTED);
        assertThat(steps).containsExactly(LoadProgress.of(2, 5, "m"), LoadProgress.of(5, 5, "m"));
    }
}
