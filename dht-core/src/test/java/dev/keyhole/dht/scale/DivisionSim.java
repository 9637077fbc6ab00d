package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import org.junit.jupiter.api.Tag;

/** A network whose halves cannot reach each other, for so long that they forget each other. */
@Tag("soak")
class DivisionSim {

    private static final String COMMAND = "mvn test -Psoak -pl dht-core -am -Dtest=DivisionSim";

    @Seeds(1)
    void halvesThatHaveForgottenEachOtherBecomeOneNetworkAgain(long seed) {
        Conditions conditions = Conditions.of(100);
        Life life = new Life(seed, conditions).founded();

        life.world().divide(true);
        life.world().run(MINUTES.toNanos(40));
        life.world().divide(false);
        life.world().run(MINUTES.toNanos(16));

        Figures healed = life.search("after forty minutes apart", 20, 10);
        System.out.println(healed);
        assertThat(healed.foundShare()).as(healed.complaint(COMMAND)).isEqualTo(1);
    }
}
