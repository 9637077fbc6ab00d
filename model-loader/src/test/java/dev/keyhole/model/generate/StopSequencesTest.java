package dev.keyhole.model.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StopSequencesTest {

    @Test
    void withoutStopsEverythingPassesAtOnce() {
        StopSequences stops = new StopSequences(List.of(""));

        assertThat(stops.accept("abc")).isEqualTo("abc");
        assertThat(stops.stopped()).isFalse();
    }

    @Test
    void aBeginningIsHeldBackUntilItIsKnown() {
        StopSequences stops = new StopSequences(List.of("END"));

        assertThat(stops.accept("the E")).isEqualTo("the ");
        assertThat(stops.accept("N")).isEmpty();
        assertThat(stops.accept("Ds")).isEmpty();

        assertThat(stops.stopped()).isTrue();
        assertThat(stops.accept("more")).isEmpty();
        assertThat(stops.rest()).isEmpty();
    }

    @Test
    void aBeginningThatCameToNothingIsShown() {
        StopSequences stops = new StopSequences(List.of("END"));

        assertThat(stops.accept("EN")).isEmpty();
        assertThat(stops.accept("EM")).isEqualTo("ENEM");
        assertThat(stops.accept("E")).isEmpty();
        assertThat(stops.rest()).isEqualTo("E");
        assertThat(stops.stopped()).isFalse();
    }

    @Test
    void theStopThatIsCompleteFirstCounts() {
        StopSequences stops = new StopSequences(List.of("abcd", "b"));

        assertThat(stops.accept("xabcd")).isEqualTo("xa");
        assertThat(stops.stopped()).isTrue();
    }

    @Test
    void theOutcomeDoesNotDependOnTheCuts() {
        Random random = new Random(3);
        for (int round = 0; round < 500; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                text.append((char) ('a' + random.nextInt(2)));
            }
            List<String> stops = List.of("aab", "bbb", "abba");
            StopSequences whole = new StopSequences(stops);
            String expected = whole.accept(text.toString()) + whole.rest();

            StopSequences cut = new StopSequences(stops);
            StringBuilder actual = new StringBuilder();
            for (int from = 0; from < text.length(); ) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(4));
                actual.append(cut.accept(text.substring(from, to)));
                from = to;
            }
            actual.append(cut.rest());

            assertThat(actual.toString()).isEqualTo(expected);
            assertThat(cut.stopped()).isEqualTo(whole.stopped());
            assertThat(expected).doesNotContain("aab", "bbb", "abba");
        }
    }
}
