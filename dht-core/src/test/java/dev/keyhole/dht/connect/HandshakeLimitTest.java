package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import org.junit.jupiter.api.Test;

class HandshakeLimitTest {

    private static final Address RELAY = Address.parse("88.1.1.1:49737");

    private final HandshakeLimit limit = new HandshakeLimit();

    @Test
    void eachStrangerHasAShareAndAllHaveOne() {
        assertThat(admitted(stranger(1), false, 100, 0)).isEqualTo(HandshakeLimit.STRANGER.burst());
        assertThat(admitted(stranger(1).withPort(9), false, 1, 0)).as("the host counts").isZero();

        int all = HandshakeLimit.STRANGER.burst();
        for (int i = 2; i < 20; i++) {
            all += admitted(stranger(i), false, 100, 0);
        }
        assertThat(all).isEqualTo(HandshakeLimit.ALL_STRANGERS.burst());
        assertThat(admitted(stranger(1), false, 100, SECONDS.toNanos(1)))
                .isEqualTo(HandshakeLimit.STRANGER.perSecond());
    }

    @Test
    void relaysHaveTheirShareWhateverStrangersDo() {
        for (int i = 0; i < 100; i++) {
            admitted(stranger(i), false, 100, 0);
        }

        assertThat(admitted(RELAY, true, 1000, 0)).isEqualTo(HandshakeLimit.RELAY.burst());
        assertThat(admitted(RELAY, true, 1000, SECONDS.toNanos(1)))
                .isEqualTo(HandshakeLimit.RELAY.perSecond());
    }

    @Test
    void hostsThatAreToldApartAreBounded() {
        for (int i = 0; i < HandshakeLimit.MAX_HOSTS + 100; i++) {
            limit.admits(stranger(i), false, 0);
        }

        assertThat(limit.hosts()).isEqualTo(HandshakeLimit.MAX_HOSTS);
    }

    @Test
    void privateNetworksAreNotLimited() {
        assertThat(admitted(Address.loopback(5), false, 10_000, 0)).isEqualTo(10_000);
    }

    private int admitted(Address from, boolean ownRelay, int count, long nowNanos) {
        int admitted = 0;
        for (int i = 0; i < count; i++) {
            admitted += limit.admits(from, ownRelay, nowNanos) ? 1 : 0;
        }
        return admitted;
    }

    private static Address stranger(int i) {
        return new Address(0x59000000 + i, 1000);
    }
}
