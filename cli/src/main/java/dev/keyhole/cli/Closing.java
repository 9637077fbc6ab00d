package dev.keyhole.cli;

import dev.keyhole.dht.Announcement;
import java.time.Duration;

/** Ends that take a moment, and must not take longer. */
final class Closing {

    private static final Duration LIMIT = Duration.ofSeconds(2);

    private Closing() {}

    /** Withdraws an announcement, as far as that works within the limit. */
    static void announcement(Announcement announcement) {
        announcement.close();
        announcement.closed().timeout(LIMIT).onErrorComplete().block();
    }
}
