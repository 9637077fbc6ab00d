package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Streams that ended well, remembered for as long as their peers may repeat their ends.
 *
 * <p>A peer whose end was acknowledged by a packet that got lost would otherwise report a timeout
 * ({@code docs/protocol.md}, "The end of a stream").
 */
final class TimeWait {

    /** So long that a peer with the longest of timeouts has tried again twice. */
    static final long LASTS_NANOS = SECONDS.toNanos(100);

    static final int MAX_STREAMS = 4096;

    /** The last word of a stream. */
    record LastWord(LocalSocket socket, Address remote, Bytes ack, long untilNanos) {}

    private final Map<Integer, LastWord> streams = new LinkedHashMap<>();

    /**
     * Remembers a stream.
     *
     * @return whether an older one had to be forgotten early
     */
    boolean add(int localId, LocalSocket socket, Address remote, Bytes ack, long now) {
        forgetOld(now);
        boolean full = streams.size() == MAX_STREAMS;
        if (full) {
            Iterator<LastWord> oldest = streams.values().iterator();
            oldest.next();
            oldest.remove();
        }
        streams.put(localId, new LastWord(socket, remote, ack, now + LASTS_NANOS));
        return full;
    }

    @Nullable LastWord find(int localId, long now) {
        forgetOld(now);
        return streams.get(localId);
    }

    boolean remembers(int localId) {
        return streams.containsKey(localId);
    }

    private void forgetOld(long now) {
        Iterator<LastWord> oldest = streams.values().iterator();
        while (oldest.hasNext() && oldest.next().untilNanos() < now) {
            oldest.remove();
        }
    }
}
