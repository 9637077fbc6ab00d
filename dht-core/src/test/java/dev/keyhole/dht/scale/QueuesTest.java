package dev.keyhole.dht.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Machine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The two queues that all of a simulation goes through, against slow ones that are surely right. */
class QueuesTest {

    private record Planned(long nanos, int serial) {}

    @Test
    void whatIsPlannedHappensInOrderOfTimeAndThenOfPlanning() {
        Random random = new Random(1);
        Agenda<Planned> agenda = new Agenda<>();
        List<Planned> expected = new ArrayList<>();
        List<Planned> happened = new ArrayList<>();

        for (int i = 0; i < 20_000; i++) {
            Planned planned = new Planned(random.nextInt(500), i);
            agenda.add(planned.nanos, planned);
            expected.add(planned);
        }
        while (agenda.size() > 0) {
            long next = agenda.nextNanos();
            happened.add(agenda.remove());
            assertThat(happened.get(happened.size() - 1).nanos).isEqualTo(next);
        }

        expected.sort(Comparator.comparingLong(Planned::nanos).thenComparingInt(Planned::serial));
        assertThat(happened).isEqualTo(expected);
        assertThat(agenda.nextNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void whoeverMovesHisDeadlineWakesAtTheNewOneOnly() {
        Random random = new Random(2);
        Wakeups wakeups = new Wakeups();
        TreeMap<Integer, Long> deadlines = new TreeMap<>();

        for (int i = 0; i < 20_000; i++) {
            int sleeper = random.nextInt(300);
            long deadline = random.nextInt(10) == 0 ? Machine.NEVER : random.nextInt(1000);
            wakeups.set(sleeper, deadline);
            deadlines.put(sleeper, deadline);

            long first = deadlines.values().stream().mapToLong(d -> d).min().orElseThrow();
            assertThat(wakeups.nextNanos()).isEqualTo(first);
            if (first != Machine.NEVER) {
                int firstSleeper =
                        deadlines.entrySet().stream()
                                .filter(entry -> entry.getValue() == first)
                                .findFirst()
                                .orElseThrow()
                                .getKey();
                assertThat(wakeups.next()).isEqualTo(firstSleeper);
            }
        }
    }
}
