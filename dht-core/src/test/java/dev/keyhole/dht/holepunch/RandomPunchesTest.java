package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RandomPunchesTest {

    private static final Random RANDOM = new Random(1);
    private static final PublicKey FIRST = key();
    private static final PublicKey SECOND = key();
    private static final PublicKey THIRD = key();

    private final RandomPunches punches = new RandomPunches();

    @Test
    void whoWasToldToWaitFirstIsNextAndNobodyOvertakesIt() {
        assertThat(punches.mustWait(FIRST, 0)).isFalse();
        punches.begin();
        assertThat(punches.mustWait(SECOND, 1)).isTrue();
        assertThat(punches.mustWait(THIRD, 2)).isTrue();
        punches.end(SECONDS.toNanos(10));

        long free = SECONDS.toNanos(30);
        assertThat(punches.mustWait(THIRD, free)).isTrue();
        assertThat(punches.mustWait(SECOND, free)).isFalse();
        punches.begin();
        punches.end(free);
        assertThat(punches.mustWait(THIRD, free + RandomPunches.PAUSE_NANOS)).isFalse();
    }

    @Test
    void whoDoesNotComeBackLosesItsPlace() {
        punches.begin();
        assertThat(punches.mustWait(SECOND, 0)).isTrue();
        punches.end(1);

        assertThat(punches.mustWait(THIRD, RandomPunches.PLACE_NANOS - 1)).isTrue();
        assertThat(punches.mustWait(THIRD, RandomPunches.PLACE_NANOS)).isFalse();
    }

    @Test
    void thoseWhoWaitAreBounded() {
        punches.begin();
        for (int i = 0; i < 2 * RandomPunches.MAX_WAITING; i++) {
            assertThat(punches.mustWait(key(), 0)).isTrue();
        }
        PublicKey tooMany = key();
        assertThat(punches.mustWait(tooMany, 0)).isTrue();
        punches.end(0);

        // It has no place, but the others have not come back.
        assertThat(punches.mustWait(tooMany, RandomPunches.PLACE_NANOS)).isFalse();
    }

    private static PublicKey key() {
        return KeyPair.fromSeed(Seed.of(Bytes.random(RANDOM, 32))).publicKey();
    }
}
