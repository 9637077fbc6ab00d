package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardLimitTest {

    private static final Address STRANGER = Address.parse("8.8.8.8:1000");
    private static final Address NEIGHBOUR = Address.parse("10.4.4.4:4");
    private static final Address PUBLIC = Address.parse("9.9.9.9:5");

    private final ForwardLimit limit = new ForwardLimit();

    @Test
    void forwardingIsLimitedPerSourceAndRefusesReservedTargets() {
        for (String target :
                List.of("127.0.0.1:80", "10.0.0.1:80", "224.0.0.1:80", "0.0.0.0:80", "9.9.9.9:0")) {
            assertThat(limit.admits(STRANGER, Address.parse(target), 0)).as(target).isFalse();
        }
        assertThat(limit.refusedDestinations()).isEqualTo(5);

        assertThat(admitted(STRANGER, 1000, 0)).isEqualTo(ForwardLimit.BURST);
        assertThat(limit.refusedSources()).isEqualTo(1000 - ForwardLimit.BURST);
        assertThat(admitted(STRANGER, 1000, SECONDS.toNanos(1))).isEqualTo(ForwardLimit.PER_SECOND);
        assertThat(admitted(STRANGER.withPort(2), 1, SECONDS.toNanos(1)))
                .as("the host counts")
                .isZero();
    }

    @Test
    void privateNetworksForwardAmongThemselvesWithoutLimit() {
        assertThat(admitted(NEIGHBOUR, 10_000, 0)).isEqualTo(10_000);
        assertThat(limit.admits(NEIGHBOUR, Address.parse("192.168.1.1:5"), 0)).isTrue();
        assertThat(limit.admits(NEIGHBOUR, Address.parse("127.0.0.1:5"), 0)).isFalse();
        assertThat(limit.admits(Address.loopback(1), Address.loopback(2), 0)).isTrue();
    }

    @Test
    void aServerThatAnnouncedItselfIsReachedWhereverItLives() {
        for (int i = 0; i < ForwardLimit.BURST; i++) {
            assertThat(limit.admitsAnnounced(STRANGER, 0)).isTrue();
        }
        assertThat(limit.admitsAnnounced(STRANGER, 0)).isFalse();
    }

    @Test
    void hostsThatAreToldApartAreBoundedAndTheLatestKeepTheirShares() {
        for (int i = 0; i < ForwardLimit.BURST; i++) {
            limit.admits(STRANGER, PUBLIC, 0);
        }
        for (int i = 1; i < ForwardLimit.MAX_HOSTS; i++) {
            assertThat(limit.admits(new Address(0x59000000 + i, 1), PUBLIC, 0)).isTrue();
        }
        assertThat(limit.admits(STRANGER, PUBLIC, 0)).as("still known").isFalse();

        for (int i = 0; i < ForwardLimit.MAX_HOSTS; i++) {
            limit.admits(new Address(0x5a000000 + i, 1), PUBLIC, 0);
        }
        assertThat(limit.admits(STRANGER, PUBLIC, 0)).as("forgotten").isTrue();
    }

    private int admitted(Address from, int count, long nowNanos) {
        int admitted = 0;
        for (int i = 0; i < count; i++) {
            admitted += limit.admits(from, PUBLIC, nowNanos) ? 1 : 0;
        }
        return admitted;
    }
}
