package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.SECONDS;

/** Keeps apart the punches that guess ports, since each sends thousands of datagrams. */
public final class RandomPunches {

    static final int MAX_RUNNING = 1;
    static final long PAUSE_NANOS = SECONDS.toNanos(20);

    private int running;
    private long begun;
    private boolean any;
    private long lastEndedNanos;

    /** Whether another one has to wait. */
    public boolean mustWait(long nowNanos) {
        return running >= MAX_RUNNING || (any && nowNanos - lastEndedNanos < PAUSE_NANOS);
    }

    /** How many there have ever been. */
    public long begun() {
        return begun;
    }

    void begin() {
        running++;
        begun++;
    }

    void end(long nowNanos) {
        running--;
        any = true;
        lastEndedNanos = nowNanos;
    }
}
