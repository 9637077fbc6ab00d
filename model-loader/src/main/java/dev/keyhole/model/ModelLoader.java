package dev.keyhole.model;

import dev.keyhole.model.source.ModelFiles;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/** Turns sources into models, with whichever engine of this program reads them. */
public final class ModelLoader {

    private ModelLoader() {}

    public static Mono<Model> load(ModelSource source) {
        return load(source, EngineOptions.defaults(), progress -> {});
    }

    public static Mono<Model> load(ModelSource source, EngineOptions options) {
        return load(source, options, progress -> {});
    }

    /**
     * Loads on a worker thread, once for each subscription. A load that is cancelled ends soon, and
     * leaves nothing in memory.
     *
     * @param progress hears of every step, on the worker thread
     */
    public static Mono<Model> load(
            ModelSource source, EngineOptions options, Consumer<LoadProgress> progress) {
        return Mono.create(
                sink -> {
                    Loading loading = new Loading(sink, progress);
                    sink.onCancel(loading::abandon);
                    Schedulers.boundedElastic()
                            .schedule(
                                    () -> loading.run(() -> open(source, options, loading::hear)));
                });
    }

    private static Model open(
            ModelSource source, EngineOptions options, Consumer<LoadProgress> progress) {
        ModelFiles files = ModelFiles.of(source);
        String id = options.modelId().orElse(source.name());
        for (Engine engine : ServiceLoader.load(Engine.class, Engine.class.getClassLoader())) {
            if (engine.reads(files)) {
                return engine.open(id, files, options, progress);
            }
        }
        throw new ModelLoadException("no engine of this program reads " + files.description());
    }

    /** One load, which its subscriber may lose interest in. */
    private static final class Loading {

        private final MonoSink<Model> sink;
        private final Consumer<LoadProgress> progress;
        private final AtomicBoolean abandoned = new AtomicBoolean();

        Loading(MonoSink<Model> sink, Consumer<LoadProgress> progress) {
            this.sink = sink;
            this.progress = progress;
        }

        void abandon() {
            abandoned.set(true);
        }

        void hear(LoadProgress step) {
            if (abandoned.get()) {
                throw new ModelLoadException("loading " + step.key() + " was given up");
            }
            progress.accept(step);
        }

        void run(Supplier<Model> load) {
            try {
                Model model = load.get();
                if (abandoned.get()) {
                    model.close();
                } else {
                    sink.success(model);
                }
            } catch (RuntimeException e) {
                sink.error(e);
            }
        }
    }
}
