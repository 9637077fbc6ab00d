package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import org.junit.jupiter.api.Tag;

/**
 * Ten thousand whole nodes for the better part of an hour.
 *
 * <p>{@code -Dscale.nodes=3000} and {@code -Dscale.minutes=60} change how many, and for how long.
 */
@Tag("soak")
class ScaleSoakSim {

    private static final String COMMAND = "mvn test -Psoak -pl dht-core -am -Dtest=ScaleSoakSim";

    private static final int NODES = Integer.getInteger("scale.nodes", 10_000);
    private static final int MINUTES_OF_CHURN = Integer.getInteger("scale.minutes", 25);

    @Seeds(1)
    void tenThousandNodesFindEachOtherThroughChurnHostilityAndDivision(long seed) {
        long before = Life.heap();
        Life life = new Life(seed, Conditions.of(NODES)).founded();
        print("founded after " + life.world().seconds() + " s");

        Figures churn =
                life.observe(
                        "a fifth is replaced every hour", MINUTES.toNanos(MINUTES_OF_CHURN), 3);
        check(churn, 0.999);
        print("heap per node " + (Life.heap() - before) / 1024 / NODES + " KB");

        life.society().corrupt(0.1);
        check(life.observe("a tenth is hostile", MINUTES.toNanos(5), 5), 0.99);
        life.society().corrupt(0.1);
        check(life.observe("a fifth is hostile", MINUTES.toNanos(5), 5), 0.98);

        life.world().divide(true);
        life.world().run(MINUTES.toNanos(5));
        life.world().divide(false);
        life.world().run(MINUTES.toNanos(1));
        Figures healed = life.search("after five minutes apart", 2, 10);
        print(healed.toString());
        assertThat(healed.foundShare()).as(healed.complaint(COMMAND)).isGreaterThan(0.99);
    }

    private static void check(Figures figures, double foundShare) {
        String complaint = figures.complaint(COMMAND);
        print(complaint);
        Census census = figures.census();
        assertThat(census.foundShare()).as(complaint).isGreaterThanOrEqualTo(foundShare);
        assertThat(census.connectedShare()).as(complaint).isGreaterThanOrEqualTo(0.98);
        assertThat(census.secondsAfterStart.max()).as(complaint).isLessThan(10);
        assertThat(census.secondsAfterMove.max()).as(complaint).isLessThan(10);
        assertThat(figures.longestRestSeconds()).as(complaint).isLessThan(360);
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
