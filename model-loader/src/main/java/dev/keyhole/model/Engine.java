package dev.keyhole.model;

import dev.keyhole.model.source.ModelFiles;
import java.util.function.Consumer;

/**
 * Something that runs models. Engines are found with {@link java.util.ServiceLoader}, so that a
 * program carries only those that it wants.
 */
public interface Engine {

    /** Whether these are the files of a model that this engine runs; looks at names only. */
    boolean reads(ModelFiles files);

    /**
     * Opens a model, blocking.
     *
     * @param id what requests will call the model
     * @throws ModelLoadException says what is missing or wrong
     */
    Model open(String id, ModelFiles files, EngineOptions options, Consumer<LoadProgress> progress);
}
