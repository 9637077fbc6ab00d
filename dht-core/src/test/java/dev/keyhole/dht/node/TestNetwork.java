package dev.keyhole.dht.node;

import static java.util.Comparator.comparingLong;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Nodes and the network between them: datagrams take a while, some get lost, and a firewalled
 * socket hears only those it has spoken to. Everything follows from the seed.
 */
final class TestNetwork {

    final Random random;
    double loss;
    long latencyNanos = MILLISECONDS.toNanos(10);
    long wallClockAheadMillis = 1_700_000_000_000L;

    private final Map<Address, Machine> machines = new HashMap<>();
    private final Map<Address, LocalSocket> sockets = new HashMap<>();
    private final Map<Address, Address> translations = new HashMap<>();
    private final Map<Address, Set<Address>> firewalls = new HashMap<>();
    private final List<Machine> order = new ArrayList<>();
    private final Queue<Delivery> underWay =
            new PriorityQueue<>(
                    comparingLong(Delivery::atNanos).thenComparingLong(Delivery::serial));
    private long serial;
    private int socketIds;
    private long now;
    private long digest;

    /** A datagram under way. */
    private record Delivery(long atNanos, long serial, Address from, Address to, Bytes payload) {}

    /** A datagram somebody saw: where it was sent to, and from which socket. */
    record Sent(Address from, Address to, Bytes payload) {}

    private List<Sent> recorded = new ArrayList<>();

    TestNetwork(long seed) {
        random = new Random(seed);
    }

    long now() {
        return now;
    }

    long wallClockMillis() {
        return wallClockAheadMillis + NANOSECONDS.toMillis(now);
    }

    /** What happened so far, as one number. */
    long digest() {
        return digest;
    }

    LocalSocket socket(Address address) {
        LocalSocket socket = new LocalSocket(++socketIds, address);
        sockets.put(address, socket);
        return socket;
    }

    /** Lets in only what answers. */
    void firewall(LocalSocket socket) {
        firewalls.put(socket.local(), new HashSet<>());
    }

    void openFirewall(LocalSocket socket) {
        firewalls.remove(socket.local());
    }

    void attach(Machine machine, LocalSocket... bound) {
        if (!order.contains(machine)) {
            order.add(machine);
        }
        for (LocalSocket socket : bound) {
            machines.put(socket.local(), machine);
        }
    }

    /** A node on two sockets of a host. */
    RpcNode node(NodeConfig config, String host, int port, NodeListener listener) {
        LocalSocket client = socket(Address.of(host, port + 1));
        LocalSocket server = socket(Address.of(host, port));
        RpcNode node =
                new RpcNode(
                        config,
                        client,
                        server,
                        new Random(random.nextLong()),
                        this::wallClockMillis,
                        listener);
        attach(node, client, server);
        return node;
    }

    /** Takes a machine off the network. */
    void kill(Machine machine) {
        order.remove(machine);
        machines.values().removeIf(other -> other == machine);
    }

    /** Everything that is sent from now on. */
    List<Sent> record() {
        recorded = new ArrayList<>();
        return recorded;
    }

    void send(Address from, Address to, Bytes payload) {
        recorded.add(new Sent(from, to, payload));
        long jitter = latencyNanos == 0 ? 0 : random.nextInt((int) latencyNanos);
        underWay.add(new Delivery(now + latencyNanos + jitter, serial++, from, to, payload));
    }

    /** Lets the others see what leaves a socket as coming from another address, and back. */
    void translate(LocalSocket socket, Address outside) {
        Machine machine = machines.remove(socket.local());
        translations.put(socket.local(), outside);
        machines.put(outside, machine);
        sockets.put(outside, socket);
    }

    /** Nothing happens for a while, and then everything that was due at once. */
    void stall(long nanos) {
        now += nanos;
    }

    void drain() {
        for (Machine machine : List.copyOf(order)) {
            drain(machine);
        }
    }

    void run(long nanos) {
        long end = now + nanos;
        runUntil(() -> false, nanos);
        now = end;
    }

    /** Runs until something holds; false if the time was up before. */
    boolean runUntil(BooleanSupplier done, long limitNanos) {
        long end = now + limitNanos;
        drain();
        while (!done.getAsBoolean()) {
            Delivery next = underWay.peek();
            Machine due = null;
            long at = next == null ? Machine.NEVER : next.atNanos();
            for (Machine machine : order) {
                if (machine.deadlineNanos() < at) {
                    at = machine.deadlineNanos();
                    due = machine;
                }
            }
            if (at > end) {
                return false;
            }
            now = Math.max(now, at);
            if (due != null) {
                due.expire(now);
                drain(due);
            } else {
                deliver(underWay.remove());
            }
        }
        return true;
    }

    private void deliver(Delivery delivery) {
        digest = 31 * digest + delivery.payload().hashCode();
        Machine machine = machines.get(delivery.to());
        LocalSocket socket = sockets.get(delivery.to());
        Set<Address> known = firewalls.get(delivery.to());
        boolean blocked = known != null && !known.contains(delivery.from());
        if (machine == null || socket == null || blocked || random.nextDouble() < loss) {
            return;
        }
        machine.receive(new Datagram(socket, delivery.from(), delivery.payload()), now);
        drain(machine);
    }

    private void drain(Machine machine) {
        List<Runnable> notices = new ArrayList<>();
        machine.drain(
                new Effects() {
                    @Override
                    public void send(LocalSocket socket, Address destination, Bytes payload) {
                        Set<Address> known = firewalls.get(socket.local());
                        if (known != null) {
                            known.add(destination);
                        }
                        Address from = translations.getOrDefault(socket.local(), socket.local());
                        TestNetwork.this.send(from, destination, payload);
                    }

                    @Override
                    public void open(int request) {
                        throw new UnsupportedOperationException("open");
                    }

                    @Override
                    public void close(LocalSocket socket) {}

                    @Override
                    public void deliver(Runnable notice) {
                        notices.add(notice);
                    }
                },
                now);
        notices.forEach(Runnable::run);
    }
}
