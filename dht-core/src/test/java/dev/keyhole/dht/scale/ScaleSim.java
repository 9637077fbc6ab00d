package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import org.junit.jupiter.api.Test;

/**
 * A thousand whole nodes, half of them behind NATs, through some minutes of everything that happens
 * to a network.
 */
class ScaleSim {

    private static final String COMMAND = "mvn test -pl dht-core -am -Dtest=ScaleSim";

    @Seeds(1)
    void aThousandNodesFindEachOtherThroughChurnHostilityAndDivision(long seed) {
        Life life = new Life(seed, Conditions.of(1000)).founded();

        Figures churn = life.observe("a fifth is replaced every hour", MINUTES.toNanos(1), 10);
        check(churn, 0.999);

        life.society().corrupt(0.1);
        Figures hostility = life.observe("a tenth is hostile", MINUTES.toNanos(1), 10);
        check(hostility, 0.99);

        life.world().divide(true);
        life.world().run(SECONDS.toNanos(40));
        life.world().divide(false);
        life.world().run(SECONDS.toNanos(20));
        Figures healed = life.search("after a while apart", 6, 10);
        assertThat(healed.foundShare()).as(healed.complaint(COMMAND)).isEqualTo(1);
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        assertThat(digestOfASmallLife(3))
                .isEqualTo(digestOfASmallLife(3))
                .isNotEqualTo(digestOfASmallLife(4));
    }

    private static long digestOfASmallLife(long seed) {
        Life life = new Life(seed, Conditions.of(40).withHostile(0.1)).founded();
        return life.observe("small", SECONDS.toNanos(30), 2).digest();
    }

    private static void check(Figures figures, double foundShare) {
        System.out.println(figures);
        String complaint = figures.complaint(COMMAND);
        Census census = figures.census();
        assertThat(census.foundShare()).as(complaint).isGreaterThanOrEqualTo(foundShare);
        assertThat(census.connectedShare()).as(complaint).isGreaterThanOrEqualTo(0.98);
        assertThat(census.secondsAfterStart.max()).as(complaint).isLessThan(10);
        assertThat(census.secondsAfterMove.max()).as(complaint).isLessThan(10);
        assertThat(figures.longestRestSeconds()).as(complaint).isLessThan(360);
    }
}
