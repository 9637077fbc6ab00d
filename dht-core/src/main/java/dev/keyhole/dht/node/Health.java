package dev.keyhole.dht.node;

/**
 * Whether anybody answers at all, judged once a tick from the answers and timeouts since the last
 * ({@code docs/protocol.md}, "Node states").
 */
final class Health {

    private static final int RING = 4;
    private static final int IDLE_EVENTS = 4;
    private static final int OFFLINE_TICKS = 2;

    private long lastAnswers;
    private long lastTimeouts;
    private int ticks;
    private int offlineTicks;
    private int degradedTicks;
    private int healthyTicks;
    private boolean online = true;
    private boolean degraded;

    boolean isOnline() {
        return online;
    }

    /** Whether most requests have gone unanswered for a while. */
    boolean isDegraded() {
        return degraded;
    }

    /** Takes in the counters of all time. */
    void tick(long answers, long timeouts) {
        long newAnswers = answers - lastAnswers;
        long newTimeouts = timeouts - lastTimeouts;
        lastAnswers = answers;
        lastTimeouts = timeouts;
        ticks++;
        if (ticks < RING || newAnswers + newTimeouts < IDLE_EVENTS) {
            return;
        }
        boolean silent = newAnswers == 0;
        boolean bad = !silent && newTimeouts > newAnswers;
        offlineTicks = silent ? offlineTicks + 1 : 0;
        degradedTicks = bad ? degradedTicks + 1 : 0;
        healthyTicks = silent || bad ? 0 : healthyTicks + 1;
        if (newAnswers > 0) {
            online = true;
        } else if (offlineTicks >= OFFLINE_TICKS) {
            online = false;
        }
        if (degradedTicks >= RING) {
            degraded = true;
        }
        if (healthyTicks >= RING || !online) {
            degraded = false;
        }
    }

    void reset() {
        ticks = 0;
        offlineTicks = 0;
        degradedTicks = 0;
        healthyTicks = 0;
        online = true;
        degraded = false;
    }
}
