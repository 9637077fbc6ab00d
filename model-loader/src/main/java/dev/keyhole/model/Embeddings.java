package dev.keyhole.model;

import java.util.List;

/** The vectors of an {@link EmbedRequest}, in its order. */
public record Embeddings(List<Embedding> vectors) {

    public Embeddings {
        vectors = List.copyOf(vectors);
    }
}
