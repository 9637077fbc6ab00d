package dev.keyhole.dht.connect;

import java.util.EnumMap;
import java.util.Map;

/** What became of a node's attempts to connect. */
public final class ClientCounters {

    long begun;
    long failed;
    private final Map<Path, Long> connected = new EnumMap<>(Path.class);

    void connected(Path path) {
        connected.merge(path, 1L, Long::sum);
    }

    /** Attempts there have ever been. */
    public long begun() {
        return begun;
    }

    /** Attempts that ended without a connection. */
    public long failed() {
        return failed;
    }

    /** Connections made, by the path that packets took at first. */
    public Map<Path, Long> connected() {
        return Map.copyOf(connected);
    }
}
