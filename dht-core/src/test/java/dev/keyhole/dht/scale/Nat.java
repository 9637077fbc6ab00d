package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A router between one node and the network: gives each socket a port that others see, and decides
 * who may send back to it. What nobody uses for a while it forgets.
 */
final class Nat {

    private static final int FIRST_PORT = 1024;

    /** A mapping that talks to more than this many is looked over for those it may forget. */
    private static final int CROWDED = 64;

    private final Kind kind;
    private final long idleNanos;
    private final Random random;
    private final Map<Long, Mapping> byInside = new HashMap<>();
    private final Map<Integer, Mapping> byPort = new HashMap<>();
    private int lookOverAt = CROWDED;

    /** How a NAT maps, and whom it lets in. */
    enum Kind {
        /** One port for each socket; anybody may send to it. */
        FULL_CONE,
        /** One port for each socket; hosts may send to it that were sent to. */
        CONE,
        /** One port for each socket; addresses may send to it that were sent to. */
        PORT_RESTRICTED,
        /** One port for each socket and each address, which alone may send to it. */
        RANDOM
    }

    private static final class Mapping {
        private final int outside;
        private final int inside;
        private final long key;
        private final Map<Long, Long> sentTo = new HashMap<>(4);
        private long usedNanos;

        private Mapping(int outside, int inside, long key) {
            this.outside = outside;
            this.inside = inside;
            this.key = key;
        }
    }

    Nat(Kind kind, Random random) {
        this.kind = kind;
        this.random = random;
        this.idleNanos = SECONDS.toNanos(30 + random.nextInt(150));
    }

    Kind kind() {
        return kind;
    }

    /** Mappings it holds, those included that it would forget if it looked. */
    int size() {
        return byPort.size();
    }

    /** The port that others see when a socket sends to somebody. */
    int leave(int inside, Address to, long nowNanos) {
        long remote = packed(to.host(), to.port());
        long key = kind == Kind.RANDOM ? remote << 16 | inside : inside;
        Mapping mapping = byInside.get(key);
        if (mapping == null || isIdle(mapping.usedNanos, nowNanos)) {
            forgetIdle(nowNanos);
            mapping = new Mapping(freePort(), inside, key);
            byInside.put(key, mapping);
            byPort.put(mapping.outside, mapping);
        }
        mapping.usedNanos = nowNanos;
        if (kind == Kind.CONE || kind == Kind.PORT_RESTRICTED) {
            mapping.sentTo.put(kind == Kind.CONE ? packed(to.host(), 0) : remote, nowNanos);
            if (mapping.sentTo.size() > lookOverAt) {
                mapping.sentTo.values().removeIf(sent -> isIdle(sent, nowNanos));
                lookOverAt = Math.max(CROWDED, 2 * mapping.sentTo.size());
            }
        }
        return mapping.outside;
    }

    /** The socket's port that a datagram is for, null if it is not let in. */
    @Nullable Integer enter(int outside, Address from, long nowNanos) {
        Mapping mapping = byPort.get(outside);
        if (mapping == null || isIdle(mapping.usedNanos, nowNanos)) {
            return null;
        }
        boolean admitted =
                switch (kind) {
                    case FULL_CONE -> true;
                    case CONE -> isOpenTo(mapping, packed(from.host(), 0), nowNanos);
                    case PORT_RESTRICTED ->
                            isOpenTo(mapping, packed(from.host(), from.port()), nowNanos);
                    case RANDOM -> mapping.key >>> 16 == packed(from.host(), from.port());
                };
        return admitted ? mapping.inside : null;
    }

    /** Forgets everything, as if it had been switched off and on: every socket gets a new port. */
    void restart() {
        byInside.clear();
        byPort.clear();
    }

    private boolean isOpenTo(Mapping mapping, long remote, long nowNanos) {
        Long sent = mapping.sentTo.get(remote);
        return sent != null && !isIdle(sent, nowNanos);
    }

    private boolean isIdle(long usedNanos, long nowNanos) {
        return nowNanos - usedNanos > idleNanos;
    }

    private void forgetIdle(long nowNanos) {
        if (byPort.size() < lookOverAt) {
            return;
        }
        byPort.values().removeIf(mapping -> isIdle(mapping.usedNanos, nowNanos));
        byInside.values().removeIf(mapping -> isIdle(mapping.usedNanos, nowNanos));
        lookOverAt = Math.max(CROWDED, 2 * byPort.size());
    }

    private int freePort() {
        int port;
        do {
            port = FIRST_PORT + random.nextInt(65536 - FIRST_PORT);
        } while (byPort.containsKey(port));
        return port;
    }

    private static long packed(int host, int port) {
        return (host & 0xffff_ffffL) << 16 | port;
    }
}
