package dev.keyhole.dht.store;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The ways to servers: our own, and those that announced themselves here. */
public final class ForwardTable {

    private final Map<Bytes, ForwardEntry> local = new HashMap<>();
    private final GenerationCache<Bytes, ForwardEntry> announced;

    ForwardTable(StoreLimits limits) {
        announced = new GenerationCache<>(limits.forwards(), limits.recordAgeNanos());
    }

    /** Our own server wins over whatever was announced. */
    public Optional<ForwardEntry> find(Bytes target, long nowNanos) {
        ForwardEntry own = local.get(target);
        return own != null
                ? Optional.of(own)
                : Optional.ofNullable(announced.find(target, nowNanos));
    }

    /** Enters a server of this node; it stays until it is taken out by {@link #removeLocal}. */
    public void addLocal(Bytes target, Bytes record) {
        local.put(target, new ForwardEntry(null, record));
    }

    public void removeLocal(Bytes target) {
        local.remove(target);
    }

    boolean announce(Bytes target, Address relay, Bytes record, long nowNanos) {
        return announced.put(target, new ForwardEntry(relay, record), relay.host(), nowNanos);
    }

    /** Takes out what was announced; our own servers do not listen to strangers. */
    void unannounce(Bytes target) {
        announced.remove(target);
    }

    void clear() {
        local.clear();
        announced.clear();
    }

    int size() {
        return local.size() + announced.size();
    }
}
