package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.identity.PublicKey;
import java.util.LinkedHashMap;
import java.util.Map;

/** Keeps apart the punches that guess ports, since each sends thousands of datagrams. */
public final class RandomPunches {

    static final int MAX_RUNNING = 1;
    static final long PAUSE_NANOS = SECONDS.toNanos(20);

    /** How many are remembered that were told to come later. */
    static final int MAX_WAITING = 64;

    /** How long somebody who was told to come later keeps its place. */
    static final long PLACE_NANOS = SECONDS.toNanos(40);

    private final Map<PublicKey, Long> waiting = new LinkedHashMap<>();
    private int running;
    private long begun;
    private boolean any;
    private long lastEndedNanos;

    /** Whether another one has to wait. */
    public boolean mustWait(long nowNanos) {
        return running >= MAX_RUNNING || (any && nowNanos - lastEndedNanos < PAUSE_NANOS);
    }

    /**
     * Whether somebody has to wait, in the order in which they asked first; who has not come back in
     * a while has lost its place.
     */
    public boolean mustWait(PublicKey who, long nowNanos) {
        waiting.values().removeIf(asked -> nowNanos - asked >= PLACE_NANOS);
        boolean first = waiting.isEmpty() || waiting.keySet().iterator().next().equals(who);
        if (first && !mustWait(nowNanos)) {
            waiting.remove(who);
            return false;
        }
        if (waiting.containsKey(who) || waiting.size() < MAX_WAITING) {
            waiting.put(who, nowNanos);
        }
        return true;
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
