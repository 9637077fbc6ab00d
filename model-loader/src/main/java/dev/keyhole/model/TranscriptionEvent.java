package dev.keyhole.model;

/** One piece of what was said. */
public sealed interface TranscriptionEvent {

    String text();

    record Text(String text) implements TranscriptionEvent {}

    /**
     * Text with the time it was said at.
     *
     * @param append whether the text goes on the line of the segment before it
     */
    record Segment(String text, double startMillis, double endMillis, boolean append, long id)
            implements TranscriptionEvent {}
}
