package dev.keyhole.model;

import java.util.function.Consumer;

/**
 * Something that runs models. Engines are found with {@link java.util.ServiceLoader}, so that a
 * program carries only those that it wants.
 */
public interface Engine {

    /** Whether this engine is the one for a source; looks at files, opens nothing. */
    boolean reads(ModelSource source);

    /**
     * Opens a model, blocking.
     *
     * @throws ModelLoadException says what is missing or wrong
     */
    Model open(ModelSource source, EngineOptions options, Consumer<LoadProgress> progress);
}
