package dev.keyhole.model.onnx;

import dev.keyhole.model.Engine;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.source.ModelFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Runs language models with ONNX Runtime, where that is on the class path. */
public final class OnnxEngine implements Engine {

    private static final List<String> REQUIRED =
            List.of(ModelSettings.CONFIG, ModelSettings.TOKENIZER);

    /** For {@link java.util.ServiceLoader}. */
    public OnnxEngine() {}

    @Override
    public boolean reads(ModelFiles files) {
        return files.weights()
                .map(name -> name.toLowerCase(Locale.ROOT).endsWith(".onnx"))
                .orElse(true);
    }

    @Override
    public Model open(
            String id, ModelFiles files, EngineOptions options, Consumer<LoadProgress> progress) {
        List<String> missing = new ArrayList<>();
        if (files.weights().isEmpty()) {
            missing.add("model.onnx");
        }
        for (String name : REQUIRED) {
            if (!files.has(name)) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            throw new ModelLoadException(
                    files.description()
                            + " is no complete model: no "
                            + String.join(", ", missing));
        }
        try {
            return OnnxModel.open(id, files, options, progress);
        } catch (NoClassDefFoundError | UnsatisfiedLinkError e) {
            throw new ModelLoadException(
                    "running "
                            + files.description()
                            + " needs com.microsoft.onnxruntime:onnxruntime and"
                            + " ai.djl.huggingface:tokenizers on the class path, with native parts for"
                            + " this machine: "
                            + e.getMessage(),
                    e);
        }
    }
}
