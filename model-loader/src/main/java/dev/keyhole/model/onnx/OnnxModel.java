package dev.keyhole.model.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.generate.RunQueue;
import dev.keyhole.model.source.ModelDigest;
import dev.keyhole.model.source.ModelFiles;
import dev.keyhole.model.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A language model in memory: one run at a time, the others wait their turn. */
final class OnnxModel implements Model {

    /** Below this, threads cost more than they help. */
    private static final long SMALL_BYTES = 32 * 1024 * 1024;

    private final String id;
    private final String digest;
    private final Parts parts;
    private final RunQueue queue;
    private final AtomicReference<@Nullable Generation> running = new AtomicReference<>();

    /** What all runs share. */
    record Parts(
            String modelId,
            OrtEnvironment environment,
            OrtSession session,
            DecoderLayout layout,
            Tokenizer tokenizer,
            ModelSettings settings,
            int contextSize,
            EngineOptions options) {}

    private OnnxModel(String digest, Parts parts) {
        this.id = parts.modelId();
        this.digest = digest;
        this.parts = parts;
        this.queue = new RunQueue(id, parts.options().queue(), this::release);
    }

    static OnnxModel open(
            String id, ModelFiles files, EngineOptions options, Consumer<LoadProgress> progress) {
        try {
            String weights = files.weights().orElseThrow();
            List<String> names = new ArrayList<>(ModelSettings.FILES);
            names.addAll(List.of(weights, weights + "_data", weights + ".data"));
            String digest = ModelDigest.of(files, names, id, progress);
            ModelSettings settings = ModelSettings.read(files);
            return new OnnxModel(digest, parts(id, files, weights, settings, options));
        } catch (IOException | OrtException e) {
            throw new ModelLoadException(
                    files.description() + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Parts parts(
            String id,
            ModelFiles files,
            String weights,
            ModelSettings settings,
            EngineOptions options)
            throws IOException, OrtException {
        OrtEnvironment environment =
                OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "keyhole");
        OrtSession session = session(environment, files, weights, options);
        try (InputStream json = files.open(ModelSettings.TOKENIZER)) {
            DecoderLayout layout = DecoderLayout.of(session, settings);
            int context =
                    Math.min(
                            settings.contextSize(),
                            options.contextSize().orElse(settings.contextSize()));
            Tokenizer tokenizer = DjlTokenizer.read(json);
            return new Parts(
                    id, environment, session, layout, tokenizer, settings, context, options);
        } catch (IOException | OrtException | RuntimeException | LinkageError e) {
            session.close();
            throw e;
        }
    }

    private static OrtSession session(
            OrtEnvironment environment, ModelFiles files, String weights, EngineOptions options)
            throws IOException, OrtException {
        try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
            settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            boolean small = files.size(weights) < SMALL_BYTES;
            if (options.threads().isPresent() || small) {
                settings.setIntraOpNumThreads(options.threads().orElse(1));
            }
            Optional<Path> path = files.path(weights);
            if (path.isPresent()) {
                return environment.createSession(path.get().toString(), settings);
            }
            try (InputStream in = files.open(weights)) {
                return environment.createSession(in.readAllBytes(), settings);
            }
        }
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Set<Operation> operations() {
        return Set.of(Operation.COMPLETION);
    }

    @Override
    public Optional<String> digest() {
        return Optional.of(digest);
    }

    @Override
    public OptionalInt contextSize() {
        return OptionalInt.of(parts.contextSize());
    }

    @Override
    public Completion completion(CompletionRequest request) {
        return Completion.of(
                sink -> {
                    Generation generation = new Generation(parts, request, sink, System::nanoTime);
                    queue.submit(sink, () -> run(generation));
                });
    }

    @Override
    public Mono<Void> unload() {
        return Mono.defer(
                () ->
                        queue.close(
                                () -> {
                                    Generation generation = running.get();
                                    if (generation != null) {
                                        generation.stop();
                                    }
                                }));
    }

    @Override
    public void close() {
        Mono<Void> unloaded = unload();
        if (queue.isInRun()) {
            unloaded.subscribe();
        } else {
            unloaded.block();
        }
    }

    Parts parts() {
        return parts;
    }

    private void run(Generation generation) {
        running.set(generation);
        if (queue.isClosed()) {
            generation.stop();
        }
        try {
            generation.run();
        } finally {
            running.set(null);
        }
    }

    private void release() {
        try {
            parts.session().close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime could not close a session", e);
        } finally {
            parts.tokenizer().close();
        }
    }
}
