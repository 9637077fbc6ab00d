package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.ModelSource;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class DecoderTest {

    private static final OnnxModel MODEL =
            (OnnxModel) ModelLoader.load(ModelSource.embedded("tiny-chat")).block();
    private static final OnnxModel.Parts PARTS = MODEL.parts();
    private static final int[] TOKENS =
            PARTS.tokenizer()
                    .encode(
                            "<|im_start|>user\nWhat is Keyhole?<|im_end|>\n<|im_start|>assistant\n");

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @Test
    void goingOnFromTheCacheIsTheSameAsStartingAgain() throws Exception {
        try (OrtSession.RunOptions options = new OrtSession.RunOptions();
                Decoder cached = decoder(options)) {
            for (int length = 1; length <= TOKENS.length; length++) {
                float[] next = cached.feed(new int[] {TOKENS[length - 1]});
                try (Decoder anew = decoder(options)) {
                    float[] expected = anew.feed(Arrays.copyOf(TOKENS, length));

                    assertThat(next).containsExactly(expected, within(1e-3f));
                }
                assertThat(cached.length()).isEqualTo(length);
            }
        }
    }

    @Test
    void aPromptInPiecesIsTheSameAsAWholeOne() throws Exception {
        try (OrtSession.RunOptions options = new OrtSession.RunOptions();
                Decoder whole = decoder(options);
                Decoder pieces = decoder(options)) {
            float[] expected = whole.feed(TOKENS);

            pieces.feed(Arrays.copyOf(TOKENS, 5));
            float[] actual = pieces.feed(Arrays.copyOfRange(TOKENS, 5, TOKENS.length));

            assertThat(actual).containsExactly(expected, within(1e-3f));
        }
    }

    @Test
    void nothingIsHeldAfterTheEnd() throws Exception {
        try (OrtSession.RunOptions options = new OrtSession.RunOptions()) {
            Decoder decoder = decoder(options);
            decoder.feed(TOKENS);
            assertThat(decoder.heldTensors()).isEqualTo(PARTS.layout().cache().size()).isPositive();

            decoder.close();

            assertThat(decoder.heldTensors()).isZero();
        }
    }

    @Test
    void aStepThatIsToldToEndEndsAndHoldsNoMoreThanBefore() throws Exception {
        try (OrtSession.RunOptions options = new OrtSession.RunOptions();
                Decoder decoder = decoder(options)) {
            decoder.feed(Arrays.copyOf(TOKENS, 3));
            options.setTerminate(true);

            assertThatThrownBy(() -> decoder.feed(TOKENS)).isInstanceOf(OrtException.class);

            options.setTerminate(false);
            assertThat(decoder.feed(new int[] {TOKENS[3]})).isNotEmpty();
            assertThat(decoder.length()).isEqualTo(4);
        }
    }

    @Test
    void theTokenizerNeitherAddsNorCuts() {
        assertThat(PARTS.tokenizer().encode("")).isEmpty();
        assertThat(PARTS.tokenizer().encode("7 ".repeat(3000))).hasSizeGreaterThan(3000);
        assertThat(PARTS.tokenizer().encode("<|im_start|>")).containsExactly(1);

        String text = "naïve café 😀 日本語, 7 + 5 = 12\n";
        int[] tokens = PARTS.tokenizer().encode(text);
        assertThat(PARTS.tokenizer().decode(Arrays.stream(tokens).asLongStream().toArray()))
                .isEqualTo(text);
    }

    private static Decoder decoder(OrtSession.RunOptions options) throws OrtException {
        return new Decoder(
                PARTS.environment(), PARTS.session(), PARTS.layout(), PARTS.contextSize(), options);
    }
}
