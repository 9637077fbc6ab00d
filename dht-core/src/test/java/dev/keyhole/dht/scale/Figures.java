package dev.keyhole.dht.scale;

import java.util.List;
import java.util.Locale;

/**
 * What a stretch of a network's life was like.
 *
 * @param minutes how long it was, in virtual time
 * @param perNodeMinute datagrams that an average node sent in a minute, those of the census included
 * @param longestRestSeconds the longest time any server was without a round of announces
 * @param digest everything that happened up to the end, as one number
 */
record Figures(
        String name,
        Conditions conditions,
        long seed,
        double minutes,
        Census census,
        double perNodeMinute,
        double longestRestSeconds,
        long digest) {

    double foundShare() {
        return census.foundShare();
    }

    /** For people: one stretch, some lines. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: %d nodes, %.1f min, seed %d, digest %x%n"
                        + "  lookups %d, found %.2f %%, hops %.2f (p99 %.0f), messages %.1f"
                        + " (p99 %.0f), found after %.2f s (p99 %.2f)%n"
                        + "  connects %d, connected %.2f %%, after %.2f s (p99 %.2f)%n"
                        + "  findable after the start: %d times after %.2f s (at most %.2f);"
                        + " after a moved mapping: %d times after %.2f s (at most %.2f)%n"
                        + "  %.1f datagrams per node and minute; longest rest of an announcer"
                        + " %.0f s",
                name,
                conditions.nodes(),
                minutes,
                seed,
                digest,
                census.lookups,
                100 * census.foundShare(),
                census.hops.mean(),
                census.hops.percentile(99),
                census.messages.mean(),
                census.messages.percentile(99),
                census.secondsToFind.percentile(50),
                census.secondsToFind.percentile(99),
                census.connects,
                100 * census.connectedShare(),
                census.secondsToConnect.percentile(50),
                census.secondsToConnect.percentile(99),
                census.secondsAfterStart.count(),
                census.secondsAfterStart.percentile(50),
                census.secondsAfterStart.max(),
                census.secondsAfterMove.count(),
                census.secondsAfterMove.percentile(50),
                census.secondsAfterMove.max(),
                perNodeMinute,
                longestRestSeconds);
    }

    /** What went wrong in it, and how to see that again. */
    String complaint(String command) {
        List<String> failures = census.failures();
        return this
                + "\n  "
                + String.join("\n  ", failures.isEmpty() ? List.of("no failures") : failures)
                + "\n  to see it again: "
                + command
                + " -Dseed="
                + seed;
    }
}
