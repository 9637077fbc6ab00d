package dev.keyhole.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Texts whose vectors are wanted; at least one, and none empty. */
public record EmbedRequest(List<String> texts, @Nullable String requestId) {

    public EmbedRequest {
        texts = List.copyOf(texts);
        if (texts.isEmpty() || texts.contains("")) {
            throw new IllegalArgumentException("embedding needs at least one text, none empty");
        }
    }

    public static EmbedRequest of(String... texts) {
        return new EmbedRequest(List.of(texts), null);
    }

    public static EmbedRequest of(List<String> texts) {
        return new EmbedRequest(texts, null);
    }

    @Override
    public String toString() {
        return "EmbedRequest[" + texts.size() + " texts]";
    }
}
