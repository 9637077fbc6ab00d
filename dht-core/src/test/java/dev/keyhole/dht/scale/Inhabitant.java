package dev.keyhole.dht.scale;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.connect.DhtNode;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One node of the world: a whole node as it is, its sockets, its NAT, and the place it is at. */
final class Inhabitant implements Effects {

    static final int SERVER_PORT = 49737;

    private static final int FIRST_FREE_PORT = 50_000;

    private final World world;
    private final int number;
    private final @Nullable Nat nat;
    private final double x;
    private final double y;
    private final DhtNode dht;
    private Machine machine;
    private final Map<Integer, LocalSocket> sockets = new HashMap<>(4);
    private final ArrayDeque<Runnable> notices = new ArrayDeque<>(2);
    private final int insideHost;
    private int host;
    private int nextPort = FIRST_FREE_PORT;
    private int socketIds;
    private boolean dead;
    private boolean busy;
    private boolean bootstrapped;
    private final long bornNanos;
    private long sent;

    /** Something that is done to a node. */
    @FunctionalInterface
    interface Command {
        void run(long nowNanos);
    }

    /**
     * A node that is silent until it is started.
     *
     * @param nat what it is behind, null if nothing
     */
    Inhabitant(World world, int host, @Nullable Nat nat, NodeConfig config) {
        this.world = world;
        this.host = host;
        this.nat = nat;
        this.bornNanos = world.now();
        this.number = world.settle(this);
        this.x = world.random().nextDouble();
        this.y = world.random().nextDouble();
        this.insideHost = nat == null ? host : 0xc0a8_0000 | number % 250 + 1 << 8 | 2;
        LocalSocket server = bind(SERVER_PORT);
        LocalSocket client = bind(SERVER_PORT + 1 + world.random().nextInt(200));
        this.dht =
                new DhtNode(
                        config,
                        client,
                        server,
                        new SeededEntropy(world.random().nextLong()),
                        world::wallClockMillis,
                        new NodeListener() {
                            @Override
                            public void bootstrapped(long nowNanos) {
                                bootstrapped = true;
                            }
                        });
        dht.rpc().localAddresses(List.of(server.local()));
        this.machine = dht;
        world.house(host, this);
    }

    void start() {
        command(dht::start);
    }

    DhtNode dht() {
        return dht;
    }

    @Nullable Nat nat() {
        return nat;
    }

    /** Has it work against the others from now on. */
    void corrupt(Crook.Kind kind, Gang gang) {
        machine = new Crook(dht, kind, gang, new Random(world.random().nextLong()));
        gang.join(address());
    }

    boolean isHostile() {
        return machine != dht;
    }

    /** Where others see its server socket, if nothing is in front of it. */
    Address address() {
        return new Address(host, SERVER_PORT);
    }

    double x() {
        return x;
    }

    double y() {
        return y;
    }

    /** On which side of a division of the world it is. */
    boolean isEast() {
        return x > 0.5;
    }

    boolean isDead() {
        return dead;
    }

    boolean isBootstrapped() {
        return bootstrapped;
    }

    long bornNanos() {
        return bornNanos;
    }

    /** Datagrams it has sent. */
    long sent() {
        return sent;
    }

    /** Sockets it has open. */
    int sockets() {
        return sockets.size();
    }

    /** Has its NAT start anew: other ports, and another public host as well if so wanted. */
    void moveMapping(boolean toAnotherHost) {
        if (nat == null) {
            throw new IllegalStateException("nothing is in front of it");
        }
        nat.restart();
        if (toAnotherHost) {
            world.vacate(host);
            host = world.freeHost();
            world.house(host, this);
        }
    }

    /** Is gone, without a word to anybody. */
    void vanish() {
        dead = true;
        world.vacate(host);
        world.bury(number);
    }

    /** Gives the node a command and sees to what follows from it. */
    void command(Command command) {
        if (dead) {
            return;
        }
        begin();
        command.run(world.now());
        finish();
    }

    void expire() {
        begin();
        machine.expire(world.now());
        finish();
    }

    void arrive(Address source, int port, Bytes payload) {
        if (dead) {
            return;
        }
        Integer inside = nat == null ? (Integer) port : nat.enter(port, source, world.now());
        LocalSocket socket = inside == null ? null : sockets.get(inside);
        if (socket != null) {
            begin();
            machine.receive(new Datagram(socket, source, payload), world.now());
            finish();
        }
    }

    @Override
    public void send(LocalSocket socket, Address destination, Bytes payload) {
        if (!sockets.containsKey(socket.local().port()) || destination.port() == 0) {
            return;
        }
        sent++;
        int port = socket.local().port();
        int seen = nat == null ? port : nat.leave(port, destination, world.now());
        world.carry(this, new Address(host, seen), destination, payload);
    }

    @Override
    public void open(int request) {
        while (sockets.containsKey(nextPort)) {
            nextPort = nextPort == 65_535 ? FIRST_FREE_PORT : nextPort + 1;
        }
        LocalSocket socket = bind(nextPort);
        nextPort = nextPort == 65_535 ? FIRST_FREE_PORT : nextPort + 1;
        world.after(0, () -> command(now -> machine.opened(request, socket, now)));
    }

    @Override
    public void close(LocalSocket socket) {
        sockets.remove(socket.local().port(), socket);
    }

    @Override
    public void deliver(Runnable notice) {
        notices.add(notice);
    }

    private LocalSocket bind(int port) {
        LocalSocket socket = new LocalSocket(++socketIds, new Address(insideHost, port));
        sockets.put(port, socket);
        return socket;
    }

    private void begin() {
        if (busy) {
            throw new IllegalStateException("a node does one thing at a time");
        }
        busy = true;
    }

    private void finish() {
        machine.drain(this, world.now());
        Runnable notice;
        while ((notice = notices.poll()) != null) {
            notice.run();
            machine.drain(this, world.now());
        }
        busy = false;
        if (!dead) {
            world.wake(number, machine.deadlineNanos());
        }
    }
}
