package dev.keyhole.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where an engine puts the events of a run.
 *
 * <p>The sink numbers the events. One thread at a time may call it; after {@link #done} or
 * {@link #fail} it ignores everything, so an engine need not look whether somebody else ended the
 * run.
 */
public interface CompletionSink {

    void text(String text);

    void thinking(String text);

    void rawDelta(String text);

    void toolCall(String id, String name, Map<String, Object> arguments, @Nullable String raw);

    void toolError(CompletionEvent.ToolErrorCode code, String message, @Nullable String raw);

    void stats(CompletionStats stats);

    /** Says who answers, when that is not this machine; before the first event. */
    void servedBy(ServedBy servedBy);

    /** Ends the run. The full text is what came with {@link #text}. */
    void done(@Nullable StopReason reason);

    /** Ends the run with a full text that is not simply the sum of its pieces. */
    void done(@Nullable StopReason reason, String fullText);

    void fail(DelegationException error);

    /** Whether the run was cancelled: the engine stops and says {@link #done}. */
    boolean cancelled();

    /** Runs once, on the canceller's thread, when the run is cancelled; at once if it already was. */
    void onCancel(Runnable action);
}
