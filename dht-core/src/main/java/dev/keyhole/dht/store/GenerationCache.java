package dev.keyhole.dht.store;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets by the clock: what was written longest ago goes first, a generation at a time.
 *
 * <p>An entry lives between two and four thirds of the age from its last write; reading does not
 * renew it. A full generation ends early, so memory is bounded by twice the limit. One writer may
 * fill no more than an eighth of a generation, so that nobody alone can end it.
 */
final class GenerationCache<K, V> {

    private static final int SHARES = 8;

    private final int limit;
    private final long generationNanos;
    private Generation<K, V> fresh = new Generation<>();
    private Generation<K, V> old = new Generation<>();
    private long startedNanos;

    /** What was written between two turns. */
    private static final class Generation<K, V> {
        final Map<K, Written<V>> entries = new HashMap<>();
        final Map<Integer, Integer> perWriter = new HashMap<>();

        void put(K key, Written<V> written) {
            remove(key);
            entries.put(key, written);
            perWriter.merge(written.writer(), 1, Integer::sum);
        }

        void remove(K key) {
            Written<V> removed = entries.remove(key);
            if (removed != null) {
                perWriter.computeIfPresent(
                        removed.writer(), (writer, count) -> count == 1 ? null : count - 1);
            }
        }
    }

    private record Written<V>(V value, int writer) {}

    GenerationCache(int limit, long ageNanos) {
        this.limit = limit;
        this.generationNanos = (2 * ageNanos + 2) / 3;
    }

    @Nullable V find(K key, long nowNanos) {
        age(nowNanos);
        Written<V> written = fresh.entries.get(key);
        if (written == null) {
            written = old.entries.get(key);
        }
        return written == null ? null : written.value();
    }

    /**
     * Writes an entry, in place of the one with its key.
     *
     * @param writer who is charged for it: a host
     * @return false if the writer has used up its share
     */
    boolean put(K key, V value, int writer, long nowNanos) {
        age(nowNanos);
        boolean present = fresh.entries.containsKey(key);
        int share = Math.max(1, limit / SHARES);
        if (!present && fresh.perWriter.getOrDefault(writer, 0) >= share) {
            return false;
        }
        if (!present && fresh.entries.size() >= limit) {
            turn(nowNanos);
        }
        fresh.put(key, new Written<>(value, writer));
        old.remove(key);
        return true;
    }

    void remove(K key) {
        fresh.remove(key);
        old.remove(key);
    }

    void clear() {
        fresh = new Generation<>();
        old = new Generation<>();
    }

    int size() {
        return fresh.entries.size() + old.entries.size();
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
        fresh = new Generation<>();
        startedNanos = startNanos;
    }
}
