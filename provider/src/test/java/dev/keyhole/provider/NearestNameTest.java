package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NearestNameTest {

    @ParameterizedTest
    @CsvSource({"'', '', 0", "abc, abc, 0", "abc, '', 3", "kitten, sitting, 3", "ab, ba, 2"})
    void theDistanceIsTheNumberOfLettersToChange(String from, String to, int distance) {
        assertThat(NearestName.distance(from, to)).isEqualTo(distance);
        assertThat(NearestName.distance(to, from)).isEqualTo(distance);
    }

    @Test
    void theNearestNameIsSuggestedUnlessItIsFar() {
        List<String> known = List.of("aliases", "source", "name");

        assertThat(NearestName.of("alias", known)).contains("aliases");
        assertThat(NearestName.of("nmae", known)).contains("name");
        assertThat(NearestName.of("temperature", known)).isEmpty();
        assertThat(NearestName.of("x", List.of())).isEmpty();
    }
}
