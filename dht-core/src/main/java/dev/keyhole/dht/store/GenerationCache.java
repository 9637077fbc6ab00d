package dev.keyhole.dht.store;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets by the clock: what was written longest ago goes first, a generation at a time.
 *
 * <p>An entry lives between two and four thirds of the age from its last write; reading does not
 * renew it. A full generation ends early, so memory is bounded by twice the limit.
 */
final class GenerationCache<K, V> {

    private final int limit;
    private final long generationNanos;
    private Map<K, V> fresh = new HashMap<>();
    private Map<K, V> old = new HashMap<>();
    private long startedNanos;

    GenerationCache(int limit, long ageNanos) {
        this.limit = limit;
        this.generationNanos = (2 * ageNanos + 2) / 3;
    }

    @Nullable V find(K key, long nowNanos) {
        age(nowNanos);
        V value = fresh.get(key);
        return value != null ? value : old.get(key);
    }

    void put(K key, V value, long nowNanos) {
        age(nowNanos);
        if (fresh.size() >= limit && !fresh.containsKey(key)) {
            turn(nowNanos);
        }
        fresh.put(key, value);
        old.remove(key);
    }

    void remove(K key) {
        fresh.remove(key);
        old.remove(key);
    }

    int size() {
        return fresh.size() + old.size();
    }

    private void age(long nowNanos) {
        if (nowNanos - startedNanos >= 2 * generationNanos) {
            turn(nowNanos);
            turn(nowNanos);
        } else if (nowNanos - startedNanos >= generationNanos) {
            turn(startedNanos + generationNanos);
        }
    }

    private void turn(long startNanos) {
        old = fresh;
        fresh = new HashMap<>();
        startedNanos = startNanos;
    }
}
