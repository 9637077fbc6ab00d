package dev.keyhole.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StreamingDecoderTest {

    /** A tokenizer in which each byte is a token, and 300 is special. */
    private static final class BytesTokenizer implements Tokenizer {

        @Override
        public int[] encode(String text) {
            byte[] bytes = text.getBytes(UTF_8);
            int[] tokens = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                tokens[i] = bytes[i] & 0xff;
            }
            return tokens;
        }

        @Override
        public String decode(long[] tokens) {
            byte[] bytes = new byte[tokens.length];
            int size = 0;
            for (long token : tokens) {
                if (token < 256) {
                    bytes[size++] = (byte) token;
                }
            }
            return new String(bytes, 0, size, UTF_8);
        }

        @Override
        public void close() {}
    }

    private final BytesTokenizer bytes = new BytesTokenizer();
    private final StreamingDecoder decoder = new StreamingDecoder(bytes);

    @Test
    void aCharacterIsNeverSplit() {
        String text = "naïve café 😀👩‍🚀 日本語 end";
        List<String> pieces = new ArrayList<>();
        for (int token : bytes.encode(text)) {
            pieces.add(decoder.accept(token));
        }

        assertThat(String.join("", pieces) + decoder.rest()).isEqualTo(text);
        assertThat(pieces).noneMatch(piece -> piece.contains("\uFFFD"));
        assertThat(pieces).contains("😀", "日", "");
    }

    @Test
    void halfACharacterAtTheEndIsShownAsWhatItIs() {
        assertThat(decoder.accept('a')).isEqualTo("a");
        assertThat(decoder.accept(0xc3)).isEmpty();

        assertThat(decoder.rest()).isEqualTo("\uFFFD");
        assertThat(decoder.rest()).isEmpty();
    }

    @Test
    void bytesThatAreNoTextAreNotHeldForEver() {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            shown.append(decoder.accept(0xff));
        }

        assertThat(shown.length()).isGreaterThan(900);
    }

    @Test
    void specialTokensAddNothing() {
        assertThat(decoder.accept('a')).isEqualTo("a");
        assertThat(decoder.accept(300)).isEmpty();
        assertThat(decoder.accept('b')).isEqualTo("b");
        assertThat(decoder.rest()).isEmpty();
    }
}
