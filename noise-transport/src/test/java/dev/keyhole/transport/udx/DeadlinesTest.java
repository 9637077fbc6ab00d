package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

class DeadlinesTest {

    private static final class Thing extends Deadlines.Entry {}

    @Seeds(50)
    void theEarliestIsAlwaysInFront(long seed) {
        Random random = new Random(seed);
        Deadlines<Thing> deadlines = new Deadlines<>();
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            things.add(new Thing());
        }
        Map<Thing, Long> model = new HashMap<>();

        for (int step = 0; step < 500; step++) {
            Thing thing = things.get(random.nextInt(things.size()));
            long deadline = random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextInt(1000);
            deadlines.set(thing, deadline);
            model.put(thing, deadline);
            if (random.nextInt(10) == 0) {
                long now = random.nextInt(500);
                Thing polled = deadlines.poll(now);
                assertThat(polled == null).isEqualTo(earliest(model) > now);
                if (polled != null) {
                    assertThat(model.remove(polled)).isLessThanOrEqualTo(now);
                }
            }
            assertThat(deadlines.earliestNanos()).isEqualTo(earliest(model));
        }
    }

    private static long earliest(Map<Thing, Long> model) {
        return model.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
    }
}
