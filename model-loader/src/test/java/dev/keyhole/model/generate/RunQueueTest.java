package dev.keyhole.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.ModelNotFoundException;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.StopReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RunQueueTest {

    private final AtomicInteger released = new AtomicInteger();
    private final RunQueue queue = new RunQueue("m", 2, released::incrementAndGet);
    private final CountDownLatch hold = new CountDownLatch(1);
    private final CountDownLatch started = new CountDownLatch(1);
    private final List<String> order = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void letGo() {
        hold.countDown();
        queue.close(() -> {}).block();
    }

    @Test
    void runsHappenOneAfterTheOtherAsTheyCame() throws Exception {
        Completion first = busy();
        Completion second = quick("second");
        Completion third = quick("third");
        third.text().subscribe();
        assertThat(queue.length()).isEqualTo(1);
        second.text().subscribe();
        assertThat(order).isEmpty();

        hold.countDown();

        assertThat(first.text().block()).isEqualTo("first");
        assertThat(second.text().block()).isEqualTo("second");
        assertThat(order).containsExactly("first", "third", "second");
    }

    @Test
    void whenTooManyWaitTheNextIsTurnedAway() throws Exception {
        busy();
        quick("a").text().subscribe();
        quick("b").text().subscribe();

        assertThatThrownBy(() -> quick("c").text().block())
                .isInstanceOfSatisfying(
                        RequestRejectedException.class, e -> assertThat(e.retryable()).isTrue())
                .hasMessageContaining("2 requests wait");
    }

    @Test
    void aRunThatWaitsEndsAtOnceWhenItIsCancelled() throws Exception {
        busy();
        Completion waiting = quick("waiting");
        List<CompletionEvent> events = new ArrayList<>();
        waiting.events().subscribe(events::add);

        waiting.cancel();

        assertThat(events)
                .containsExactly(new CompletionEvent.Done(0, StopReason.CANCELLED, null, ""));
        assertThat(queue.length()).isZero();
    }

    @Test
    void closingEndsWhatWaitsAndReleasesWhenTheRunningOneIsDone() throws Exception {
        busy();
        Completion waiting = quick("waiting");
        List<CompletionEvent> events = new ArrayList<>();
        waiting.events().subscribe(events::add);
        AtomicInteger stopped = new AtomicInteger();

        var closing = queue.close(stopped::incrementAndGet);

        assertThat(events).hasSize(1);
        assertThat(stopped).hasValue(1);
        assertThat(released).hasValue(0);
        hold.countDown();
        closing.block();
        assertThat(released).hasValue(1);
        assertThatThrownBy(() -> quick("late").text().block())
                .isInstanceOf(ModelNotFoundException.class);
    }

    @Test
    void closingAQueueThatWasNeverUsedReleasesOnce() {
        queue.close(() -> {}).block();
        queue.close(() -> {}).block();

        assertThat(released).hasValue(1);
    }

    /** A run that goes on until it is let go. */
    private Completion busy() throws Exception {
        Completion run =
                Completion.of(
                        sink ->
                                queue.submit(
                                        sink,
                                        () -> {
                                            started.countDown();
                                            awaitHold();
                                            order.add("first");
                                            sink.text("first");
                                            sink.done(StopReason.EOS);
                                        }));
        run.text().subscribe(text -> {}, error -> {});
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
        return run;
    }

    private Completion quick(String name) {
        return Completion.of(
                sink ->
                        queue.submit(
                                sink,
                                () -> {
                                    order.add(name);
                                    sink.text(name);
                                    sink.done(StopReason.EOS);
                                }));
    }

    private void awaitHold() {
        try {
            assertThat(hold.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
