package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestnetTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 6, 20})
    void aNetworkIsReadyWhenItsNodesKnowEachOther(int size) {
        try (Testnet testnet = Testnet.start(size);
                Dht node = Dht.bind(testnet.config())) {
            assertThat(testnet.addresses()).hasSize(size).doesNotHaveDuplicates();
            node.bootstrapped().block(LIMIT);

            assertThat(node.knownNodes().block(LIMIT)).isEqualTo(size);
        }
    }

    @Test
    void aNetworkOfNobodyIsAMistake() {
        assertThatThrownBy(() -> Testnet.start(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
