package dev.keyhole.model;

import dev.keyhole.model.source.ModelFiles;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
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
     * Loads on a worker thread, once for each subscription. A model that nobody waits for any more
     * when it is ready is closed.
     *
     * @param progress hears of every step, on the worker thread
     */
    public static Mono<Model> load(
            ModelSource source, EngineOptions options, Consumer<LoadProgress> progress) {
        return Mono.fromCallable(() -> open(source, options, progress))
                .subscribeOn(Schedulers.boundedElastic())
                .doOnDiscard(Model.class, Model::close);
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
}
