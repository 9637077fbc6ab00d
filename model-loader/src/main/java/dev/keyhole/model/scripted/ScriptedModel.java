package dev.keyhole.model.scripted;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.Embeddings;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import dev.keyhole.model.TranslationToken;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A model without a brain: each request is answered by a {@link Script}.
 *
 * <p>Runs do not wait for each other. They keep to the request's stop sequences and to its budget,
 * in which each token of the script counts as one. Time is that of a scheduler, so that a test may
 * hold it in its hand.
 */
public final class ScriptedModel implements Model {

    private final String id;
    private final Function<CompletionRequest, Script> scripts;
    private final Scheduler scheduler;
    private final Set<Operation> operations;
    private final @Nullable Function<String, Embedding> embeddings;
    private final @Nullable Function<TranscribeRequest, List<TranscriptionEvent>> transcriptions;
    private final @Nullable Function<TranslateRequest, List<String>> translations;
    private final @Nullable String digest;

    private final Set<ScriptedRun> active = ConcurrentHashMap.newKeySet();
    private final AtomicInteger started = new AtomicInteger();
    private volatile boolean closed;

    private ScriptedModel(
            String id,
            Function<CompletionRequest, Script> scripts,
            Scheduler scheduler,
            @Nullable Function<String, Embedding> embeddings,
            @Nullable Function<TranscribeRequest, List<TranscriptionEvent>> transcriptions,
            @Nullable Function<TranslateRequest, List<String>> translations,
            @Nullable String digest) {
        this.id = id;
        this.scripts = scripts;
        this.scheduler = scheduler;
        this.embeddings = embeddings;
        this.transcriptions = transcriptions;
        this.translations = translations;
        this.digest = digest;
        this.operations = EnumSet.of(Operation.COMPLETION);
        if (embeddings != null) {
            operations.add(Operation.EMBED);
        }
        if (transcriptions != null) {
            operations.add(Operation.TRANSCRIBE);
        }
        if (translations != null) {
            operations.add(Operation.TRANSLATE);
        }
    }

    /** Answers everything with the same script. */
    public static ScriptedModel of(String id, Script script) {
        return of(id, request -> script);
    }

    /** Answers each request with a script of its own. */
    public static ScriptedModel of(String id, Function<CompletionRequest, Script> scripts) {
        return new ScriptedModel(id, scripts, Schedulers.boundedElastic(), null, null, null, null);
    }

    /** A model like this one, not yet started, whose delays this scheduler measures. */
    public ScriptedModel withScheduler(Scheduler value) {
        return new ScriptedModel(
                id, scripts, value, embeddings, transcriptions, translations, digest);
    }

    /** A model like this one, not yet started, that also embeds. */
    public ScriptedModel withEmbeddings(Function<String, Embedding> value) {
        return new ScriptedModel(
                id, scripts, scheduler, value, transcriptions, translations, digest);
    }

    /** A model like this one, not yet started, that also transcribes. */
    public ScriptedModel withTranscriptions(
            Function<TranscribeRequest, List<TranscriptionEvent>> value) {
        return new ScriptedModel(id, scripts, scheduler, embeddings, value, translations, digest);
    }

    /** A model like this one, not yet started, that also translates. */
    public ScriptedModel withTranslations(Function<TranslateRequest, List<String>> value) {
        return new ScriptedModel(id, scripts, scheduler, embeddings, transcriptions, value, digest);
    }

    /** A model like this one, not yet started, that claims to be made of these files. */
    public ScriptedModel withDigest(String value) {
        return new ScriptedModel(
                id, scripts, scheduler, embeddings, transcriptions, translations, value);
    }

    /** How many completions are running. */
    public int active() {
        return active.size();
    }

    /** How many completions were ever started. */
    public int started() {
        return started.get();
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Set<Operation> operations() {
        return Set.copyOf(operations);
    }

    @Override
    public Optional<String> digest() {
        return Optional.ofNullable(digest);
    }

    @Override
    public Completion completion(CompletionRequest request) {
        return Completion.of(sink -> start(request, sink));
    }

    @Override
    public Mono<Embeddings> embed(EmbedRequest request) {
        if (embeddings == null) {
            return Model.super.embed(request);
        }
        return Mono.fromCallable(
                () -> {
                    requireOpen();
                    return new Embeddings(
                            request.texts().stream().map(embeddings).collect(Collectors.toList()));
                });
    }

    @Override
    public Flux<TranscriptionEvent> transcribe(TranscribeRequest request) {
        if (transcriptions == null) {
            return Model.super.transcribe(request);
        }
        return Flux.defer(
                () -> {
                    requireOpen();
                    return Flux.fromIterable(transcriptions.apply(request));
                });
    }

    @Override
    public Flux<TranslationToken> translate(TranslateRequest request) {
        if (translations == null) {
            return Model.super.translate(request);
        }
        return Flux.defer(
                () -> {
                    requireOpen();
                    return Flux.fromIterable(translations.apply(request))
                            .map(TranslationToken::new);
                });
    }

    @Override
    public Mono<Void> unload() {
        return Mono.fromRunnable(this::close);
    }

    @Override
    public void close() {
        closed = true;
        active.forEach(ScriptedRun::cancel);
    }

    private void start(CompletionRequest request, CompletionSink sink) {
        requireOpen();
        started.incrementAndGet();
        ScriptedRun run = new ScriptedRun(scripts.apply(request), request, sink, active::remove);
        active.add(run);
        run.start(scheduler.createWorker());
        if (closed) {
            run.cancel();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new ModelNotFoundException("model \"" + id + "\" was unloaded");
        }
    }
}
