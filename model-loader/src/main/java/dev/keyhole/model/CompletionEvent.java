package dev.keyhole.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One thing that happened in a run. Events are numbered from 0 without gaps. */
public sealed interface CompletionEvent {

    long seq();

    /** The next piece of the answer. */
    record Text(long seq, String text) implements CompletionEvent {}

    /** The next piece of the model's reasoning. */
    record Thinking(long seq, String text) implements CompletionEvent {}

    /** The next piece as the model wrote it; comes before what it was turned into. */
    record RawDelta(long seq, String text) implements CompletionEvent {}

    /** The model asks for a function to be called. */
    record ToolCall(
            long seq, String id, String name, Map<String, Object> arguments, @Nullable String raw)
            implements CompletionEvent {}

    /** The model asked for a call in a way that cannot be understood. */
    record ToolError(long seq, ToolErrorCode code, String message, @Nullable String raw)
            implements CompletionEvent {}

    /** What the run cost. */
    record Stats(long seq, CompletionStats stats) implements CompletionEvent {}

    /**
     * The last event of a run.
     *
     * @param reason null where the engine did not say
     * @param error what went wrong, with {@link StopReason#ERROR}
     * @param fullText everything the model wrote
     */
    record Done(long seq, @Nullable StopReason reason, @Nullable String error, String fullText)
            implements CompletionEvent {}

    /** What was wrong about a tool call. */
    enum ToolErrorCode {
        PARSE_ERROR,
        VALIDATION_ERROR,
        UNKNOWN_TOOL
    }
}
