package dev.keyhole.dht.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a node remembers of others is bounded, and gone in time. */
class MemoryTest {

    @Test
    void messagesOfThePastAreForgottenAfterTenMinutes() {
        ReplayMemory memory = new ReplayMemory();
        memory.remember(message(1), 0);
        memory.remember(message(2), 1);

        assertThat(memory.contains(message(1), ReplayMemory.AGE_NANOS - 1)).isTrue();
        assertThat(memory.contains(message(3), 0)).isFalse();
        assertThat(memory.contains(message(1), ReplayMemory.AGE_NANOS)).isFalse();
        assertThat(memory.contains(message(2), ReplayMemory.AGE_NANOS)).isTrue();
        assertThat(memory.size()).isEqualTo(1);
    }

    @Test
    void ofTooManyMessagesTheOldestAreForgotten() {
        ReplayMemory memory = new ReplayMemory();
        for (int i = 0; i <= ReplayMemory.MAX_MESSAGES; i++) {
            memory.remember(message(i), i);
        }

        assertThat(memory.size()).isEqualTo(ReplayMemory.MAX_MESSAGES);
        assertThat(memory.contains(message(0), 0)).isFalse();
        assertThat(memory.contains(message(1), 0)).isTrue();
    }

    @Test
    void theKeysWhoseRelaysAreRememberedAreBounded() {
        RelayMemory memory = new RelayMemory();
        RelayMemory.Route route = new RelayMemory.Route(List.of(Address.parse("88.1.1.1:1")), 5);
        for (int i = 0; i <= RelayMemory.MAX_KEYS; i++) {
            memory.remember(key(i), route);
        }

        assertThat(memory.of(key(0))).isNull();
        for (int i = 1; i <= RelayMemory.MAX_KEYS; i++) {
            assertThat(memory.of(key(i))).isEqualTo(route);
        }
    }

    private static PublicKey key(int i) {
        Bytes seed = Bytes.random(new Random(i), 32);
        return KeyPair.fromSeed(Seed.of(seed)).publicKey();
    }

    private static Bytes message(int i) {
        return Bytes.utf8("message " + i);
    }
}
