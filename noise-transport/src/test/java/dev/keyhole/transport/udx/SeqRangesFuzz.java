package dev.keyhole.transport.udx;

import dev.keyhole.transport.fuzz.FuzzInput;
import java.util.BitSet;

/** Ranges of numbers, next to a set of bits that does the same one number at a time. */
public final class SeqRangesFuzz {

    private static final int SPAN = 4096;
    private static final int MAX_STEPS = 500;

    private SeqRangesFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        int base = input.int32();
        SeqRanges ranges = new SeqRanges();
        BitSet bits = new BitSet(SPAN);
        for (int step = 0; step < MAX_STEPS && !input.isEmpty(); step++) {
            int start = input.below(SPAN);
            if (input.u8() % 8 == 0) {
                ranges.removeBelow(base + start);
                bits.clear(0, start);
            } else {
                add(ranges, bits, base, start, Math.min(SPAN, start + 1 + input.u8()));
            }
            compare(ranges, bits, base, input.below(SPAN));
        }
    }

    private static void add(SeqRanges ranges, BitSet bits, int base, int start, int end) {
        BitSet missing = new BitSet(SPAN);
        ranges.add(base + start, base + end, (from, to) -> missing.set(from - base, to - base));
        BitSet expected = new BitSet(SPAN);
        expected.set(start, end);
        expected.andNot(bits);
        require(missing.equals(expected), "visited " + missing + " instead of " + expected);
        bits.set(start, end);
    }

    private static void compare(SeqRanges ranges, BitSet bits, int base, int probe) {
        require(ranges.size() == bits.cardinality(), "size " + ranges.size());
        require(ranges.isEmpty() == bits.isEmpty(), "empty or not");
        require(ranges.contains(base + probe) == bits.get(probe), "contains " + probe);
        int at = 0;
        for (int i = 0; i < ranges.count(); i++) {
            int start = bits.nextSetBit(at);
            at = bits.nextClearBit(start);
            require(ranges.start(i) - base == start, "start of range " + i);
            require(ranges.end(i) - base == at, "end of range " + i);
        }
        require(bits.nextSetBit(at) < 0, "more than " + ranges.count() + " ranges");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
