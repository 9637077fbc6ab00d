package dev.keyhole.dht.scale;

import java.util.Arrays;

/** Numbers of one kind, and what can be said of them. */
final class Samples {

    private double[] values = new double[64];
    private int count;

    void add(double value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = value;
    }

    int count() {
        return count;
    }

    double mean() {
        return count == 0 ? Double.NaN : Arrays.stream(values, 0, count).average().orElseThrow();
    }

    double max() {
        return percentile(100);
    }

    /** The value that so many percent are not above. */
    double percentile(double percent) {
        if (count == 0) {
            return Double.NaN;
        }
        double[] sorted = Arrays.copyOf(values, count);
        Arrays.sort(sorted);
        int at = (int) Math.ceil(percent / 100 * count) - 1;
        return sorted[Math.max(0, at)];
    }
}
