package dev.keyhole.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A recording whose words are wanted. The audio travels with the request. */
public final class TranscribeRequest {

    private final byte[] audio;
    private final @Nullable String prompt;
    private final boolean segments;
    private final @Nullable String requestId;

    private TranscribeRequest(
            byte[] audio, @Nullable String prompt, boolean segments, @Nullable String requestId) {
        this.audio = audio;
        this.prompt = prompt;
        this.segments = segments;
        this.requestId = requestId;
    }

    /** A whole audio file. */
    public static TranscribeRequest of(byte[] audio) {
        return new TranscribeRequest(audio.clone(), null, false, null);
    }

    /** Text that tells the model what to expect. */
    public TranscribeRequest withPrompt(String value) {
        return new TranscribeRequest(audio, value, segments, requestId);
    }

    /** Asks for times with the text. */
    public TranscribeRequest withSegments(boolean value) {
        return new TranscribeRequest(audio, prompt, value, requestId);
    }

    public TranscribeRequest withRequestId(String value) {
        return new TranscribeRequest(audio, prompt, segments, value);
    }

    public byte[] audio() {
        return audio.clone();
    }

    public Optional<String> prompt() {
        return Optional.ofNullable(prompt);
    }

    public boolean segments() {
        return segments;
    }

    public Optional<String> requestId() {
        return Optional.ofNullable(requestId);
    }

    @Override
    public String toString() {
        return "TranscribeRequest[" + audio.length + " bytes]";
    }
}
