package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

class SeqRangesTest {

    @Seeds(50)
    void rangesHoldWhatASetWouldHold(long seed) {
        Random random = new Random(seed);
        int base = random.nextInt(3) == 0 ? -1 - random.nextInt(300) : random.nextInt();
        SeqRanges ranges = new SeqRanges();
        TreeSet<Integer> model = new TreeSet<>();

        for (int step = 0; step < 300; step++) {
            int start = random.nextInt(500);
            if (random.nextInt(20) == 0) {
                ranges.removeBelow(base + start);
                model.headSet(start).clear();
            } else {
                int end = start + 1 + random.nextInt(30);
                TreeSet<Integer> added = new TreeSet<>();
                ranges.add(
                        base + start,
                        base + end,
                        (from, to) -> {
                            for (int seq = from; seq != to; seq++) {
                                assertThat(added.add(seq - base)).isTrue();
                            }
                        });
                for (int i = start; i < end; i++) {
                    assertThat(model.add(i)).isEqualTo(added.contains(i));
                }
            }
            checkAgainst(model, ranges, base);
        }
    }

    private static void checkAgainst(Set<Integer> model, SeqRanges ranges, int base) {
        TreeSet<Integer> listed = new TreeSet<>();
        for (int i = 0; i < ranges.count(); i++) {
            assertThat(ranges.end(i) - ranges.start(i)).isPositive();
            if (i > 0) {
                assertThat(ranges.start(i) - ranges.end(i - 1)).isPositive();
            }
            for (int seq = ranges.start(i); seq != ranges.end(i); seq++) {
                listed.add(seq - base);
            }
        }
        assertThat(listed).isEqualTo(model);
        assertThat(ranges.size()).isEqualTo(model.size());
        assertThat(ranges.contains(base + 250)).isEqualTo(model.contains(250));
    }
}
