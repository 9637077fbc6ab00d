package dev.keyhole.provider;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;

final class SilenceTest {

    private static final Duration PERIOD = Duration.ofSeconds(2);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final TestPublisher<String> source = TestPublisher.create();

    @Test
    void aSilenceIsFilledAfterTwoPeriodsAtTheLatest() {
        verify(Long.MAX_VALUE)
                .then(() -> source.next("a"))
                .expectNext("a")
                .then(() -> time.advanceTimeBy(PERIOD.multipliedBy(2)))
                .expectNext("...")
                .then(() -> time.advanceTimeBy(PERIOD))
                .expectNext("...")
                .then(source::complete)
                .verifyComplete();
    }

    @Test
    void whoSpeaksOftenEnoughIsNotInterrupted() {
        verify(Long.MAX_VALUE)
                .then(
                        () -> {
                            for (int i = 0; i < 100; i++) {
                                source.next("a");
                                time.advanceTimeBy(PERIOD);
                            }
                        })
                .expectNextCount(100)
                .then(source::complete)
                .verifyComplete();
    }

    @Test
    void aReaderThatDoesNotAskIsNotFilledUp() {
        verify(0)
                .then(() -> time.advanceTimeBy(Duration.ofHours(1)))
                .then(() -> source.next("a"))
                .then(source::complete)
                .thenRequest(Long.MAX_VALUE)
                .expectNext("a")
                .verifyComplete();
    }

    @Test
    void nothingIsSaidAfterTheEnd() {
        verify(Long.MAX_VALUE)
                .then(source::complete)
                .then(() -> time.advanceTimeBy(Duration.ofHours(1)))
                .verifyComplete();
        source.assertNoRequestOverflow();
    }

    @Test
    void leavingStopsTheSource() {
        verify(Long.MAX_VALUE).then(() -> source.next("a")).expectNext("a").thenCancel().verify();

        source.assertCancelled();
    }

    private StepVerifier.Step<String> verify(long demand) {
        return StepVerifier.create(
                Silence.filled(source.flux(), () -> "...", PERIOD, time), demand);
    }
}
