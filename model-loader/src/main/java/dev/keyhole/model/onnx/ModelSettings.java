package dev.keyhole.model.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.source.ModelFiles;
import dev.keyhole.model.text.ChatTemplate;
import dev.keyhole.model.text.TemplateException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the JSON files beside the weights say.
 *
 * @param contextSize how many tokens the model was made for
 * @param keyValueHeads how many heads the cache has, 0 when not said
 * @param headSize how long their vectors are, 0 when not said
 * @param endTokens tokens that end an answer
 * @param params how the model's makers would have it sampled
 * @param template how a conversation reads, where the model was made for conversations
 * @param specialTexts the names that templates know special tokens by
 */
record ModelSettings(
        int contextSize,
        int keyValueHeads,
        int headSize,
        Set<Integer> endTokens,
        GenerationParams params,
        @Nullable ChatTemplate template,
        Map<String, String> specialTexts) {

    static final String CONFIG = "config.json";
    static final String GENERATION_CONFIG = "generation_config.json";
    static final String TOKENIZER = "tokenizer.json";
    static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    static final String CHAT_TEMPLATE = "chat_template.jinja";

    static final List<String> FILES =
            List.of(CONFIG, GENERATION_CONFIG, TOKENIZER, TOKENIZER_CONFIG, CHAT_TEMPLATE);

    private static final int DEFAULT_CONTEXT = 2048;

    /** Configurations are small; one that is not is not a configuration. */
    private static final int MAX_JSON_BYTES = 64 * 1024 * 1024;

    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "pad_token", "unk_token");

    static ModelSettings read(ModelFiles files) throws IOException {
        JsonNode config = json(files, CONFIG);
        JsonNode generation = json(files, GENERATION_CONFIG);
        JsonNode tokenizer = json(files, TOKENIZER_CONFIG);
        JsonNode text = config.has("text_config") ? config.path("text_config") : config;
        int heads = firstInt(text, "num_attention_heads", "n_head", "num_heads");
        int hidden = firstInt(text, "hidden_size", "n_embd", "d_model");
        int headSize = firstInt(text, "head_dim");
        int keyValueHeads = firstInt(text, "num_key_value_heads");
        int context =
                firstInt(
                        text,
                        "max_position_embeddings",
                        "n_positions",
                        "n_ctx",
                        "max_seq_len",
                        "max_sequence_length");
        return new ModelSettings(
                context > 0 ? context : DEFAULT_CONTEXT,
                keyValueHeads > 0 ? keyValueHeads : heads,
                headSize > 0 || heads == 0 ? headSize : hidden / heads,
                endTokens(config, generation, tokenizer, files),
                params(generation),
                template(files, tokenizer).orElse(null),
                specialTexts(tokenizer));
    }

    private static JsonNode json(ModelFiles files, String name) throws IOException {
        if (!files.has(name)) {
            return MissingNode.getInstance();
        }
        try {
            return new ObjectMapper().readTree(text(files, name));
        } catch (JsonProcessingException e) {
            throw new ModelLoadException(
                    name + " of " + files.description() + " is not JSON: " + e.getOriginalMessage(),
                    e);
        }
    }

    private static String text(ModelFiles files, String name) throws IOException {
        try (InputStream in = files.open(name)) {
            byte[] bytes = in.readNBytes(MAX_JSON_BYTES + 1);
            if (bytes.length > MAX_JSON_BYTES) {
                throw new ModelLoadException(
                        name
                                + " of "
                                + files.description()
                                + " has more than "
                                + MAX_JSON_BYTES
                                + " bytes, the limit");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private static int firstInt(JsonNode node, String... names) {
        for (String name : names) {
            if (node.path(name).isInt()) {
                return node.path(name).intValue();
            }
        }
        return 0;
    }

    private static Set<Integer> endTokens(
            JsonNode config, JsonNode generation, JsonNode tokenizer, ModelFiles files)
            throws IOException {
        Set<Integer> tokens = new LinkedHashSet<>();
        for (JsonNode source : List.of(generation, config)) {
            JsonNode eos = source.path("eos_token_id");
            if (eos.isInt()) {
                tokens.add(eos.intValue());
            }
            eos.forEach(token -> tokens.add(token.intValue()));
        }
        String eosText = specialText(tokenizer.path("eos_token"));
        if (eosText != null) {
            for (JsonNode added : json(files, TOKENIZER).path("added_tokens")) {
                if (added.path("content").asText().equals(eosText)) {
                    tokens.add(added.path("id").intValue());
                }
            }
        }
        return tokens;
    }

    private static GenerationParams params(JsonNode generation) {
        boolean sample = generation.path("do_sample").asBoolean(false);
        GenerationParams params = GenerationParams.defaults();
        params = params.withTemp(sample ? generation.path("temperature").asDouble(1) : 0);
        if (generation.path("top_k").isInt()) {
            params = params.withTopK(generation.path("top_k").intValue());
        }
        if (generation.path("top_p").isNumber()) {
            params = params.withTopP(generation.path("top_p").doubleValue());
        }
        if (generation.path("repetition_penalty").isNumber()) {
            params = params.withRepeatPenalty(generation.path("repetition_penalty").doubleValue());
        }
        if (generation.path("max_new_tokens").isInt()) {
            params = params.withPredict(generation.path("max_new_tokens").intValue());
        }
        return params;
    }

    private static Optional<ChatTemplate> template(ModelFiles files, JsonNode tokenizer)
            throws IOException {
        String source = templateText(files, tokenizer);
        if (source == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ChatTemplate.parse(source));
        } catch (TemplateException e) {
            throw new ModelLoadException(files.description() + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable String templateText(ModelFiles files, JsonNode tokenizer)
            throws IOException {
        if (files.has(CHAT_TEMPLATE)) {
            return text(files, CHAT_TEMPLATE);
        }
        JsonNode template = tokenizer.path("chat_template");
        if (template.isTextual()) {
            return template.textValue();
        }
        for (JsonNode named : template) {
            if (named.path("name").asText().equals("default")) {
                return named.path("template").textValue();
            }
        }
        return null;
    }

    private static Map<String, String> specialTexts(JsonNode tokenizer) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name : SPECIAL_TOKENS) {
            String text = specialText(tokenizer.path(name));
            if (text != null) {
                texts.put(name, text);
            }
        }
        return texts;
    }

    /** A special token is written as its text, or as an object that has it. */
    private static @Nullable String specialText(JsonNode token) {
        return token.isTextual() ? token.textValue() : token.path("content").textValue();
    }
}
