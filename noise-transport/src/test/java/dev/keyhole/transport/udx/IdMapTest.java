package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IdMapTest {

    @Test
    void itHoldsWhatAMapWouldHold() {
        Random random = new Random(1);
        IdMap<String> map = new IdMap<>();
        Map<Integer, String> expected = new HashMap<>();

        for (int i = 0; i < 20_000; i++) {
            int id = random.nextInt(200) << random.nextInt(4);
            if (expected.remove(id) != null) {
                map.remove(id);
            } else {
                expected.put(id, "value " + i);
                map.put(id, "value " + i);
            }

            assertThat(map.size()).isEqualTo(expected.size());
            int probe = random.nextInt(400);
            assertThat(map.get(probe)).isEqualTo(expected.get(probe));
            assertThat(map.contains(probe)).isEqualTo(expected.containsKey(probe));
        }
        expected.forEach((id, value) -> assertThat(map.get(id)).isEqualTo(value));
    }

    @Test
    void anIdIsGivenOnce() {
        IdMap<String> map = new IdMap<>();
        map.put(-1, "first");

        assertThatThrownBy(() -> map.put(-1, "second")).isInstanceOf(IllegalStateException.class);
    }
}
