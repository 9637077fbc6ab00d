package dev.keyhole.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.source.ModelFiles;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;

final class ModelLoaderTest {

    private static final List<String> NAMES =
            List.of("config.json", "tokenizer.json", "model.onnx", "tokenizer_config.json");

    @TempDir Path folder;

    @Test
    void aFolderAFileInItAndTheEmbeddedModelAreTheSameModel() throws Exception {
        copyTinyChat(folder);
        Files.delete(folder.resolve("model.onnx"));
        Path onnx = Files.createDirectory(folder.resolve("onnx"));
        copy("model.onnx", onnx);
        copy("generation_config.json", folder);

        List<String> digests = new ArrayList<>();
        for (ModelSource source :
                List.of(
                        ModelSource.directory(folder),
                        ModelSource.file(onnx.resolve("model.onnx")),
                        ModelSource.parse("embedded"),
                        ModelSource.named("tiny-chat"))) {
            try (Model model = ModelLoader.load(source).block()) {
                digests.add(model.digest().orElseThrow());
            }
        }

        assertThat(digests.get(0)).hasSize(64);
        assertThat(digests).containsOnly(digests.get(0));
    }

    @Test
    void progressGoesFromNothingToEverything() {
        List<LoadProgress> steps = new ArrayList<>();

        ModelLoader.load(
                        ModelSource.embedded("tiny-chat"),
                        EngineOptions.defaults().withModelId("mine"),
                        steps::add)
                .block()
                .close();

        LoadProgress last = steps.get(steps.size() - 1);
        assertThat(last.downloaded()).isEqualTo(last.total()).isGreaterThan(1_000_000);
        assertThat(last.percentage()).isEqualTo(100);
        assertThat(last.key()).isEqualTo("mine");
        assertThat(steps)
                .isSortedAccordingTo((a, b) -> Long.compare(a.downloaded(), b.downloaded()));
    }

    @Test
    void aLoadThatIsCancelledGoesNoFurther() throws Exception {
        List<LoadProgress> steps = new ArrayList<>();
        Disposable[] load = new Disposable[1];
        java.util.concurrent.CountDownLatch subscribed = new java.util.concurrent.CountDownLatch(1);
        java.util.concurrent.CountDownLatch heard = new java.util.concurrent.CountDownLatch(1);

        load[0] =
                ModelLoader.load(
                                ModelSource.embedded("tiny-chat"),
                                EngineOptions.defaults(),
                                step -> {
                                    try {
                                        subscribed.await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                    steps.add(step);
                                    load[0].dispose();
                                    heard.countDown();
                                })
                        .subscribe();
        subscribed.countDown();

        heard.await();
        assertThat(load[0].isDisposed()).isTrue();
        assertThat(steps).hasSize(1);
    }

    @Test
    void whatIsMissingIsSaidByName() throws Exception {
        assertFails(ModelSource.directory(folder), "model.onnx, config.json, tokenizer.json");
        copyTinyChat(folder);
        Files.delete(folder.resolve("tokenizer.json"));
        assertFails(ModelSource.directory(folder), "no tokenizer.json");
        assertFails(ModelSource.directory(folder.resolve("absent")), "absent");
        assertFails(ModelSource.file(folder.resolve("absent.onnx")), "absent.onnx");
        assertFails(ModelSource.embedded("nothing"), "\"nothing\"");
        assertFails(ModelSource.embedded("../../model"), "\"../../model\"");
        assertFails(ModelSource.named("llama-9"), "\"llama-9\"");
        assertFails(ModelSource.url("https://models.example/m.onnx"), "does not fetch");
    }

    @Test
    void brokenFilesAreNamed() throws Exception {
        copyTinyChat(folder);
        Files.writeString(folder.resolve("config.json"), "{");
        assertFails(ModelSource.directory(folder), "config.json");

        Files.writeString(folder.resolve("config.json"), "{}");
        Files.writeString(folder.resolve("model.onnx"), "not a model");
        assertFails(ModelSource.directory(folder), folder.toString());

        copyTinyChat(folder);
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertFails(ModelSource.directory(folder), "tokenizer.json");
    }

    @Test
    void aFileThatNoEngineReadsIsRefused() throws Exception {
        Path file = Files.writeString(folder.resolve("model.gguf"), "GGUF");

        assertFails(ModelSource.file(file), "no engine");
    }

    @Test
    void sourcesAreReadAsTheyAreTyped() {
        assertThat(ModelSource.parse("embedded")).isEqualTo(ModelSource.embedded("tiny-chat"));
        assertThat(ModelSource.parse("embedded:x")).isEqualTo(ModelSource.embedded("x"));
        assertThat(ModelSource.parse(folder.toString())).isEqualTo(ModelSource.directory(folder));
        assertThat(ModelSource.parse("some/model.onnx"))
                .isEqualTo(ModelSource.file(Path.of("some/model.onnx")));
        assertThat(ModelSource.parse("./x")).isEqualTo(ModelSource.directory(Path.of("./x")));
        assertThat(ModelSource.parse("https://h/m.onnx"))
                .isEqualTo(ModelSource.url("https://h/m.onnx"));
        assertThat(ModelSource.parse("llama-3.2-1b")).isEqualTo(ModelSource.named("llama-3.2-1b"));
        assertThatThrownBy(() -> ModelSource.parse(" "))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSourceHasAName() {
        assertThat(ModelSource.directory(Path.of("/a/b/")).name()).isEqualTo("b");
        assertThat(ModelSource.file(Path.of("/a/m.onnx")).name()).isEqualTo("m");
        assertThat(ModelSource.url("https://h/a/m.onnx").name()).isEqualTo("m.onnx");
    }

    private static void assertFails(ModelSource source, String... says) {
        assertThatThrownBy(() -> ModelLoader.load(source).block())
                .isInstanceOf(ModelLoadException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(says));
    }

    private static void copyTinyChat(Path folder) throws Exception {
        for (String name : NAMES) {
            copy(name, folder);
        }
    }

    private static void copy(String name, Path folder) throws Exception {
        try (InputStream in = ModelFiles.of(ModelSource.embedded("tiny-chat")).open(name)) {
            Files.write(folder.resolve(name), in.readAllBytes());
        }
    }
}
