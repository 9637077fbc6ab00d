package dev.keyhole.dht.connect;

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

    /** How many of those on their way may have sockets opened for them to punch from. */
    static final int MAX_PUNCHES = 64;

    /** How many streams may wait to be relayed because a client wants it so. */
    static final int MAX_CLIENT_RELAYS = 32;

    private final Map<Bytes, ServerSlot> byMessage = new HashMap<>();
    private final Map<Integer, ServerSlot> byId = new HashMap<>();
    private final BitSet ids = new BitSet();

    /** Those that are kept for the sake of copies alone, oldest first. */
    private final Set<ServerSlot> lingering = new LinkedHashSet<>();

    private int pending;
    private final Map<Integer, Integer> pendingByClient = new HashMap<>();
    private final Map<Address, Integer> pendingByRelay = new HashMap<>();
    private int punches;
    private int clientRelays;

    int size() {
        return byMessage.size();
    }

    @Nullable ServerSlot find(Bytes message) {
        return byMessage.get(message);
    }

    @Nullable ServerSlot find(long id) {
        return id > MAX_SLOTS ? null : byId.get((int) id);
    }

    /** All slots of the moment. */
    List<ServerSlot> all() {
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
    @Nullable ServerSlot inTheWay() {
        Iterator<ServerSlot> oldest = lingering.iterator();
        return size() < MAX_SLOTS || !oldest.hasNext() ? null : oldest.next();
    }

    /** The id of the next slot. */
    int nextId() {
        return ids.nextClearBit(0);
    }

    void add(ServerSlot slot) {
        ids.set(slot.id);
        byId.put(slot.id, slot);
        byMessage.put(slot.noise, slot);
    }

    /** Takes in that a client is on its way. */
    void begun(ServerSlot slot) {
        pending++;
        pendingByClient.merge(slot.client.host(), 1, Integer::sum);
        pendingByRelay.merge(slot.relay, 1, Integer::sum);
    }

    /** Takes in that a client which was on its way no longer is. */
    void settled(ServerSlot slot) {
        pending--;
        pendingByClient.computeIfPresent(slot.client.host(), (c, n) -> n == 1 ? null : n - 1);
        pendingByRelay.computeIfPresent(slot.relay, (c, n) -> n == 1 ? null : n - 1);
    }

    /** Takes a place for one that punches, if there is any. */
    boolean takePunch() {
        if (punches == MAX_PUNCHES) {
            return false;
        }
        punches++;
        return true;
    }

    void givePunch() {
        punches--;
    }

    /** Takes a place for one that waits to be relayed as its client wishes, if there is any. */
    boolean takeRelay() {
        if (clientRelays == MAX_CLIENT_RELAYS) {
            return false;
        }
        clientRelays++;
        return true;
    }

    void giveRelay() {
        clientRelays--;
    }

    /** Takes in that a slot is kept for the sake of copies alone from now on. */
    void linger(ServerSlot slot) {
        lingering.add(slot);
    }

    /** Forgets a slot; harmless when repeated. */
    void remove(ServerSlot slot) {
        lingering.remove(slot);
        if (byMessage.remove(slot.noise, slot)) {
            ids.clear(slot.id);
            byId.remove(slot.id);
        }
    }
}
