package dev.keyhole.transport.sim;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Hosts, the links between them, and a clock that jumps from one event to the next.
 *
 * <p>Everything random comes from the seed, so the same seed always gives the same run; {@link
 * #digest} tells whether it did. Each ordered pair of hosts has a link of its own.
 */
public final class SimNetwork {

    /** More events than this mean that somebody sets timers that do not advance. */
    private static final long MAX_EVENTS = 50_000_000;

    private static final int MAX_EVENTS_AT_ONCE = 100_000;

    private final long seed;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Map<Integer, SimHost> hosts = new HashMap<>();
    private final Map<List<Integer>, Wire> wires = new HashMap<>();
    private final List<Runnable> invariants = new ArrayList<>();
    private final List<Tap> taps = new ArrayList<>();
    private final List<Tap> arrivalTaps = new ArrayList<>();
    private final List<Meddler> meddlers = new ArrayList<>();
    private Link link = Link.perfect();
    private long now;
    private long scheduled;
    private long happened;
    private int happenedAtOnce;
    private long digest = 1;

    /** Whoever sees the datagrams on their way. */
    @FunctionalInterface
    public interface Tap {
        void passing(Address source, Address destination, Bytes payload);
    }

    /** Whoever can change what is on its way. */
    @FunctionalInterface
    public interface Meddler {
        /** What to send on instead of a datagram; null for nothing. */
        @Nullable Bytes passing(Address source, Address destination, Bytes payload);
    }

    /** Something that will happen. */
    private record Event(long nanos, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return nanos != other.nanos
                    ? Long.compare(nanos, other.nanos)
                    : Long.compare(order, other.order);
        }
    }

    public SimNetwork(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
    }

    /** Virtual time, in nanoseconds since the network began. */
    public long now() {
        return now;
    }

    /** Where the test, too, should draw from. */
    public Random random() {
        return random;
    }

    /** Adds a host with an IPv4 address in dotted decimal. */
    public SimHost host(String address) {
        int host = Address.of(address, 0).host();
        SimHost added = new SimHost(this, host);
        if (hosts.putIfAbsent(host, added) != null) {
            throw new IllegalArgumentException("there is a host at " + address);
        }
        return added;
    }

    /** Puts a link in the place of all there are, and of all there will be. */
    public void link(Link all) {
        link = all;
        wires.values().forEach(wire -> wire.link = all);
    }

    /** Puts a link in one direction between two hosts. */
    public void link(SimHost from, SimHost to, Link one) {
        wire(from.address(), to.address()).link = one;
    }

    /** Has two hosts send what they send each other over the wires between two others. */
    public void share(SimHost one, SimHost other, SimHost wiredOne, SimHost wiredOther) {
        wires.put(
                List.of(one.address(), other.address()),
                wire(wiredOne.address(), wiredOther.address()));
        wires.put(
                List.of(other.address(), one.address()),
                wire(wiredOther.address(), wiredOne.address()));
    }

    /** Lets nothing through in one direction. */
    public void cut(SimHost from, SimHost to) {
        wire(from.address(), to.address()).cut = true;
    }

    /** Undoes {@link #cut}. */
    public void heal(SimHost from, SimHost to) {
        wire(from.address(), to.address()).cut = false;
    }

    /**
     * Lets nothing through in one direction that is longer than an IP packet of so many bytes and
     * must not be cut. Everything else arrives, if need be in pieces.
     */
    public void narrow(SimHost from, SimHost to, int mtu) {
        wire(from.address(), to.address()).mtu = mtu;
    }

    /** Checked after every event; throws if something is wrong. */
    public void invariant(Runnable check) {
        invariants.add(check);
    }

    /** Has somebody see every datagram that is sent from now on, just before it leaves. */
    public void tap(Tap tap) {
        taps.add(tap);
    }

    /** Has somebody see every datagram that arrives from now on, just before it does. */
    public void tapArrivals(Tap tap) {
        arrivalTaps.add(tap);
    }

    /** Has somebody stand in the way of every datagram that is sent from now on. */
    public void meddle(Meddler meddler) {
        meddlers.add(meddler);
    }

    /** Sends a datagram on its way that none of the hosts has sent, whatever source it claims. */
    public void inject(Address source, Address destination, Bytes payload) {
        after(0, () -> arrive(source, destination, payload));
    }

    /** Does something at a time to come. */
    public void at(long nanos, Runnable action) {
        if (nanos < now) {
            throw new IllegalArgumentException("it is " + now + ", later than " + nanos);
        }
        events.add(new Event(nanos, scheduled++, action));
    }

    /** Does something in a while. */
    public void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    /** Lets time pass. */
    public void run(long nanos) {
        long until = now + nanos;
        while (next(until)) {
            happen();
        }
        now = until;
    }

    /**
     * Lets time pass until something is the case.
     *
     * @throws AssertionError if it is not after so long, or nothing more can happen
     */
    public void runUntil(BooleanSupplier condition, long maxNanos) {
        long until = now + maxNanos;
        while (!condition.getAsBoolean()) {
            if (!next(until)) {
                String why = events.isEmpty() ? "nothing more happens" : "it took too long";
                throw new AssertionError(
                        why
                                + " (seed "
                                + seed
                                + ", "
                                + NANOSECONDS.toMillis(now)
                                + " ms, "
                                + happened
                                + " events)");
            }
            happen();
        }
    }

    /** A number that is the same for runs in which the same datagrams arrived at the same times. */
    public long digest() {
        return digest;
    }

    /** Sends a datagram on its way. */
    void carry(Address source, Address destination, Bytes payload, boolean whole) {
        taps.forEach(tap -> tap.passing(source, destination, payload));
        @Nullable Bytes passed = payload;
        for (Meddler meddler : meddlers) {
            passed = passed == null ? null : meddler.passing(source, destination, passed);
        }
        if (passed == null) {
            return;
        }
        wire(source.host(), destination.host())
                .carry(
                        passed,
                        whole,
                        now,
                        (nanos, arriving) ->
                                at(nanos, () -> arrive(source, destination, arriving)));
    }

    private void arrive(Address source, Address destination, Bytes payload) {
        arrivalTaps.forEach(tap -> tap.passing(source, destination, payload));
        digest = 31 * digest + now;
        digest = 31 * digest + source.hashCode();
        digest = 31 * digest + destination.hashCode();
        digest = 31 * digest + payload.hashCode();
        SimHost host = hosts.get(destination.host());
        if (host != null) {
            host.arrive(source, destination.port(), payload);
        }
    }

    private boolean next(long until) {
        Event next = events.peek();
        return next != null && next.nanos <= until;
    }

    private void happen() {
        Event event = events.remove();
        happenedAtOnce = event.nanos == now ? happenedAtOnce + 1 : 0;
        happened++;
        if (happened > MAX_EVENTS || happenedAtOnce > MAX_EVENTS_AT_ONCE) {
            throw new AssertionError("endless activity at " + now + " ns (seed " + seed + ")");
        }
        now = event.nanos;
        try {
            event.action.run();
            invariants.forEach(Runnable::run);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "at " + NANOSECONDS.toMillis(now) + " ms, seed " + seed + ": " + e, e);
        }
    }

    private Wire wire(int from, int to) {
        List<Integer> ends = List.of(from, to);
        @Nullable Wire wire = wires.get(ends);
        if (wire == null) {
            wire = new Wire(link, random);
            wires.put(ends, wire);
        }
        return wire;
    }
}
