package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * When the streams of a node look for their shortest round trips: together.
 *
 * <p>What one stream alone takes out of a queue that it shares with a thousand others shows it
 * nothing but the queue of the others, and it would take that for the path.
 */
final class RttProbes {

    /** For so long after one has begun, others join in. */
    private static final long OPEN_NANOS = SECONDS.toNanos(1);

    private long begunAt;
    private boolean begun;
    private int streams;

    /** Says that a stream begins. */
    void begin(long now) {
        begun = true;
        begunAt = now;
        streams = 1;
    }

    /** Says that another stream joins in. */
    void join() {
        streams++;
    }

    /** How many streams have begun together. */
    int streams() {
        return streams;
    }

    /** Whether another stream has just begun, and later than at the given time. */
    boolean isOpen(long since, long now) {
        return begun && now - begunAt <= OPEN_NANOS && begunAt - since > 0;
    }
}
