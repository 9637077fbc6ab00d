package dev.keyhole.dht.store;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Who announced which topic: one record for each key, the last one. */
final class TopicRecords {

    /** Keys under one topic, so that nobody can make a lookup expensive. */
    static final int MAX_PER_TOPIC = 4096;

    private final GenerationCache<Key, Bytes> records;
    private final Map<Bytes, Map<PublicKey, Key>> topics = new LinkedHashMap<>();
    private final int limit;

    private record Key(Bytes topic, PublicKey publicKey) {}

    TopicRecords(StoreLimits limits) {
        records = new GenerationCache<>(limits.records(), limits.recordAgeNanos());
        limit = 2 * limits.records();
    }

    boolean put(Bytes topic, PublicKey publicKey, Bytes record, int writer, long nowNanos) {
        Map<PublicKey, Key> keys = topics.get(topic);
        boolean known = keys != null && keys.containsKey(publicKey);
        if (!known && keys != null && keys.size() >= MAX_PER_TOPIC) {
            forgetExpired(topic, nowNanos);
            keys = topics.get(topic);
            if (keys != null && keys.size() >= MAX_PER_TOPIC) {
                return false;
            }
        }
        Key key = new Key(topic, publicKey);
        if (!records.put(key, record, writer, nowNanos)) {
            return false;
        }
        topics.computeIfAbsent(topic, t -> new LinkedHashMap<>()).put(publicKey, key);
        if (topics.size() > limit) {
            List.copyOf(topics.keySet()).forEach(t -> forgetExpired(t, nowNanos));
        }
        return true;
    }

    void remove(Bytes topic, PublicKey publicKey) {
        records.remove(new Key(topic, publicKey));
        Map<PublicKey, Key> keys = topics.get(topic);
        if (keys != null && keys.remove(publicKey) != null && keys.isEmpty()) {
            topics.remove(topic);
        }
    }

    /** Some of the records under a topic, drawn at random. */
    List<Bytes> sample(Bytes topic, int count, Random entropy, long nowNanos) {
        forgetExpired(topic, nowNanos);
        Map<PublicKey, Key> keys = topics.get(topic);
        if (keys == null) {
            return List.of();
        }
        List<Bytes> found = new ArrayList<>(keys.size());
        for (Key key : keys.values()) {
            Bytes record = records.find(key, nowNanos);
            if (record != null) {
                found.add(record);
            }
        }
        for (int i = 0; i < Math.min(count, found.size()); i++) {
            int other = i + entropy.nextInt(found.size() - i);
            Bytes swapped = found.get(i);
            found.set(i, found.get(other));
            found.set(other, swapped);
        }
        return found.subList(0, Math.min(count, found.size()));
    }

    void clear() {
        records.clear();
        topics.clear();
    }

    int size() {
        return records.size();
    }

    private void forgetExpired(Bytes topic, long nowNanos) {
        Map<PublicKey, Key> keys = topics.get(topic);
        if (keys != null) {
            keys.values().removeIf(key -> records.find(key, nowNanos) == null);
            if (keys.isEmpty()) {
                topics.remove(topic);
            }
        }
    }
}
