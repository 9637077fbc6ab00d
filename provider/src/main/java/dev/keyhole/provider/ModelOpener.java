package dev.keyhole.provider;

import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoader;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** Loads what the owner offers. */
@FunctionalInterface
public interface ModelOpener {

    /** With the engines of this program. */
    ModelOpener ENGINES =
            (served, progress) ->
                    ModelLoader.load(
                            served.source(), served.options().withModelId(served.name()), progress);

    /**
     * Loads when subscribed to, without blocking the subscriber.
     *
     * @param progress may hear of every step, on any thread
     */
    Mono<Model> open(ServedModel served, Consumer<LoadProgress> progress);
}
