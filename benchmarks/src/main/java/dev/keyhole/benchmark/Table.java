package dev.keyhole.benchmark;

import dev.keyhole.benchmark.Ends.Who;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Figures of both, their medians and how those compare. */
final class Table {

    private final List<Row> rows = new ArrayList<>();

    /** One thing that is measured. */
    static final class Row {

        private final String what;
        private final String unit;
        private final boolean moreIsBetter;
        private final Map<Who, List<Double>> figures = new EnumMap<>(Who.class);
        private final Map<Who, Integer> failures = new EnumMap<>(Who.class);

        private Row(String what, String unit, boolean moreIsBetter) {
            this.what = what;
            this.unit = unit;
            this.moreIsBetter = moreIsBetter;
            for (Who who : Who.values()) {
                figures.put(who, new ArrayList<>());
            }
        }

        String what() {
            return what;
        }

        String unit() {
            return unit;
        }

        void add(Who who, double figure) {
            of(who).add(figure);
        }

        void failed(Who who) {
            failures.merge(who, 1, Integer::sum);
        }

        private List<Double> of(Who who) {
            return figures.getOrDefault(who, List.of());
        }

        private double median(Who who) {
            List<Double> sorted = new ArrayList<>(of(who));
            Collections.sort(sorted);
            int n = sorted.size();
            if (n == 0) {
                return Double.NaN;
            }
            return n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
        }

        private String show(Who who) {
            List<Double> all = of(who);
            if (all.isEmpty()) {
                return failures.containsKey(who) ? "failed" : "";
            }
            String median = number(median(who));
            return all.size() == 1
                    ? median
                    : median
                            + " ("
                            + number(Collections.min(all))
                            + "–"
                            + number(Collections.max(all))
                            + ")";
        }

        private String ratio() {
            double ratio = median(Who.KEYHOLE) / median(Who.ORIGINAL);
            return Double.isNaN(ratio) ? "" : String.format(Locale.ROOT, "%.2f", ratio);
        }

        private static String number(double figure) {
            String pattern = Math.abs(figure) < 10 ? "%.2f" : figure < 1000 ? "%.1f" : "%,.0f";
            return String.format(Locale.ROOT, pattern, figure);
        }
    }

    Row row(String what, String unit, boolean moreIsBetter) {
        Row row = new Row(what, unit, moreIsBetter);
        rows.add(row);
        return row;
    }

    void print() {
        System.out.println("| | | Keyhole | original | ratio | better is |");
        System.out.println("|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.printf(
                    "| %s | %s | %s | %s | %s | %s |%n",
                    row.what,
                    row.unit,
                    row.show(Who.KEYHOLE),
                    row.show(Who.ORIGINAL),
                    row.ratio(),
                    row.moreIsBetter ? "more" : "less");
        }
    }
}
