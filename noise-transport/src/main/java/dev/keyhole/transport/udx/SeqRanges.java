package dev.keyhole.transport.udx;

import java.util.Arrays;

/**
 * A set of sequence numbers, kept as disjoint ascending ranges whose ends are exclusive.
 *
 * <p>All members lie within 2^31 of each other, so that their order is the sign of their difference.
 */
final class SeqRanges {

    private int[] starts = new int[8];
    private int[] ends = new int[8];
    private int count;
    private int size;

    /** Told about a part of a range. */
    @FunctionalInterface
    interface Visitor {
        void visit(int start, int end);
    }

    /** How many ranges there are. */
    int count() {
        return count;
    }

    /** How many numbers are in the set. */
    int size() {
        return size;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int start(int index) {
        return starts[index];
    }

    int end(int index) {
        return ends[index];
    }

    boolean contains(int seq) {
        return indexOf(seq) >= 0;
    }

    /** The range that a number is in; -1 if it is in none. */
    int indexOf(int seq) {
        int index = firstEndingAfter(seq);
        return index < count && starts[index] - seq <= 0 ? index : -1;
    }

    /** Adds the numbers from start up to, but not with, end, and visits those that were missing. */
    void add(int start, int end, Visitor missing) {
        assert end - start > 0;
        int first = firstEndingAtOrAfter(start);
        int from = start;
        int mergedStart = start;
        int mergedEnd = end;
        int last = first;
        while (last < count && starts[last] - end <= 0) {
            if (starts[last] - from > 0) {
                visit(from, starts[last], missing);
            }
            from = ends[last] - from > 0 ? ends[last] : from;
            mergedStart = starts[last] - mergedStart < 0 ? starts[last] : mergedStart;
            mergedEnd = ends[last] - mergedEnd > 0 ? ends[last] : mergedEnd;
            last++;
        }
        if (end - from > 0) {
            visit(from, end, missing);
        }
        replace(first, last, mergedStart, mergedEnd);
    }

    /** Forgets all numbers below the given one. */
    void removeBelow(int seq) {
        int gone = firstEndingAfter(seq);
        for (int i = 0; i < gone; i++) {
            size -= ends[i] - starts[i];
        }
        if (gone > 0) {
            System.arraycopy(starts, gone, starts, 0, count - gone);
            System.arraycopy(ends, gone, ends, 0, count - gone);
            count -= gone;
        }
        if (count > 0 && starts[0] - seq < 0) {
            size -= seq - starts[0];
            starts[0] = seq;
        }
    }

    void clear() {
        count = 0;
        size = 0;
    }

    private void visit(int start, int end, Visitor missing) {
        size += end - start;
        missing.visit(start, end);
    }

    /** Puts one range in the place of those from one index up to, but not with, another. */
    private void replace(int from, int to, int start, int end) {
        int removed = to - from;
        if (count - removed + 1 > starts.length) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
            ends = Arrays.copyOf(ends, 2 * ends.length);
        }
        if (removed != 1) {
            System.arraycopy(starts, to, starts, from + 1, count - to);
            System.arraycopy(ends, to, ends, from + 1, count - to);
        }
        starts[from] = start;
        ends[from] = end;
        count += 1 - removed;
    }

    private int firstEndingAfter(int seq) {
        return firstEndingAtOrAfter(seq + 1);
    }

    private int firstEndingAtOrAfter(int seq) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] - seq < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
