package dev.keyhole.model.onnx;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The tokenizers of Hugging Face, in the packaging of DJL, which is told to stay off the network. */
final class DjlTokenizer implements Tokenizer {

    private final HuggingFaceTokenizer tokenizer;

    private DjlTokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    static Tokenizer read(InputStream json) throws IOException {
        setUnlessSet("ai.djl.offline");
        setUnlessSet("OPT_OUT_TRACKING");
        Map<String, String> options =
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
        try {
            return new DjlTokenizer(HuggingFaceTokenizer.newInstance(json, options));
        } catch (RuntimeException e) { // what DJL throws at a file that it does not understand
            throw new ModelLoadException(
                    ModelSettings.TOKENIZER + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void setUnlessSet(String property) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, "true");
        }
    }

    @Override
    public int[] encode(String text) {
        long[] ids = tokenizer.encode(text, false, false).getIds();
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = (int) ids[i];
        }
        return tokens;
    }

    @Override
    public String decode(long[] tokens) {
        return tokens.length == 0 ? "" : tokenizer.decode(tokens, true);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
