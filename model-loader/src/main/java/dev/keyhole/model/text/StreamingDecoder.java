package dev.keyhole.model.text;

import java.util.Arrays;

/**
 * Tokens to text while they come.
 *
 * <p>A token may hold a part of a character, and how a token reads may depend on the one before it.
 * So a piece of text is what a token adds to the text of its neighbours, and it is held back while
 * it ends in the middle of a character.
 */
public final class StreamingDecoder {

    private static final char REPLACEMENT = '\uFFFD';

    /** More tokens than any character has bytes: what is not a character by then never will be. */
    private static final int MAX_HELD_TOKENS = 8;

    private final Tokenizer tokenizer;
    private long[] window = new long[2 * MAX_HELD_TOKENS];
    private int size;
    private int shown;

    public StreamingDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** The text that this token completes; often empty. */
    public String accept(int token) {
        if (size == window.length) {
            window = Arrays.copyOf(window, 2 * size);
        }
        window[size++] = token;
        String before = tokenizer.decode(Arrays.copyOf(window, shown));
        String with = tokenizer.decode(Arrays.copyOf(window, size));
        boolean whole = !with.isEmpty() && with.charAt(with.length() - 1) != REPLACEMENT;
        boolean tooLong = size - shown > MAX_HELD_TOKENS;
        if (!whole && !tooLong || with.length() <= before.length()) {
            return "";
        }
        String piece = with.substring(before.length());
        window = Arrays.copyOfRange(window, shown, Math.max(size, shown + 2 * MAX_HELD_TOKENS));
        size -= shown;
        shown = size;
        return piece;
    }

    /** What was held back, when no more tokens come. */
    public String rest() {
        String before = tokenizer.decode(Arrays.copyOf(window, shown));
        String with = tokenizer.decode(Arrays.copyOf(window, size));
        shown = size;
        return with.length() > before.length() ? with.substring(before.length()) : "";
    }
}
