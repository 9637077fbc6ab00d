package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The ground that nodes live on: a clock that jumps from one event to the next, and datagrams that
 * take longer the farther they go, and get lost.
 *
 * <p>Everything random comes from the seed, so the same seed gives the same run; {@link #digest}
 * tells whether it did.
 */
final class World {

    private static final long NEAR_NANOS = MILLISECONDS.toNanos(3);

    /** From one corner to the opposite one, one way. */
    private static final long FAR_NANOS = MILLISECONDS.toNanos(140);

    private static final long FIRST_MILLIS = 1_700_000_000_000L;

    private final long seed;
    private final Random random;
    private final double loss;
    private final Agenda<Object> agenda = new Agenda<>();
    private final Wakeups wakeups = new Wakeups();
    private final List<@Nullable Inhabitant> inhabitants = new ArrayList<>();
    private final Map<Integer, Inhabitant> hosts = new HashMap<>();
    private boolean divided;
    private long now;
    private long datagrams;
    private long bytes;
    private long events;
    private long digest = 1;

    /** A datagram under way. */
    private record Flight(Inhabitant to, Address from, int port, Bytes payload) {}

    World(long seed, double loss) {
        this.seed = seed;
        this.random = new Random(seed);
        this.loss = loss;
    }

    long seed() {
        return seed;
    }

    long now() {
        return now;
    }

    double seconds() {
        return now / 1e9;
    }

    long wallClockMillis() {
        return FIRST_MILLIS + NANOSECONDS.toMillis(now);
    }

    /** Where whoever simulates draws from, too. */
    Random random() {
        return random;
    }

    /** Datagrams sent so far. */
    long datagrams() {
        return datagrams;
    }

    /** Payload bytes sent so far. */
    long bytes() {
        return bytes;
    }

    long events() {
        return events;
    }

    /** What has happened, as one number. */
    long digest() {
        return digest;
    }

    /** A public host that nobody has, in a neighbourhood of its own. */
    int freeHost() {
        while (true) {
            Address drawn = new Address(random.nextInt(), 1);
            if (!drawn.isBogon() && !hosts.containsKey(drawn.host())) {
                return drawn.host();
            }
        }
    }

    /** Lets somebody in; the number is his for good. */
    int settle(Inhabitant inhabitant) {
        inhabitants.add(inhabitant);
        return inhabitants.size() - 1;
    }

    /** Lets an inhabitant be reached at a host. */
    void house(int host, Inhabitant inhabitant) {
        if (hosts.putIfAbsent(host, inhabitant) != null) {
            throw new IllegalArgumentException("a host has one inhabitant");
        }
    }

    void vacate(int host) {
        hosts.remove(host);
    }

    /** Forgets an inhabitant; nothing wakes him any more. */
    void bury(int number) {
        inhabitants.set(number, null);
        wakeups.set(number, Long.MAX_VALUE);
    }

    /** Lets nothing pass between the two halves of the world, or everything again. */
    void divide(boolean apart) {
        divided = apart;
    }

    /** Does something in a while. */
    void after(long nanos, Runnable action) {
        agenda.add(now + nanos, action);
    }

    void wake(int number, long deadlineNanos) {
        wakeups.set(number, deadlineNanos);
    }

    void carry(Inhabitant from, Address source, Address to, Bytes payload) {
        datagrams++;
        bytes += payload.length();
        Inhabitant receiver = hosts.get(to.host());
        if (receiver == null
                || divided && receiver.isEast() != from.isEast()
                || loss > 0 && random.nextDouble() < loss) {
            return;
        }
        double distance = Math.hypot(from.x() - receiver.x(), from.y() - receiver.y());
        double jitter = 1 + 0.1 * random.nextDouble();
        long delay = NEAR_NANOS + (long) (FAR_NANOS * distance / Math.sqrt(2) * jitter);
        agenda.add(now + delay, new Flight(receiver, source, to.port(), payload));
    }

    /** Lets time pass. */
    void run(long nanos) {
        long until = now + nanos;
        while (happens(until)) {
            // what happens is all there is to do
        }
        now = until;
    }

    /** Lets time pass until something is the case; false if it is not after so long. */
    boolean runUntil(BooleanSupplier condition, long maxNanos) {
        long until = now + maxNanos;
        while (!condition.getAsBoolean()) {
            if (!happens(until)) {
                now = until;
                return false;
            }
        }
        return true;
    }

    private boolean happens(long until) {
        long event = agenda.nextNanos();
        long wakeup = wakeups.nextNanos();
        if (Math.min(event, wakeup) > until) {
            return false;
        }
        events++;
        if (wakeup <= event) {
            now = Math.max(now, wakeup);
            Inhabitant sleeper = inhabitants.get(wakeups.next());
            if (sleeper == null) {
                throw new IllegalStateException("the buried do not wake");
            }
            sleeper.expire();
            return true;
        }
        now = event;
        Object next = agenda.remove();
        if (next instanceof Flight flight) {
            digest = 31 * digest + (now ^ flight.from.host() ^ flight.payload.length());
            flight.to.arrive(flight.from, flight.port, flight.payload);
        } else if (next instanceof Runnable action) {
            action.run();
        }
        return true;
    }
}
