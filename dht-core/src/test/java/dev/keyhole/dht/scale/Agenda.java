package dev.keyhole.dht.scale;

import dev.keyhole.transport.net.Machine;
import java.util.Arrays;

/**
 * What will happen, the soonest first, and at the same time in the order it was planned.
 *
 * <p>A heap of four children in flat arrays: a simulation of ten thousand nodes puts millions of
 * datagrams through it.
 */
final class Agenda<T> {

    private long[] nanos = new long[1024];
    private long[] order = new long[1024];
    private Object[] what = new Object[1024];
    private int size;
    private long planned;

    int size() {
        return size;
    }

    /** When something happens next. */
    long nextNanos() {
        return size == 0 ? Machine.NEVER : nanos[0];
    }

    void add(long atNanos, T event) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
            order = Arrays.copyOf(order, 2 * size);
            what = Arrays.copyOf(what, 2 * size);
        }
        long serial = planned++;
        int at = size++;
        while (at > 0) {
            int parent = at - 1 >> 2;
            if (nanos[parent] <= atNanos) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        put(at, atNanos, serial, event);
    }

    /** Takes out what happens next. */
    T remove() {
        if (size == 0) {
            throw new IllegalStateException("nothing is planned");
        }
        @SuppressWarnings("unchecked") // add puts nothing else in
        T first = (T) what[0];
        int last = --size;
        long lastNanos = nanos[last];
        long lastOrder = order[last];
        Object lastWhat = what[last];
        what[last] = null;
        if (last > 0) {
            sink(lastNanos, lastOrder, lastWhat);
        }
        return first;
    }

    private void sink(long atNanos, long serial, Object event) {
        int at = 0;
        while (true) {
            int least = 4 * at + 1;
            if (least >= size) {
                break;
            }
            int end = Math.min(least + 4, size);
            for (int child = least + 1; child < end; child++) {
                if (isBefore(nanos[child], order[child], nanos[least], order[least])) {
                    least = child;
                }
            }
            if (!isBefore(nanos[least], order[least], atNanos, serial)) {
                break;
            }
            move(least, at);
            at = least;
        }
        put(at, atNanos, serial, event);
    }

    private static boolean isBefore(long nanos, long order, long otherNanos, long otherOrder) {
        return nanos < otherNanos || nanos == otherNanos && order < otherOrder;
    }

    private void move(int from, int to) {
        nanos[to] = nanos[from];
        order[to] = order[from];
        what[to] = what[from];
    }

    private void put(int at, long atNanos, long serial, Object event) {
        nanos[at] = atNanos;
        order[at] = serial;
        what[at] = event;
    }
}
