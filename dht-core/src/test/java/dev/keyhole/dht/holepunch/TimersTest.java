package dev.keyhole.dht.holepunch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Machine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimersTest {

    private final Timers timers = new Timers();
    private final List<String> ran = new ArrayList<>();

    @Test
    void tasksRunInTheOrderOfTheirTimesAndThenOfTheirMaking() {
        timers.at(20, now -> ran.add("third"));
        timers.at(10, now -> ran.add("first"));
        timers.at(10, now -> ran.add("second"));

        assertThat(timers.deadlineNanos()).isEqualTo(10);
        timers.expire(9);
        assertThat(ran).isEmpty();
        timers.expire(20);

        assertThat(ran).containsExactly("first", "second", "third");
        assertThat(timers.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void deadlinesOfWhatIsOverNeverFire() {
        Timers.Timer cancelled = timers.at(10, now -> ran.add("cancelled"));
        timers.at(10, now -> ran.add("kept"));
        cancelled.cancel();

        timers.expire(10);

        assertThat(ran).containsExactly("kept");
    }

    @Test
    void aCancelledDeadlineWakesNobody() {
        Timers.Timer cancelled = timers.at(10, now -> ran.add("cancelled"));
        timers.at(30, now -> ran.add("kept"));
        cancelled.cancel();

        assertThat(timers.deadlineNanos()).isEqualTo(30);
    }

    @Test
    void aTaskMayMakeAndCancelOthers() {
        Timers.Timer later = timers.at(20, now -> ran.add("later"));
        timers.at(
                10,
                now -> {
                    later.cancel();
                    timers.at(now, again -> ran.add("at once"));
                });

        timers.expire(20);

        assertThat(ran).containsExactly("at once");
    }
}
