package dev.keyhole.model.text;

/** Text as the numbers that a model knows. */
public interface Tokenizer extends AutoCloseable {

    /** The tokens of a text, in which special tokens are understood and none are added. */
    int[] encode(String text);

    /** The text of some tokens, without the special ones. */
    String decode(long[] tokens);

    @Override
    void close();
}
