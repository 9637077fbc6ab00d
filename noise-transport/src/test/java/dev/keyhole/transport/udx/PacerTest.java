package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PacerTest {

    private static final int PACKET = 1172;

    private final Pacer pacer = new Pacer();

    @Test
    void withoutARateEverythingMayGo() {
        for (int i = 0; i < 1000; i++) {
            assertThat(pacer.allows(0)).isTrue();
            pacer.spend(PACKET);
        }
    }

    @Test
    void overTimeTheRateIsKept() {
        for (double bytesPerSecond : new double[] {50_000, 5_000_000, 500_000_000}) {
            Pacer paced = new Pacer();
            paced.rate(bytesPerSecond, 0);
            long now = 0;
            long sent = 0;
            while (now < SECONDS.toNanos(2)) {
                while (paced.allows(now)) {
                    paced.spend(PACKET);
                    sent += PACKET;
                }
                now = Math.max(now + 1, paced.readyNanos());
            }

            assertThat((double) sent / 2 / bytesPerSecond).isBetween(0.98, 1.3);
        }
    }

    @Test
    void aFastStreamWaitsForLessThanAMillisecondAtATime() {
        pacer.rate(50_000_000, 0);
        while (pacer.allows(0)) {
            pacer.spend(PACKET);
        }

        assertThat(pacer.readyNanos()).isBetween(1L, 1_000_000L);
        assertThat(pacer.allows(pacer.readyNanos())).isTrue();
    }

    @Test
    void wakingLateCostsNoSpeed() {
        double bytesPerSecond = 200_000_000;
        pacer.rate(bytesPerSecond, 0);
        long now = 0;
        long sent = 0;
        while (now < SECONDS.toNanos(2)) {
            while (pacer.allows(now)) {
                pacer.spend(PACKET);
                sent += PACKET;
            }
            now = pacer.readyNanos() + 2_500_000;
        }

        assertThat((double) sent / 2 / bytesPerSecond).isBetween(0.98, 1.05);
    }

    @Test
    void wakingVeryLateIsAPause() {
        pacer.rate(10_000_000, 0);
        while (pacer.allows(0)) {
            pacer.spend(PACKET);
        }
        long late = pacer.readyNanos() + SECONDS.toNanos(1);
        int burst = 0;

        while (pacer.allows(late)) {
            pacer.spend(PACKET);
            burst++;
        }

        assertThat(burst).isBetween(17, 17 + 4 * 10_000 / PACKET + 1);
    }

    @Test
    void aPauseDoesNotSaveUpForABurst() {
        pacer.rate(10_000_000, 0);
        int burst = 0;

        while (pacer.allows(SECONDS.toNanos(100))) {
            pacer.spend(PACKET);
            burst++;
        }

        assertThat(burst).isBetween(1, 17);
    }
}
