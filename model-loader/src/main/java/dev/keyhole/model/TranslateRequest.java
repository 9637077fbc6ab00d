package dev.keyhole.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts to be put into another language.
 *
 * @param from language code; null lets the model guess, or use that of its load
 * @param to language code; null uses that of the load
 * @param context what the texts are about
 */
public record TranslateRequest(
        List<String> texts,
        @Nullable String from,
        @Nullable String to,
        @Nullable String context,
        @Nullable String requestId) {

    public TranslateRequest {
        texts = List.copyOf(texts);
    }

    public static TranslateRequest of(String text) {
        return new TranslateRequest(List.of(text), null, null, null, null);
    }

    public TranslateRequest withFrom(String language) {
        return new TranslateRequest(texts, language, to, context, requestId);
    }

    public TranslateRequest withTo(String language) {
        return new TranslateRequest(texts, from, language, context, requestId);
    }

    @Override
    public String toString() {
        return "TranslateRequest[" + texts.size() + " texts, " + from + " to " + to + "]";
    }
}
