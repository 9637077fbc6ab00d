package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import org.junit.jupiter.api.Test;

class NatAnalysisTest {

    private static final String HERE = "88.0.0.1:1000";
    private static final String THERE = "88.0.0.1:2000";

    private int remotes;

    @Test
    void natVerdictFollowsTheSampleTable() {
        assertThat(verdict(HERE)).isEqualTo(NatType.UNKNOWN);
        assertThat(verdict(HERE, HERE)).isEqualTo(NatType.UNKNOWN);
        assertThat(verdict(HERE, HERE, HERE)).isEqualTo(NatType.CONSISTENT);
        assertThat(verdict(HERE, THERE, "88.0.0.1:3000")).isEqualTo(NatType.RANDOM);
        assertThat(verdict(HERE, HERE, THERE)).isEqualTo(NatType.UNKNOWN);
        assertThat(verdict(HERE, HERE, THERE, "88.0.0.1:3000")).isEqualTo(NatType.RANDOM);
        assertThat(verdict(HERE, HERE, "77.0.0.1:5", "77.0.0.1:5")).isEqualTo(NatType.CONSISTENT);
        assertThat(verdict(HERE, HERE, "77.0.0.1:5", THERE)).isEqualTo(NatType.UNKNOWN);
        assertThat(verdict(HERE, HERE, "77.0.0.1:5", THERE, "77.0.0.1:6"))
                .isEqualTo(NatType.RANDOM);
    }

    @Test
    void eachRemoteCountsOnce() {
        NatAnalysis nat = new NatAnalysis(true);

        for (int i = 0; i < 5; i++) {
            nat.add(Address.parse(HERE), PunchBench.node(1), 0);
        }

        assertThat(nat.sampled()).isEqualTo(1);
        assertThat(nat.type()).isEqualTo(NatType.UNKNOWN);
    }

    @Test
    void threeAgreeingSamplesAreOnlyProvisional() {
        NatAnalysis nat = analysis(HERE, HERE, HERE);

        assertThat(nat.type()).isEqualTo(NatType.CONSISTENT);
        assertThat(nat.decided(MILLISECONDS.toNanos(299))).isFalse();
        assertThat(nat.decided(MILLISECONDS.toNanos(300))).isTrue();

        add(nat, THERE, "88.0.0.1:3000", "88.0.0.1:4000");

        assertThat(nat.type()).isEqualTo(NatType.RANDOM);
    }

    @Test
    void natViewIsFrozenOnceTold() {
        NatAnalysis nat = analysis(HERE, HERE, HERE);

        nat.freeze();
        add(nat, THERE, "88.0.0.1:3000", "88.0.0.1:4000");

        assertThat(nat.type()).isEqualTo(NatType.CONSISTENT);
        assertThat(nat.addresses()).containsExactly(Address.parse(HERE));
        assertThat(nat.moved()).isTrue();
    }

    @Test
    void whatAgreesWithWhatWasToldHasNotMoved() {
        NatAnalysis nat = analysis(HERE, HERE, HERE, HERE);

        nat.freeze();
        add(nat, HERE, HERE);

        assertThat(nat.moved()).isFalse();
    }

    @Test
    void openVerdictStillListsAddresses() {
        NatAnalysis nat = new NatAnalysis(false);
        assertThat(nat.type()).isEqualTo(NatType.OPEN);
        assertThat(nat.decided(0)).isFalse();

        add(nat, HERE);

        assertThat(nat.type()).isEqualTo(NatType.OPEN);
        assertThat(nat.addresses()).containsExactly(Address.parse(HERE));
        assertThat(nat.decided(0)).isTrue();
    }

    @Test
    void whatIsDistrustedIsRandomWhateverItShows() {
        NatAnalysis nat = new NatAnalysis(true, true);

        add(nat, HERE, HERE, HERE, HERE);

        assertThat(nat.type()).isEqualTo(NatType.RANDOM);
        assertThat(nat.addresses()).containsExactly(Address.parse("88.0.0.1:0"));
    }

    private NatType verdict(String... samples) {
        return analysis(samples).type();
    }

    private NatAnalysis analysis(String... samples) {
        NatAnalysis nat = new NatAnalysis(true);
        add(nat, samples);
        return nat;
    }

    private void add(NatAnalysis nat, String... samples) {
        for (String sample : samples) {
            nat.add(Address.parse(sample), PunchBench.node(++remotes % 250), 0);
        }
    }
}
