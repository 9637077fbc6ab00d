package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DhtConfigTest {

    @Test
    void thePublicNetworkHasThreeNodesToBeginWith() {
        assertThat(DhtConfig.defaults().bootstrap())
                .containsExactly(
                        "node1.hyperdht.org:49737",
                        "node2.hyperdht.org:49737",
                        "node3.hyperdht.org:49737");
        assertThat(DhtConfig.defaults().bootstrapNodes())
                .allMatch(node -> node.address().isPresent() && node.hasNameToo());
    }

    @Test
    void anAddressNeedsNoName() {
        BootstrapNode node = BootstrapNode.parse(" 10.0.0.1:4000 ");

        assertThat(node.address()).contains(Address.of("10.0.0.1", 4000));
        assertThat(node.hasNameToo()).isFalse();
    }

    @Test
    void aNameHasNoAddressYet() {
        assertThat(BootstrapNode.parse("node.example:4000").address()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "host", "host:", ":1", "1.2.3.4@:1", "host:0", "host:65536", "host:x"})
    void whatIsNoNodeIsRepeatedInTheError(String text) {
        assertThatThrownBy(() -> DhtConfig.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text);
    }

    @Test
    void aNetworkOnLoopbackIsJoinedFromLoopback() {
        assertThat(DhtConfig.of("127.0.0.1:5000").host()).isEqualTo("127.0.0.1");
        assertThat(DhtConfig.of("127.0.0.1:5000", "10.0.0.1:1").host()).isEqualTo("0.0.0.0");
    }

    @Test
    void anAbsentPortIsNotPortZero() {
        assertThat(DhtConfig.defaults().port()).isEmpty();
        assertThat(DhtConfig.defaults().withPort(0).port()).hasValue(0);
    }

    @Test
    void networkIsJoinedOnlyWhenAsked() {
        assertThat(DhtConfig.of().bootstrap()).isEmpty();
        assertThat(DhtConfig.of("10.0.0.1:1").bootstrap()).containsExactly("10.0.0.1:1");
    }

    @Test
    void explicitOptionsAreHonouredAndNeverChanged() {
        DhtConfig config = DhtConfig.of();
        assertThat(config.withPort(0).port()).hasValue(0);
        assertThat(config.port()).isEmpty();

        List<Address> relays = new ArrayList<>(List.of(Address.parse("10.0.0.1:1")));
        ConnectOptions options = ConnectOptions.defaults().withRelays(relays);
        relays.add(Address.parse("10.0.0.2:1"));
        ConnectOptions changed = options.withPunching(false).withReusableSocket(true);

        assertThat(options.relays()).containsExactly(Address.parse("10.0.0.1:1"));
        assertThat(options.punching()).isTrue();
        assertThat(changed.punching()).isFalse();
        assertThat(changed.relays()).isEqualTo(options.relays());
        assertThat(ConnectOptions.defaults().relays()).isEmpty();
        assertThat(ConnectOptions.defaults().reusableSocket()).isFalse();
    }
}
