package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.wire.Bytes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A router between the machine of one node and the network: translates addresses, and lets in only
 * what comes from where something was sent to.
 */
final class SimNat implements Machine {

    private static final Set<Address> EVERYBODY = Set.of(Address.loopback(0));

    private final Kind kind;
    private final Random random;
    private final Map<List<Object>, LocalSocket> mappings = new HashMap<>();
    private final Map<List<Object>, LocalSocket> flows = new HashMap<>();
    private final Map<LocalSocket, LocalSocket> insideOf = new HashMap<>();
    private final Map<LocalSocket, Set<Address>> spokenTo = new HashMap<>();
    private final Set<Integer> ports = new HashSet<>();
    private SimHost outside;
    private @Nullable Machine inner;
    private Address lastInside = Address.loopback(0);
    private int sockets = 1000;
    private int freePort = 60_000;

    /** How a NAT chooses the port that others see. */
    enum Kind {
        /** One for each socket. */
        CONSISTENT,
        /** One for each socket and each remote. */
        RANDOM
    }

    SimNat(SimHost outside, Kind kind, Random random) {
        this.outside = outside;
        this.kind = kind;
        this.random = random;
    }

    /** A socket on the inside. */
    LocalSocket inside(Address address) {
        lastInside = address;
        return new LocalSocket(++sockets, address);
    }

    void run(Machine machine) {
        inner = machine;
        outside.run(this);
    }

    /** Takes the inside to another network; the old address is nobody's from now on. */
    void moveTo(SimHost another) {
        rebind();
        outside.kill();
        outside = another;
        another.run(this);
    }

    /** Lets everything in that comes to a port of the outside, for one socket. */
    void forward(int port, LocalSocket inside) {
        LocalSocket open = outside.bind(port);
        insideOf.put(open, inside);
        spokenTo.put(open, EVERYBODY);
    }

    private Machine inner() {
        return Objects.requireNonNull(inner);
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        LocalSocket inside = insideOf.get(datagram.socket());
        Set<Address> spoken = spokenTo.get(datagram.socket());
        if (inside != null && (spoken == EVERYBODY || spoken.contains(datagram.source()))) {
            if (spoken == EVERYBODY) {
                flows.put(List.of(inside, datagram.source()), datagram.socket());
            }
            inner().receive(new Datagram(inside, datagram.source(), datagram.payload()), nowNanos);
        }
    }

    @Override
    public void opened(int request, LocalSocket socket, long nowNanos) {
        throw new IllegalStateException("sockets open on the inside");
    }

    @Override
    public void openFailed(int request, String why, long nowNanos) {
        throw new IllegalStateException("sockets open on the inside");
    }

    @Override
    public void expire(long nowNanos) {
        inner().expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        inner().drain(new Translated(effects, nowNanos), nowNanos);
    }

    @Override
    public long deadlineNanos() {
        return inner().deadlineNanos();
    }

    private LocalSocket mapping(LocalSocket inside, Address to) {
        LocalSocket flow = flows.get(List.of(inside, to));
        if (flow != null) {
            return flow;
        }
        List<Object> key = kind == Kind.CONSISTENT ? List.of(inside) : List.of(inside, to);
        return mappings.computeIfAbsent(
                key,
                k -> {
                    LocalSocket mapped = outside.bind(freePort());
                    insideOf.put(mapped, inside);
                    spokenTo.put(mapped, new HashSet<>());
                    return mapped;
                });
    }

    /** Forgets all it has translated, as after a restart. */
    void rebind() {
        mappings.clear();
        flows.clear();
        insideOf.clear();
    }

    private int freePort() {
        int port = kind == Kind.CONSISTENT ? freePort++ : 2000 + random.nextInt(60_000);
        return ports.add(port) ? port : freePort();
    }

    private final class Translated implements Effects {

        private final Effects effects;
        private final long nowNanos;

        private Translated(Effects effects, long nowNanos) {
            this.effects = effects;
            this.nowNanos = nowNanos;
        }

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            LocalSocket mapped = mapping(socket, destination);
            if (spokenTo.get(mapped) != EVERYBODY) {
                spokenTo.get(mapped).add(destination);
            }
            effects.send(mapped, destination, payload);
        }

        @Override
        public void open(int request) {
            LocalSocket socket = inside(lastInside.withPort(lastInside.port() + 1));
            effects.deliver(() -> inner().opened(request, socket, nowNanos));
        }

        @Override
        public void close(LocalSocket socket) {}

        @Override
        public void deliver(Runnable notice) {
            effects.deliver(notice);
        }
    }
}
