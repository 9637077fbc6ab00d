package dev.keyhole.dht.scale;

import dev.keyhole.transport.net.Machine;
import java.util.Arrays;

/**
 * When each of many sleepers wakes: one deadline for each, which moves with every input it gets.
 *
 * <p>A heap that knows where in it each sleeper is, so that a moved deadline moves one entry and
 * leaves nothing behind.
 */
final class Wakeups {

    private static final int ABSENT = -1;

    private int[] heap = new int[64];
    private int[] places = new int[64];
    private long[] deadlines = new long[64];
    private int size;

    Wakeups() {
        Arrays.fill(places, ABSENT);
    }

    /** When the first of all wakes. */
    long nextNanos() {
        return size == 0 ? Machine.NEVER : deadlines[heap[0]];
    }

    /** Who wakes first. */
    int next() {
        return heap[0];
    }

    /** Says when a sleeper wakes from now on, which may be never. */
    void set(int sleeper, long deadlineNanos) {
        makeRoomFor(sleeper);
        int at = places[sleeper];
        if (deadlineNanos == Machine.NEVER) {
            if (at != ABSENT) {
                remove(sleeper, at);
            }
            return;
        }
        if (at == ABSENT) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, 2 * size);
            }
            at = size++;
            deadlines[sleeper] = deadlineNanos;
            rise(sleeper, at);
            return;
        }
        long before = deadlines[sleeper];
        deadlines[sleeper] = deadlineNanos;
        if (deadlineNanos < before) {
            rise(sleeper, at);
        } else if (deadlineNanos > before) {
            sink(sleeper, at);
        }
    }

    private void remove(int sleeper, int at) {
        places[sleeper] = ABSENT;
        int last = heap[--size];
        if (last != sleeper) {
            rise(last, at);
            sink(last, places[last]);
        }
    }

    private void makeRoomFor(int sleeper) {
        int before = places.length;
        if (sleeper >= before) {
            places = Arrays.copyOf(places, Math.max(2 * before, sleeper + 1));
            deadlines = Arrays.copyOf(deadlines, places.length);
            Arrays.fill(places, before, places.length, ABSENT);
        }
    }

    private void rise(int sleeper, int from) {
        int at = from;
        while (at > 0) {
            int parent = at - 1 >> 2;
            if (!isBefore(sleeper, heap[parent])) {
                break;
            }
            put(heap[parent], at);
            at = parent;
        }
        put(sleeper, at);
    }

    private void sink(int sleeper, int from) {
        int at = from;
        while (true) {
            int first = 4 * at + 1;
            if (first >= size) {
                break;
            }
            int least = first;
            int end = Math.min(first + 4, size);
            for (int child = first + 1; child < end; child++) {
                if (isBefore(heap[child], heap[least])) {
                    least = child;
                }
            }
            if (!isBefore(heap[least], sleeper)) {
                break;
            }
            put(heap[least], at);
            at = least;
        }
        put(sleeper, at);
    }

    private void put(int sleeper, int at) {
        heap[at] = sleeper;
        places[sleeper] = at;
    }

    /** At the same time the one with the lower number wakes first. */
    private boolean isBefore(int sleeper, int other) {
        long one = deadlines[sleeper];
        long two = deadlines[other];
        return one < two || one == two && sleeper < other;
    }
}
