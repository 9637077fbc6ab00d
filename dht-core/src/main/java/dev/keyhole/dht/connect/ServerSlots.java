package dev.keyhole.dht.connect;

import dev.keyhole.dht.connect.Acceptor.Slot;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The slots of a server: found by message and by id, and counted by where they came from. */
final class ServerSlots {

    /** How many clients may be on their way at a time. */
    static final int MAX_PENDING = 256;

    /** How many of them may claim to be at one host. */
    static final int MAX_PENDING_PER_CLIENT = 128;

    /** How many of them may come through one relay, or without any of ours. */
    static final int MAX_PENDING_PER_RELAY = 128;

    /** How many slots are remembered, most of them for the sake of copies. */
    static final int MAX_SLOTS = 2048;

    private final Map<Bytes, Slot> byMessage = new HashMap<>();
    private final Map<Integer, Slot> byId = new HashMap<>();
    private final BitSet ids = new BitSet();

    /** Those that are kept for the sake of copies alone, oldest first. */
    private final Set<Slot> lingering = new LinkedHashSet<>();

    private int pending;
    private final Map<Integer, Integer> pendingByClient = new HashMap<>();
    private final Map<Address, Integer> pendingByRelay = new HashMap<>();

    int size() {
        return byMessage.size();
    }

    @Nullable Slot find(Bytes message) {
        return byMessage.get(message);
    }

    @Nullable Slot find(long id) {
        return id > MAX_SLOTS ? null : byId.get((int) id);
    }

    /** All slots of the moment. */
    List<Slot> all() {
        return List.copyOf(byMessage.values());
    }

    /** Whether another client may be on its way from there. */
    boolean hasRoomFor(Address client, Address relay) {
        return pending < MAX_PENDING
                && size() - lingering.size() < MAX_SLOTS
                && pendingByClient.getOrDefault(client.host(), 0) < MAX_PENDING_PER_CLIENT
                && pendingByRelay.getOrDefault(relay, 0) < MAX_PENDING_PER_RELAY;
    }

    /** The slot that has to go before another can be added, where there is room for one. */
    @Nullable Slot inTheWay() {
        Iterator<Slot> oldest = lingering.iterator();
        return size() < MAX_SLOTS || !oldest.hasNext() ? null : oldest.next();
    }

    /** The id of the next slot. */
    int nextId() {
        return ids.nextClearBit(0);
    }

    void add(Slot slot) {
        ids.set(slot.id);
        byId.put(slot.id, slot);
        byMessage.put(slot.noise, slot);
    }

    /** Takes in that a client is on its way. */
    void begun(Slot slot) {
        pending++;
        pendingByClient.merge(slot.client.host(), 1, Integer::sum);
        pendingByRelay.merge(slot.relay, 1, Integer::sum);
    }

    /** Takes in that a client which was on its way no longer is. */
    void settled(Slot slot) {
        pending--;
        pendingByClient.computeIfPresent(slot.client.host(), (c, n) -> n == 1 ? null : n - 1);
        pendingByRelay.computeIfPresent(slot.relay, (c, n) -> n == 1 ? null : n - 1);
    }

    /** Takes in that a slot is kept for the sake of copies alone from now on. */
    void linger(Slot slot) {
        lingering.add(slot);
    }

    /** Forgets a slot; harmless when repeated. */
    void remove(Slot slot) {
        lingering.remove(slot);
        if (byMessage.remove(slot.noise, slot)) {
            ids.clear(slot.id);
            byId.remove(slot.id);
        }
    }
}
