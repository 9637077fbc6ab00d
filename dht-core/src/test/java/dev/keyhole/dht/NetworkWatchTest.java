package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.netty.LocalAddresses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NetworkWatchTest {

    private static final List<Address> HOME = List.of(Address.parse("192.168.1.2:5"));
    private static final List<Address> TRAIN =
            List.of(Address.parse("10.0.0.9:5"), Address.parse("10.1.0.9:5"));
    private static final List<Address> TRAIN_REVERSED = List.of(TRAIN.get(1), TRAIN.get(0));

    private final List<List<Address>> changes = new ArrayList<>();
    private List<Address> present = HOME;
    private final NetworkWatch watch = new NetworkWatch(() -> present, HOME, changes::add);

    @Test
    void localAddressesAreJudgedAfreshAfterANetworkChange() {
        watch.look();
        assertThat(changes).isEmpty();

        present = TRAIN;
        watch.look();
        present = TRAIN_REVERSED;
        watch.look();
        assertThat(changes).containsExactly(TRAIN);

        present = HOME;
        watch.look();
        assertThat(changes).containsExactly(TRAIN, HOME);
    }

    @Test
    void whoKnowsOfAChangeIsBelieved() throws InterruptedException {
        CountDownLatch reported = new CountDownLatch(1);
        NetworkWatch told = new NetworkWatch(() -> HOME, HOME, addresses -> reported.countDown());

        told.changed();

        assertThat(reported.await(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aNetworkIsLookedAtEveryTwoSecondsOrLess() {
        assertThat(NetworkWatch.INTERVAL).isLessThanOrEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void onlyAddressesThatCanBeBoundAreShared() {
        assertThat(LocalAddresses.of(new Address(0, 7)))
                .isNotEmpty()
                .allMatch(address -> address.port() == 7);
        assertThat(LocalAddresses.of(Address.parse("127.0.0.1:7")))
                .containsExactly(Address.parse("127.0.0.1:7"));
    }
}
