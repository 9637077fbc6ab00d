package dev.keyhole.transport.udx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of many things, the earliest in front: a binary heap whose entries know their place,
 * so that moving one is as cheap as adding one.
 */
final class Deadlines<T extends Deadlines.Entry> {

    /** Something with a deadline. */
    abstract static class Entry {
        private int place = -1;
        private long deadlineNanos = Long.MAX_VALUE;
    }

    private final List<T> heap = new ArrayList<>();

    /** The earliest deadline, or {@code Long.MAX_VALUE}. */
    long earliestNanos() {
        return heap.isEmpty() ? Long.MAX_VALUE : deadline(heap.get(0));
    }

    /** Sets the deadline of an entry; {@code Long.MAX_VALUE} takes it out. */
    void set(T entry, long deadlineNanos) {
        if (deadlineNanos == Long.MAX_VALUE) {
            remove(entry);
            return;
        }
        long before = deadline(entry);
        entryOf(entry).deadlineNanos = deadlineNanos;
        if (place(entry) < 0) {
            heap.add(entry);
            up(entry, heap.size() - 1);
        } else if (deadlineNanos < before) {
            up(entry, place(entry));
        } else if (deadlineNanos > before) {
            down(entry, place(entry));
        }
    }

    /** Takes out an entry whose deadline has passed, if there is one. */
    @Nullable T poll(long now) {
        if (earliestNanos() > now) {
            return null;
        }
        T entry = heap.get(0);
        remove(entry);
        return entry;
    }

    private void remove(T entry) {
        int hole = place(entry);
        entryOf(entry).deadlineNanos = Long.MAX_VALUE;
        if (hole < 0) {
            return;
        }
        entryOf(entry).place = -1;
        T moved = heap.remove(heap.size() - 1);
        if (moved == entry) {
            return;
        }
        up(moved, hole);
        down(moved, place(moved));
    }

    private void up(T entry, int from) {
        int at = from;
        while (at > 0) {
            T parent = heap.get((at - 1) / 2);
            if (deadline(parent) <= deadline(entry)) {
                break;
            }
            put(parent, at);
            at = (at - 1) / 2;
        }
        put(entry, at);
    }

    private void down(T entry, int from) {
        int at = from;
        while (2 * at + 1 < heap.size()) {
            int child = 2 * at + 1;
            if (child + 1 < heap.size()
                    && deadline(heap.get(child + 1)) < deadline(heap.get(child))) {
                child++;
            }
            if (deadline(heap.get(child)) >= deadline(entry)) {
                break;
            }
            put(heap.get(child), at);
            at = child;
        }
        put(entry, at);
    }

    private void put(T entry, int at) {
        heap.set(at, entry);
        entryOf(entry).place = at;
    }

    private int place(T entry) {
        return entryOf(entry).place;
    }

    private long deadline(T entry) {
        return entryOf(entry).deadlineNanos;
    }

    private Entry entryOf(T entry) {
        return entry;
    }
}
