package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.Arrays;

/**
 * How many requests may be under way: counts over the last four slots of 750 ms.
 *
 * <p>The arithmetic is the original's ({@code docs/protocol.md}, "Congestion window"): an answer is
 * taken off the current slot only, so what is lost stays counted until its slot leaves the window.
 */
final class CongestionWindow {

    static final long SLOT_NANOS = MILLISECONDS.toNanos(750);

    private static final int SLOTS = 4;

    private final int max;
    private final int[] slots = new int[SLOTS];
    private int current;
    private int total;

    CongestionWindow(int max) {
        this.max = max;
    }

    boolean isFull() {
        return total >= 2 * max || slots[current] >= max;
    }

    void sent() {
        total++;
        slots[current]++;
    }

    /** A request ended, with an answer or without. */
    void ended() {
        if (slots[current] > 0) {
            slots[current]--;
            total--;
        }
    }

    /** A slot's time is over: the oldest one leaves the window. */
    void advance() {
        current = (current + 1) % SLOTS;
        total -= slots[current];
        slots[current] = 0;
    }

    /** Forgets what was sent. */
    void clear() {
        Arrays.fill(slots, 0);
        total = 0;
    }

    int total() {
        return total;
    }

    int slot(int index) {
        return slots[index];
    }

    int current() {
        return current;
    }
}
