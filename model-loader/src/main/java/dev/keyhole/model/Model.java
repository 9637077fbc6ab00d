package dev.keyhole.model;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A loaded model, on this machine or on somebody else's.
 *
 * <p>Operations that the model does not offer fail with {@link OperationNotSupportedException} where
 * their answer is awaited. All methods may be called from any thread.
 */
public interface Model extends AutoCloseable {

    /** What requests call this model. */
    String id();

    /** What the model can be asked. */
    Set<Operation> operations();

    /** SHA-256 over the model's files as lower-case hex, where the engine knows it. */
    default Optional<String> digest() {
        return Optional.empty();
    }

    /** How many tokens prompt and answer may have together, where the engine knows it. */
    default OptionalInt contextSize() {
        return OptionalInt.empty();
    }

    /** A run that starts when somebody subscribes to one of its views. */
    default Completion completion(CompletionRequest request) {
        return Completion.of(sink -> sink.fail(unsupported(Operation.COMPLETION)));
    }

    /** One vector for each text of the request, in order. */
    default Mono<Embeddings> embed(EmbedRequest request) {
        return Mono.error(() -> unsupported(Operation.EMBED));
    }

    /** What was said in a recording, piece by piece. */
    default Flux<TranscriptionEvent> transcribe(TranscribeRequest request) {
        return Flux.error(() -> unsupported(Operation.TRANSCRIBE));
    }

    /** The translation, piece by piece; several texts are divided by a piece that is a line feed. */
    default Flux<TranslationToken> translate(TranslateRequest request) {
        return Flux.error(() -> unsupported(Operation.TRANSLATE));
    }

    /** Stops what runs and gives the model's memory back; completes when that is done. */
    Mono<Void> unload();

    /** The same as {@link #unload}, and waits for it. Harmless when repeated. */
    @Override
    void close();

    private OperationNotSupportedException unsupported(Operation operation) {
        return new OperationNotSupportedException(id(), operation, operations());
    }
}
