package dev.keyhole.model.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.keyhole.model.BackendDevice;
import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.ResponseFormat;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.generate.Sampler;
import dev.keyhole.model.generate.SamplerSettings;
import dev.keyhole.model.generate.StopSequences;
import dev.keyhole.model.text.ChatTemplate;
import dev.keyhole.model.text.StreamingDecoder;
import dev.keyhole.model.text.TemplateException;
import java.security.SecureRandom;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One answer in the making. */
final class Generation {

    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final OnnxModel.Parts parts;
    private final CompletionRequest request;
    private final CompletionSink sink;
    private final LongSupplier nanoClock;
    private final GenerationParams params;
    private final StopSequences stops;
    private final StreamingDecoder decoder;
    private final Answer answer;

    private final Object lock = new Object();
    private OrtSession.@Nullable RunOptions step;
    private boolean stopped;

    private int promptTokens;
    private int generated;
    private long startNanos;
    private long firstTokenNanos;
    private long lastTokenNanos;

    Generation(
            OnnxModel.Parts parts,
            CompletionRequest request,
            CompletionSink sink,
            LongSupplier nanoClock) {
        this.parts = parts;
        this.request = request;
        this.sink = sink;
        this.nanoClock = nanoClock;
        this.params = request.params().or(parts.options().params()).or(parts.settings().params());
        this.stops = new StopSequences(params.stopSequences());
        this.decoder = new StreamingDecoder(parts.tokenizer());
        this.answer = new Answer(request, sink);
    }

    /** Ends the answer before its next token, also in the middle of a long prompt. */
    void stop() {
        synchronized (lock) {
            stopped = true;
            OrtSession.RunOptions options = step;
            if (options != null) {
                try {
                    options.setTerminate(true);
                } catch (OrtException e) {
                    throw new IllegalStateException("a step could not be told to end", e);
                }
            }
        }
    }

    /** Answers on the calling thread. */
    void run() {
        sink.onCancel(this::stop);
        try {
            generate();
        } catch (DelegationException e) {
            sink.fail(e);
        } catch (OrtException | RuntimeException e) {
            String what = "model \"" + parts.modelId() + "\" failed: " + e.getMessage();
            sink.fail(new InferenceFailedException(what, e));
        }
    }

    private void generate() throws OrtException {
        startNanos = nanoClock.getAsLong();
        String text = prompt();
        answer.follows(text);
        int[] prompt = parts.tokenizer().encode(text);
        promptTokens = prompt.length;
        if (prompt.length == 0) {
            throw RequestRejectedException.forbidden("the conversation is empty");
        }
        if (prompt.length >= contextSize()) {
            throw new ContextOverflowException(prompt.length, contextSize());
        }
        try (OrtSession.RunOptions options = new OrtSession.RunOptions()) {
            StopReason reason = answer(prompt, options);
            answer.write(stops.accept(decoder.rest()));
            answer.write(stops.rest());
            answer.end();
            sink.stats(stats());
            sink.done(reason, answer.written());
        }
    }

    private StopReason answer(int[] prompt, OrtSession.RunOptions options) throws OrtException {
        if (!begin(options)) {
            return StopReason.CANCELLED;
        }
        Sampler sampler = new Sampler(SamplerSettings.of(params), random());
        sampler.prompt(prompt);
        try (Decoder sequence =
                new Decoder(
                        parts.environment(),
                        parts.session(),
                        parts.layout(),
                        parts.contextSize(),
                        options)) {
            return answer(sequence, prompt, sampler);
        } catch (OrtException e) {
            if (isStopped()) {
                return StopReason.CANCELLED;
            }
            throw e;
        } finally {
            end();
        }
    }

    private StopReason answer(Decoder sequence, int[] prompt, Sampler sampler) throws OrtException {
        int budget = Math.min(budget(), contextSize() - prompt.length);
        int[] next = prompt;
        while (generated < budget) {
            float[] logits = sequence.feed(next);
            if (isStopped()) {
                return StopReason.CANCELLED;
            }
            int token = sampler.next(logits);
            if (parts.settings().endTokens().contains(token)) {
                return StopReason.EOS;
            }
            count();
            show(decoder.accept(token));
            if (stops.stopped()) {
                return StopReason.STOP_SEQUENCE;
            }
            if (isStopped()) {
                return StopReason.CANCELLED;
            }
            next = new int[] {token};
        }
        return StopReason.LENGTH;
    }

    private int contextSize() {
        Integer wanted = request.contextSize();
        return wanted == null ? parts.contextSize() : Math.min(wanted, parts.contextSize());
    }

    private int budget() {
        Integer predict = params.predict();
        return predict == null || predict < 0 ? Integer.MAX_VALUE : predict;
    }

    private Random random() {
        Long seed = params.seed();
        return seed == null ? new SecureRandom() : new Random(seed);
    }

    private void show(String piece) {
        if (piece.isEmpty()) {
            return;
        }
        if (request.emitRawDeltas()) {
            sink.rawDelta(piece);
        }
        answer.write(stops.accept(piece));
    }

    private void count() {
        generated++;
        lastTokenNanos = nanoClock.getAsLong();
        if (generated == 1) {
            firstTokenNanos = lastTokenNanos;
        }
    }

    private CompletionStats stats() {
        if (generated == 0) {
            return CompletionStats.of(promptTokens, 0, 0, 0).withBackendDevice(BackendDevice.CPU);
        }
        boolean one = generated == 1;
        long nanos = lastTokenNanos - (one ? startNanos : firstTokenNanos);
        int tokens = one ? 1 : generated - 1;
        double rate = nanos <= 0 ? 0 : tokens * NANOS_PER_SECOND / nanos;
        double first = (firstTokenNanos - startNanos) / NANOS_PER_MILLI;
        return CompletionStats.of(promptTokens, generated, first, rate)
                .withCacheTokens(0)
                .withBackendDevice(BackendDevice.CPU);
    }

    private String prompt() {
        ResponseFormat format = request.responseFormat();
        if (format != null && !(format instanceof ResponseFormat.Text)) {
            throw RequestRejectedException.forbidden(
                    "model \"" + parts.modelId() + "\" cannot be held to answer in JSON");
        }
        List<ChatMessage> history = new ArrayList<>(request.history());
        boolean instructed = !history.isEmpty() && history.get(0).role().equals(ChatMessage.SYSTEM);
        if (!instructed) {
            parts.options()
                    .systemPrompt()
                    .ifPresent(text -> history.add(0, ChatMessage.system(text)));
        }
        ChatTemplate template = parts.settings().template();
        if (template == null) {
            return plain(history);
        }
        try {
            return template.render(values(history), LocalDateTime::now);
        } catch (TemplateException e) {
            throw RequestRejectedException.forbidden(
                    "the chat template of model \""
                            + parts.modelId()
                            + "\" refuses the conversation: "
                            + e.getMessage());
        }
    }

    /** For models that were never taught to converse: what was said, and they go on. */
    private static String plain(List<ChatMessage> history) {
        StringBuilder text = new StringBuilder();
        for (ChatMessage message : history) {
            text.append(text.length() == 0 ? "" : "\n").append(message.content());
        }
        return text.toString();
    }

    private Map<String, Object> values(List<ChatMessage> history) {
        Map<String, Object> values = new LinkedHashMap<>(parts.settings().specialTexts());
        List<Object> messages = new ArrayList<>();
        for (ChatMessage message : history) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("role", message.role());
            entry.put("content", message.content());
            messages.add(entry);
        }
        values.put("messages", messages);
        values.put("add_generation_prompt", true);
        if (!request.tools().isEmpty()) {
            values.put("tools", tools());
        }
        return values;
    }

    private List<Object> tools() {
        List<Object> tools = new ArrayList<>();
        request.tools()
                .forEach(
                        tool -> {
                            Map<String, Object> function = new LinkedHashMap<>();
                            function.put("name", tool.name());
                            function.put("description", tool.description());
                            function.put("parameters", tool.parameters());
                            Map<String, Object> entry = new LinkedHashMap<>();
                            entry.put("type", "function");
                            entry.put("function", function);
                            tools.add(entry);
                        });
        return tools;
    }

    private boolean begin(OrtSession.RunOptions options) {
        synchronized (lock) {
            step = stopped ? null : options;
            return !stopped;
        }
    }

    private void end() {
        synchronized (lock) {
            step = null;
        }
    }

    private boolean isStopped() {
        synchronized (lock) {
            return stopped;
        }
    }
}
