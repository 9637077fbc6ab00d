package dev.keyhole.provider;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.message.Response.CompletionStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Packs the events of one run into messages: one for each token, and a last one with all that ends
 * the run ({@code docs/protocol.md}, "Completions").
 */
final class CompletionMessages {

    private final boolean streamed;
    private final StringBuilder text = new StringBuilder();

    private List<CompletionEvent> held = new ArrayList<>();
    private long seq;
    private boolean done;

    /**
     * @param streamed whether the consumer wants messages before the last
     */
    CompletionMessages(boolean streamed) {
        this.streamed = streamed;
    }

    /** The messages that an event completes. */
    List<CompletionStream> add(CompletionEvent event) {
        List<CompletionStream> messages = new ArrayList<>(2);
        boolean raw = event instanceof CompletionEvent.RawDelta;
        boolean last = event instanceof CompletionEvent.Done;
        boolean stats = event instanceof CompletionEvent.Stats;
        if (streamed && (raw || stats) && !held.isEmpty()) {
            messages.add(take(false));
        }
        if (event instanceof CompletionEvent.Text piece) {
            text.append(piece.text());
        }
        held.add(event);
        seq = event.seq() + 1;
        if (last) {
            done = true;
            messages.add(take(true));
        } else if (streamed && !raw && !stats) {
            messages.add(take(false));
        }
        return messages;
    }

    /** The last message of a run that was cut off before it could say so; none if it did. */
    List<CompletionStream> cancelled() {
        if (done) {
            return List.of();
        }
        return add(new CompletionEvent.Done(seq, StopReason.CANCELLED, null, text.toString()));
    }

    private CompletionStream take(boolean last) {
        CompletionStream message = new CompletionStream(last, held);
        held = new ArrayList<>();
        return message;
    }
}
