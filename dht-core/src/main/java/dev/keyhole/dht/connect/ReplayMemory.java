package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.wire.Bytes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * First messages that a server is done with: whoever repeats one, having seen it pass by, is met
 * with silence.
 */
final class ReplayMemory {

    static final long AGE_NANOS = MINUTES.toNanos(10);

    static final int MAX_MESSAGES = 32_768;

    private final Map<Bytes, Long> forgetAtNanos = new LinkedHashMap<>();

    void remember(Bytes message, long nowNanos) {
        forgetOld(nowNanos);
        if (forgetAtNanos.size() >= MAX_MESSAGES) {
            Iterator<Bytes> oldest = forgetAtNanos.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        forgetAtNanos.put(Blake2b.hash256(message), nowNanos + AGE_NANOS);
    }

    boolean contains(Bytes message, long nowNanos) {
        forgetOld(nowNanos);
        return forgetAtNanos.containsKey(Blake2b.hash256(message));
    }

    int size() {
        return forgetAtNanos.size();
    }

    private void forgetOld(long nowNanos) {
        Iterator<Long> times = forgetAtNanos.values().iterator();
        while (times.hasNext() && times.next() <= nowNanos) {
            times.remove();
        }
    }
}
