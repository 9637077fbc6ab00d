package dev.keyhole.model.generate;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Watches an answer for texts that end it.
 *
 * <p>Text that may be the beginning of a stop sequence is held back until it is known not to be
 * one, so that nothing of a stop sequence is ever seen. The outcome does not depend on how the
 * answer is cut into pieces.
 */
public final class StopSequences {

    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    public StopSequences(List<String> stops) {
        this.stops = stops.stream().filter(stop -> !stop.isEmpty()).collect(Collectors.toList());
    }

    /** Takes in the next piece and gives what can be shown; nothing once it has stopped. */
    public String accept(String piece) {
        if (stopped) {
            return "";
        }
        if (stops.isEmpty()) {
            return piece;
        }
        int scanned = held.length();
        held.append(piece);
        for (int end = scanned + 1; end <= held.length(); end++) {
            int start = startOfStopEndingAt(end);
            if (start >= 0) {
                stopped = true;
                return release(start);
            }
        }
        return release(startOfHope());
    }

    /** Whether a stop sequence came. */
    public boolean stopped() {
        return stopped;
    }

    /** What was held back, when the answer ended for another reason. */
    public String rest() {
        return stopped ? "" : release(held.length());
    }

    /** Of the stop sequences that are complete here, where the longest began; −1 for none. */
    private int startOfStopEndingAt(int end) {
        int earliest = -1;
        for (String stop : stops) {
            int start = end - stop.length();
            boolean here = start >= 0 && held.indexOf(stop, start) == start;
            if (here && (earliest < 0 || start < earliest)) {
                earliest = start;
            }
        }
        return earliest;
    }

    /** Where a stop sequence may have begun that is not complete. */
    private int startOfHope() {
        for (int start = 0; start < held.length(); start++) {
            String tail = held.substring(start);
            for (String stop : stops) {
                if (stop.startsWith(tail)) {
                    return start;
                }
            }
        }
        return held.length();
    }

    private String release(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}
