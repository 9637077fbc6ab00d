package dev.keyhole.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

final class CompletionRunTest {

    @Test
    void nothingStartsUntilSomebodySubscribes() {
        AtomicInteger starts = new AtomicInteger();
        Completion run =
                Completion.of(
                        sink -> {
                            starts.incrementAndGet();
                            sink.text("a");
                            sink.done(StopReason.EOS);
                        });
        run.servedBy().subscribe();
        assertThat(starts).hasValue(0);

        assertThat(run.text().block()).isEqualTo("a");
        assertThat(run.tokens().collectList().block()).containsExactly("a");
        assertThat(run.servedBy().block()).isSameAs(ServedBy.local());
        assertThat(starts).hasValue(1);
    }

    @Test
    void aLateViewSeesEveryEventWithItsNumber() {
        Completion run =
                Completion.of(
                        sink -> {
                            sink.text("a");
                            sink.text("b");
                            sink.stats(CompletionStats.of(1, 2, 3, 4));
                            sink.done(StopReason.EOS);
                        });
        run.text().block();

        assertThat(run.events().collectList().block())
                .containsExactly(
                        new CompletionEvent.Text(0, "a"),
                        new CompletionEvent.Text(1, "b"),
                        new CompletionEvent.Stats(2, CompletionStats.of(1, 2, 3, 4)),
                        new CompletionEvent.Done(3, StopReason.EOS, null, "ab"));
    }

    @Test
    void theEngineHearsOfItWhenTheLastViewIsCancelled() {
        AtomicReference<CompletionSink> engine = new AtomicReference<>();
        Completion run = Completion.of(engine::set);
        Disposable first = run.tokens().subscribe();
        Disposable second = run.text().subscribe();

        first.dispose();
        assertThat(engine.get().cancelled()).isFalse();

        second.dispose();
        assertThat(engine.get().cancelled()).isTrue();
    }

    @Test
    void takingSomeTokensStopsAnEngineThatNeverEnds() {
        Completion run =
                Completion.of(
                        sink -> {
                            while (!sink.cancelled()) {
                                sink.text("x");
                            }
                            sink.done(StopReason.CANCELLED);
                        });

        assertThat(run.tokens().take(3).collectList().block()).containsExactly("x", "x", "x");

        assertThat(run.events().blockLast())
                .isEqualTo(new CompletionEvent.Done(3, StopReason.CANCELLED, null, "xxx"));
    }

    @Test
    void aRunThatIsCancelledBeforeItStartsNeverReachesTheEngine() {
        AtomicInteger starts = new AtomicInteger();
        Completion run = Completion.of(sink -> starts.incrementAndGet());

        run.cancel();

        assertThat(run.events().collectList().block())
                .containsExactly(new CompletionEvent.Done(0, StopReason.CANCELLED, null, ""));
        assertThat(starts).hasValue(0);
    }

    @Test
    void theTextOfACancelledRunIsAnErrorThatCarriesWhatThereIs() {
        AtomicReference<CompletionSink> engine = new AtomicReference<>();
        Completion run = Completion.of(engine::set);
        run.tokens().subscribe();
        engine.get().text("half");
        engine.get().onCancel(() -> engine.get().done(StopReason.CANCELLED));

        run.cancel();

        assertThatThrownBy(() -> run.text().block())
                .isInstanceOfSatisfying(
                        InferenceCancelledException.class,
                        e -> assertThat(e.partialText()).isEqualTo("half"));
        assertThat(run.stats().block()).isEqualTo(CompletionStats.unknown());
    }

    @Test
    void aFailureReachesEveryView() {
        Completion run =
                Completion.of(
                        sink -> {
                            sink.text("a");
                            throw new IllegalStateException("broken");
                        });
        List<String> seen = new ArrayList<>();

        assertThatThrownBy(() -> run.tokens().doOnNext(seen::add).blockLast())
                .isInstanceOf(InferenceFailedException.class)
                .hasMessageContaining("broken");
        assertThat(seen).containsExactly("a");
        assertThatThrownBy(() -> run.text().block()).isInstanceOf(InferenceFailedException.class);
        assertThatThrownBy(() -> run.stats().block()).isInstanceOf(InferenceFailedException.class);
    }

    @Test
    void anEngineThatGoesOnAfterItsEndIsIgnored() {
        Completion run =
                Completion.of(
                        sink -> {
                            sink.done(StopReason.EOS);
                            sink.text("more");
                            sink.fail(new InferenceFailedException("late"));
                        });

        assertThat(run.events().count().block()).isEqualTo(1);
    }

    @Test
    void anAnswerWithoutEndIsCutOffAtTheLimit() {
        Completion run =
                Completion.of(
                        sink -> {
                            while (!sink.cancelled()) {
                                sink.text("x");
                            }
                        });

        assertThatThrownBy(() -> run.tokens().ignoreElements().block())
                .isInstanceOf(InferenceFailedException.class)
                .hasMessageContaining("" + CompletionRun.MAX_EVENTS);
    }
}
