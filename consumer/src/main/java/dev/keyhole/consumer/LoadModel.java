package dev.keyhole.consumer;

import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.message.ModelType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which model is wanted, and where it is to run. */
public final class LoadModel {

    private final String modelSrc;
    private final String modelType;
    private final Map<String, Object> modelConfig;
    private final @Nullable Delegate delegate;
    private final @Nullable ModelSource localSource;
    private final @Nullable Consumer<LoadProgress> progress;

    private LoadModel(
            String modelSrc,
            String modelType,
            Map<String, Object> modelConfig,
            @Nullable Delegate delegate,
            @Nullable ModelSource localSource,
            @Nullable Consumer<LoadProgress> progress) {
        this.modelSrc = modelSrc;
        this.modelType = modelType;
        this.modelConfig = modelConfig;
        this.delegate = delegate;
        this.localSource = localSource;
        this.progress = progress;
    }

    /**
     * A language model.
     *
     * @param modelSrc at a provider, the name or alias under which its owner offers the model; on
     *     this machine, what {@link ModelSource#parse} takes
     */
    public static LoadModel of(String modelSrc) {
        if (modelSrc.isBlank()) {
            throw new IllegalArgumentException("a model source cannot be empty");
        }
        return new LoadModel(modelSrc, ModelType.COMPLETION.wireName(), Map.of(), null, null, null);
    }

    /** What kind of engine the model needs, where that is not text generation. */
    public LoadModel withModelType(ModelType value) {
        return withModelType(value.wireName());
    }

    /** The kind of engine by its name on the wire or its alias; unknown names are the provider's own. */
    public LoadModel withModelType(String value) {
        String type = ModelType.canonical(value);
        return new LoadModel(modelSrc, type, modelConfig, delegate, localSource, progress);
    }

    /** Settings of the engine, by the names of the QVAC API; only what is given is sent. */
    public LoadModel withModelConfig(Map<String, ?> value) {
        Map<String, Object> copy = Collections.unmodifiableMap(new LinkedHashMap<>(value));
        return new LoadModel(modelSrc, modelType, copy, delegate, localSource, progress);
    }

    /** Runs the model at a provider. Without a delegate it runs here. */
    public LoadModel withDelegate(Delegate value) {
        return new LoadModel(modelSrc, modelType, modelConfig, value, localSource, progress);
    }

    /** What to load on this machine, where that is not the same as what the provider is asked for. */
    public LoadModel withLocalSource(ModelSource value) {
        return new LoadModel(modelSrc, modelType, modelConfig, delegate, value, progress);
    }

    /** Who is told how far the load has come; called on a thread that must not be blocked. */
    public LoadModel withProgress(Consumer<LoadProgress> value) {
        return new LoadModel(modelSrc, modelType, modelConfig, delegate, localSource, value);
    }

    public String modelSrc() {
        return modelSrc;
    }

    /** The kind of engine, by its name on the wire. */
    public String modelType() {
        return modelType;
    }

    public Map<String, Object> modelConfig() {
        return modelConfig;
    }

    public Optional<Delegate> delegate() {
        return Optional.ofNullable(delegate);
    }

    /** What to load when the model runs on this machine. */
    public ModelSource localSource() {
        return localSource != null ? localSource : ModelSource.parse(modelSrc);
    }

    Consumer<LoadProgress> progress() {
        return progress == null ? step -> {} : progress;
    }

    /** Whether somebody wants to be told how far the load has come. */
    boolean isWatched() {
        return progress != null;
    }

    @Override
    public String toString() {
        return "LoadModel[" + modelSrc + ", " + modelType + ", " + delegate + "]";
    }
}
