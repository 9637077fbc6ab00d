package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NamePatternTest {

    @ParameterizedTest
    @CsvSource({
        "tiny, tiny, true",
        "tiny, Tiny, false",
        "tiny, tiny2, false",
        "*, anything, true",
        "*, '', true",
        "a*c, abbc, true",
        "a*c, abbcd, false",
        "a?c, abc, true",
        "a?c, ac, false",
        "registry://*/Llama-3.2-1B*.gguf, registry://s3/x/Llama-3.2-1B-Q4.gguf, true",
        "*ab*ab, abcab, true",
        "*ab*abc, abab, false",
        "a**b, ab, true",
    })
    void starsStandForAnyText(String pattern, String text, boolean matches) {
        assertThat(new NamePattern(pattern).matches(text)).isEqualTo(matches);
    }

    @Test
    void aTextMadeToBeSlowIsNot() {
        NamePattern pattern = new NamePattern("*a*a*a*a*a*a*a*a*a*b");
        String text = "a".repeat(50_000);

        assertThat(assertTimeoutPreemptively(Duration.ofSeconds(5), () -> pattern.matches(text)))
                .isFalse();
    }

    @Test
    void anEmptyNameIsRefused() {
        assertThatThrownBy(() -> new NamePattern(" ")).hasMessageContaining("empty");
    }
}
