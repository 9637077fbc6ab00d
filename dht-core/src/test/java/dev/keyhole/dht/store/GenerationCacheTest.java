package dev.keyhole.dht.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GenerationCacheTest {

    private static final long AGE = 300;
    private static final long GENERATION = 200;

    private final GenerationCache<String, Integer> cache = new GenerationCache<>(16, AGE);

    @Test
    void entryLivesBetweenTwoAndFourThirdsOfTheAge() {
        cache.put("early", 1, 1, 0);
        cache.put("late", 2, 1, GENERATION - 1);

        assertThat(cache.find("early", 2 * GENERATION - 1)).isEqualTo(1);
        assertThat(cache.find("late", 2 * GENERATION - 1)).isEqualTo(2);
        assertThat(cache.find("early", 2 * GENERATION)).isNull();
        assertThat(cache.find("late", 2 * GENERATION)).isNull();
    }

    @Test
    void readingDoesNotRenewAndWritingDoes() {
        cache.put("read", 1, 1, 0);
        cache.put("written", 1, 1, 0);

        for (long now = 0; now < 2 * GENERATION; now++) {
            assertThat(cache.find("read", now)).isEqualTo(1);
            cache.put("written", 2, 1, now);
        }

        assertThat(cache.find("read", 2 * GENERATION)).isNull();
        assertThat(cache.find("written", 2 * GENERATION)).isEqualTo(2);
    }

    @Test
    void expiryDoesNotDependOnTheOrderOfAccess() {
        cache.put("a", 1, 1, 0);
        cache.put("b", 1, 2, 0);
        cache.put("a", 1, 1, GENERATION);

        assertThat(cache.find("a", 2 * GENERATION)).isEqualTo(1);
        assertThat(cache.find("b", 2 * GENERATION)).isNull();
        assertThat(cache.size()).isEqualTo(1);
    }

    @Test
    void longSilenceForgetsEverything() {
        cache.put("a", 1, 1, 0);

        assertThat(cache.find("a", 1_000_000)).isNull();
        cache.put("b", 1, 1, 1_000_000);
        assertThat(cache.find("b", 1_000_000 + GENERATION - 1)).isEqualTo(1);
    }

    @Test
    void memoryIsBoundedByTwiceTheLimit() {
        for (int i = 0; i < 1000; i++) {
            cache.put("key " + i, i, i, 0);
        }

        assertThat(cache.size()).isLessThanOrEqualTo(32);
        assertThat(cache.find("key 999", 0)).isEqualTo(999);
    }

    @Test
    void oneSourceCannotEvictOthersRecords() {
        cache.put("honest", 1, 7, 0);

        int stored = 0;
        for (int i = 0; i < 1000; i++) {
            stored += cache.put("flood " + i, i, 8, 0) ? 1 : 0;
        }

        assertThat(stored).isEqualTo(2);
        assertThat(cache.find("honest", 0)).isEqualTo(1);
        assertThat(cache.put("flood 0", 5, 8, 0)).as("its own may be renewed").isTrue();
    }

    @Test
    void topicTakesABoundedNumberOfKeys() {
        TopicRecords topics = new TopicRecords(StoreLimits.DEFAULT);
        Bytes topic = Bytes.random(new Random(1), 32);
        Random random = new Random(2);

        int stored = 0;
        for (int i = 0; i < TopicRecords.MAX_PER_TOPIC + 100; i++) {
            PublicKey key = new PublicKey(Bytes.random(random, 32));
            stored += topics.put(topic, key, key.bytes(), i, 0) ? 1 : 0;
        }

        assertThat(stored).isEqualTo(TopicRecords.MAX_PER_TOPIC);
        long later = StoreLimits.DEFAULT.recordAgeNanos() * 2;
        PublicKey key = new PublicKey(Bytes.random(random, 32));
        assertThat(topics.put(topic, key, key.bytes(), 1, later)).isTrue();
        assertThat(topics.sample(topic, 20, random, later)).containsExactly(key.bytes());
    }
}
