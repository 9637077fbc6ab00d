package dev.keyhole.transport.udx;

import org.jspecify.annotations.Nullable;

/** Things by stream id, found without making an object. */
final class IdMap<T> {

    private static final int FEWEST_SLOTS = 16;

    private int[] ids = new int[FEWEST_SLOTS];
    private @Nullable Object[] values = new Object[FEWEST_SLOTS];
    private int size;

    int size() {
        return size;
    }

    boolean contains(int id) {
        return values[slotOf(id)] != null;
    }

    @SuppressWarnings("unchecked") // only put writes to the array
    @Nullable T get(int id) {
        return (T) values[slotOf(id)];
    }

    /** Adds something under an id that is not in use. */
    void put(int id, T value) {
        if (2 * (size + 1) > ids.length) {
            grow();
        }
        int slot = slotOf(id);
        if (values[slot] != null) {
            throw new IllegalStateException("id " + Integer.toUnsignedString(id) + " is in use");
        }
        ids[slot] = id;
        values[slot] = value;
        size++;
    }

    /** Removes what is under an id, if anything, and closes the gap. */
    void remove(int id) {
        int gap = slotOf(id);
        if (values[gap] == null) {
            return;
        }
        size--;
        values[gap] = null;
        int mask = ids.length - 1;
        for (int slot = gap + 1 & mask; values[slot] != null; slot = slot + 1 & mask) {
            int home = home(ids[slot]);
            boolean reachesOverGap = (slot - home & mask) >= (slot - gap & mask);
            if (reachesOverGap) {
                ids[gap] = ids[slot];
                values[gap] = values[slot];
                values[slot] = null;
                gap = slot;
            }
        }
    }

    /** Where an id is, or where it would go. */
    private int slotOf(int id) {
        int mask = ids.length - 1;
        int slot = home(id);
        while (values[slot] != null && ids[slot] != id) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    /** Ids are random, so their low bits scatter them well enough. */
    private int home(int id) {
        return id & ids.length - 1;
    }

    private void grow() {
        int[] oldIds = ids;
        @Nullable Object[] oldValues = values;
        ids = new int[2 * oldIds.length];
        values = new Object[2 * oldIds.length];
        for (int i = 0; i < oldIds.length; i++) {
            Object value = oldValues[i];
            if (value != null) {
                int slot = slotOf(oldIds[i]);
                ids[slot] = oldIds[i];
                values[slot] = value;
            }
        }
    }
}
