package dev.keyhole.provider;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What somebody may have meant by a name that does not exist. */
final class NearestName {

    private NearestName() {}

    /** The known name with the fewest letters to change; empty if nearly all would have to be. */
    static Optional<String> of(String name, Collection<String> known) {
        return known.stream()
                .min(
                        Comparator.<String>comparingInt(other -> distance(name, other))
                                .thenComparing(Comparator.naturalOrder()))
                .filter(other -> distance(name, other) <= Math.max(name.length(), 3) / 2 + 1);
    }

    /** How many letters have to be put in, taken out or replaced. */
    static int distance(String from, String to) {
        int[] above = new int[to.length() + 1];
        for (int column = 0; column <= to.length(); column++) {
            above[column] = column;
        }
        for (int row = 1; row <= from.length(); row++) {
            int[] current = new int[to.length() + 1];
            current[0] = row;
            for (int column = 1; column <= to.length(); column++) {
                int replaced = from.charAt(row - 1) == to.charAt(column - 1) ? 0 : 1;
                current[column] =
                        Math.min(
                                above[column - 1] + replaced,
                                1 + Math.min(above[column], current[column - 1]));
            }
            above = current;
        }
        return above[to.length()];
    }
}
