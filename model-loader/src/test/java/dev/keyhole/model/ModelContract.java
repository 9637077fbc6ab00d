package dev.keyhole.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** What every model does alike, wherever it runs. */
public abstract class ModelContract {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<Model> opened = new ArrayList<>();

    /** A model that nobody has used. */
    protected abstract Model open();

    /** A request that is answered with at least four tokens, the same each time, until its end. */
    protected abstract CompletionRequest question();

    /** A request whose answer is still going on when its first token is seen. */
    protected abstract CompletionRequest endless();

    /** A request that fails before its first token. */
    protected abstract CompletionRequest refused();

    /** What {@link #refused} fails with. */
    protected abstract Class<? extends DelegationException> refusal();

    /** A model that answers one token and then fails, where there is such a thing. */
    protected Optional<Model> failingInMidStream() {
        return Optional.empty();
    }

    @AfterEach
    void closeWhatWasOpened() {
        opened.forEach(Model::close);
    }

    @Test
    void tokensEventsTextAndStatsTellTheSameStory() {
        Completion run = model().completion(question());

        List<String> tokens = run.tokens().collectList().block(PATIENCE);
        List<CompletionEvent> events = run.events().collectList().block(PATIENCE);
        String text = run.text().block(PATIENCE);
        CompletionStats stats = run.stats().block(PATIENCE);

        assertThat(tokens).hasSizeGreaterThanOrEqualTo(3).doesNotContain("");
        assertThat(String.join("", tokens)).isEqualTo(text);
        assertThat(last(events).fullText()).isEqualTo(text);
        assertThat(last(events).reason()).isEqualTo(StopReason.EOS);
        assertThat(stats.generatedTokens()).isGreaterThanOrEqualTo(tokens.size());
        assertThat(stats.promptTokens()).isPositive();
        assertThat(events).contains(new CompletionEvent.Stats(events.size() - 2, stats));
    }

    @Test
    void eventsAreNumberedFromZeroWithoutGaps() {
        List<CompletionEvent> events =
                model().completion(question().withRawDeltas(true))
                        .events()
                        .collectList()
                        .block(PATIENCE);

        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i).seq()).isEqualTo(i);
        }
        assertThat(events).hasAtLeastOneElementOfType(CompletionEvent.RawDelta.class);
    }

    @Test
    void twoSubscribersShareOneRun() {
        Completion run = model().completion(question());

        List<String> first = new ArrayList<>();
        run.tokens().subscribe(first::add);
        List<String> second = run.tokens().collectList().block(PATIENCE);
        run.text().block(PATIENCE);

        assertThat(second).isEqualTo(run.tokens().collectList().block(PATIENCE));
        assertThat(first).isEqualTo(second);
    }

    @Test
    void theRunSaysWhoAnswered() {
        Completion run = model().completion(question());
        run.text().block(PATIENCE);

        assertThat(run.servedBy().block(PATIENCE)).isNotNull();
    }

    @Test
    void cancelEndsTheEventsAndKeepsWhatWasSaid() {
        Completion run = model().completion(endless());

        List<CompletionEvent> events =
                run.events()
                        .doOnNext(
                                event -> {
                                    if (event instanceof CompletionEvent.Text) {
                                        run.cancel();
                                    }
                                })
                        .collectList()
                        .block(PATIENCE);

        assertThat(last(events).reason()).isEqualTo(StopReason.CANCELLED);
        assertThatThrownBy(() -> run.text().block(PATIENCE))
                .isInstanceOfSatisfying(
                        InferenceCancelledException.class,
                        e -> assertThat(e.partialText()).isEqualTo(last(events).fullText()));
        run.cancel();
    }

    @Test
    void leavingTheTokensStopsTheEngine() {
        Completion run = model().completion(endless());

        run.tokens().take(1).blockLast(PATIENCE);

        assertThat(last(run.events().collectList().block(PATIENCE)).reason())
                .isEqualTo(StopReason.CANCELLED);
    }

    @Test
    void disposingTheOnlySubscriptionStopsTheEngine() throws Exception {
        Model model = model();
        Completion run = model.completion(endless());
        CountDownLatch spoke = new CountDownLatch(1);
        Disposable subscription = run.tokens().subscribe(token -> spoke.countDown());
        assertThat(spoke.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        subscription.dispose();

        assertThat(model.completion(question()).text().block(PATIENCE)).isNotEmpty();
    }

    @Test
    void unloadingEndsWhatRuns() {
        Model model = model();
        Completion run = model.completion(endless());

        List<CompletionEvent> events =
                run.events()
                        .doOnNext(
                                event -> {
                                    if (event.seq() == 0) {
                                        model.unload().subscribe();
                                    }
                                })
                        .collectList()
                        .block(PATIENCE);

        assertThat(last(events).reason()).isEqualTo(StopReason.CANCELLED);
        model.unload().block(PATIENCE);
    }

    @Test
    void closingTwiceIsHarmlessAndNothingRunsAfterIt() {
        Model model = model();
        Completion before = model.completion(question());
        model.close();
        model.close();

        assertThatThrownBy(() -> before.text().block(PATIENCE))
                .isInstanceOf(DelegationException.class);
        assertThatThrownBy(() -> model.completion(question()).tokens().blockLast(PATIENCE))
                .isInstanceOf(DelegationException.class);
    }

    @Test
    void whatTheModelDoesNotOfferFailsWhereItIsAwaited() {
        Model model = model();
        assumeTrue(model.operations().equals(java.util.Set.of(Operation.COMPLETION)));

        assertThatThrownBy(() -> model.embed(EmbedRequest.of("a")).block(PATIENCE))
                .isInstanceOf(OperationNotSupportedException.class);
        assertThatThrownBy(
                        () ->
                                model.transcribe(TranscribeRequest.of(new byte[1]))
                                        .blockLast(PATIENCE))
                .isInstanceOf(OperationNotSupportedException.class);
        assertThatThrownBy(() -> model.translate(TranslateRequest.of("a")).blockLast(PATIENCE))
                .isInstanceOf(OperationNotSupportedException.class);
    }

    @Test
    void anErrorBeforeTheFirstTokenReachesEveryView() {
        Completion run = model().completion(refused());

        assertThatThrownBy(() -> run.tokens().blockLast(PATIENCE)).isInstanceOf(refusal());
        assertThatThrownBy(() -> run.events().blockLast(PATIENCE)).isInstanceOf(refusal());
        assertThatThrownBy(() -> run.text().block(PATIENCE)).isInstanceOf(refusal());
        assertThatThrownBy(() -> run.stats().block(PATIENCE)).isInstanceOf(refusal());
    }

    @Test
    void aModelGoesOnAfterAnError() {
        Model model = model();
        assertThatThrownBy(() -> model.completion(refused()).text().block(PATIENCE))
                .isInstanceOf(refusal());

        assertThat(model.completion(question()).text().block(PATIENCE)).isNotEmpty();
    }

    @Test
    void anErrorInMidStreamComesAfterTheTokensBeforeIt() {
        Optional<Model> failing = failingInMidStream();
        assumeTrue(failing.isPresent());
        Completion run = opened(failing.get()).completion(question());
        List<String> seen = new ArrayList<>();

        assertThatThrownBy(() -> run.tokens().doOnNext(seen::add).blockLast(PATIENCE))
                .isInstanceOf(DelegationException.class);
        assertThat(seen).hasSize(1);
    }

    @Test
    void aStopSequenceEndsTheAnswerAndIsNotPartOfIt() {
        Model model = model();
        String whole = model.completion(question()).text().block(PATIENCE);
        String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 2);
        GenerationParams params = question().params().withStopSequences(List.of(stop));

        Completion run = model.completion(question().withParams(params));

        CompletionEvent.Done done = last(run.events().collectList().block(PATIENCE));
        assertThat(done.reason()).isEqualTo(StopReason.STOP_SEQUENCE);
        assertThat(done.fullText()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    }

    @Test
    void theBudgetEndsTheAnswer() {
        GenerationParams params = question().params().withPredict(2);

        Completion run = model().completion(question().withParams(params));

        assertThat(last(run.events().collectList().block(PATIENCE)).reason())
                .isEqualTo(StopReason.LENGTH);
        assertThat(run.stats().block(PATIENCE).generatedTokens()).isEqualTo(2);
    }

    private Model model() {
        return opened(open());
    }

    private Model opened(Model model) {
        opened.add(model);
        return model;
    }

    private static CompletionEvent.Done last(List<CompletionEvent> events) {
        return (CompletionEvent.Done) events.get(events.size() - 1);
    }
}
