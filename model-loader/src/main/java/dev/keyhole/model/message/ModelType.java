package dev.keyhole.model.message;

import java.util.Optional;

/** The kinds of model that have a fixed name on the wire. All other names are free. */
public enum ModelType {
    COMPLETION("llamacpp-completion", "llm"),
    EMBEDDING("llamacpp-embedding", "embeddings"),
    WHISPER("whispercpp-transcription", "whisper"),
    PARAKEET("parakeet-transcription", "parakeet"),
    BCI("bci-whispercpp-transcription", "bci"),
    TRANSLATION("nmtcpp-translation", "nmt"),
    TEXT_TO_SPEECH("tts-ggml", "tts"),
    OCR("ggml-ocr", "ocr"),
    DIFFUSION("sdcpp-generation", "diffusion"),
    VLA("ggml-vla", "vla"),
    CLASSIFICATION("ggml-classification", "classification");

    /** A name that is kept for later and refused until then. */
    static final String RESERVED = "onnx-tts";

    private final String wireName;
    private final String alias;

    ModelType(String wireName, String alias) {
        this.wireName = wireName;
        this.alias = alias;
    }

    public String wireName() {
        return wireName;
    }

    /** The short name, which people may use and the wire may not. */
    public String alias() {
        return alias;
    }

    public static Optional<ModelType> ofWireName(String name) {
        for (ModelType type : values()) {
            if (type.wireName.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    public static Optional<ModelType> ofAlias(String name) {
        for (ModelType type : values()) {
            if (type.alias.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** What a person calls a kind of model, as the wire calls it. */
    public static String canonical(String name) {
        return ofAlias(name).map(ModelType::wireName).orElse(name);
    }
}
