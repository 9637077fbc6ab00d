package dev.keyhole.provider;

import dev.keyhole.model.GenerationParams;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's right to use a model, under the id that it was told.
 *
 * <p>What the consumer configured belongs to its claim; the loaded model behind it is shared.
 *
 * @param params what applies where a request says nothing
 * @param systemPrompt for conversations that do not begin with instructions
 */
record Claim(
        PublicKey peer,
        String modelId,
        ServedModel served,
        String modelType,
        GenerationParams params,
        @Nullable String systemPrompt,
        Instant since) {

    /** Says nothing of what the consumer instructs the model to be. */
    @Override
    public String toString() {
        return "Claim[" + peer + ", " + modelId + ", " + served.name() + "]";
    }
}
