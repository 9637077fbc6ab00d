package dev.keyhole.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that waits for its next turn.
 *
 * @param captureThinking tell the model's reasoning apart from its answer
 * @param emitRawDeltas also deliver each piece of text as the model wrote it
 * @param responseFormat what shape the answer must have; null is the same as plain text
 * @param requestId the caller's name for the run; null lets a delegating model choose one
 * @param contextSize how many tokens prompt and answer may have together, where that is to be fewer
 *     than the model could look at; null for all of them
 */
public record CompletionRequest(
        List<ChatMessage> history,
        GenerationParams params,
        boolean captureThinking,
        boolean emitRawDeltas,
        List<Tool> tools,
        @Nullable ResponseFormat responseFormat,
        @Nullable String requestId,
        @Nullable Integer contextSize) {

    public CompletionRequest {
        history = List.copyOf(history);
        tools = List.copyOf(tools);
    }

    public static CompletionRequest of(List<ChatMessage> history) {
        return new CompletionRequest(
                history, GenerationParams.defaults(), false, false, List.of(), null, null, null);
    }

    /** A conversation of one question. */
    public static CompletionRequest user(String content) {
        return of(List.of(ChatMessage.user(content)));
    }

    /** The same conversation with one more turn. */
    public CompletionRequest withMessage(ChatMessage message) {
        List<ChatMessage> longer = new ArrayList<>(history);
        longer.add(message);
        return new CompletionRequest(
                longer,
                params,
                captureThinking,
                emitRawDeltas,
                tools,
                responseFormat,
                requestId,
                contextSize);
    }

    /** The same conversation that begins with instructions to the model. */
    public CompletionRequest withSystem(String content) {
        List<ChatMessage> longer = new ArrayList<>();
        longer.add(ChatMessage.system(content));
        longer.addAll(history);
        return new CompletionRequest(
                longer,
                params,
                captureThinking,
                emitRawDeltas,
                tools,
                responseFormat,
                requestId,
                contextSize);
    }

    public CompletionRequest withParams(GenerationParams value) {
        return new CompletionRequest(
                history,
                value,
                captureThinking,
                emitRawDeltas,
                tools,
                responseFormat,
                requestId,
                contextSize);
    }

    public CompletionRequest withCaptureThinking(boolean value) {
        return new CompletionRequest(
                history,
                params,
                value,
                emitRawDeltas,
                tools,
                responseFormat,
                requestId,
                contextSize);
    }

    public CompletionRequest withRawDeltas(boolean value) {
        return new CompletionRequest(
                history,
                params,
                captureThinking,
                value,
                tools,
                responseFormat,
                requestId,
                contextSize);
    }

    public CompletionRequest withTools(List<Tool> value) {
        return new CompletionRequest(
                history,
                params,
                captureThinking,
                emitRawDeltas,
                value,
                responseFormat,
                requestId,
                contextSize);
    }

    public CompletionRequest withResponseFormat(ResponseFormat value) {
        return new CompletionRequest(
                history,
                params,
                captureThinking,
                emitRawDeltas,
                tools,
                value,
                requestId,
                contextSize);
    }

    public CompletionRequest withRequestId(String value) {
        return new CompletionRequest(
                history,
                params,
                captureThinking,
                emitRawDeltas,
                tools,
                responseFormat,
                value,
                contextSize);
    }

    /** The same with less room than the model has. */
    public CompletionRequest withContextSize(int tokens) {
        return new CompletionRequest(
                history,
                params,
                captureThinking,
                emitRawDeltas,
                tools,
                responseFormat,
                requestId,
                tokens);
    }

    /** Says how much there is, and nothing of what was said. */
    @Override
    public String toString() {
        return "CompletionRequest[" + history.size() + " messages, " + params + "]";
    }
}
