package dev.keyhole.transport.sim;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A host with an address, sockets, and one machine that owns them.
 *
 * <p>Does for its machine what the loop does for a real one: feeds it, drains it, runs its notices
 * and wakes it at its deadline.
 */
public final class SimHost implements Effects {

    private static final int FIRST_FREE_PORT = 49_152;

    private final SimNetwork network;
    private final int address;
    private final Map<Integer, LocalSocket> sockets = new LinkedHashMap<>();
    private final ArrayDeque<Runnable> notices = new ArrayDeque<>();
    private @Nullable Machine machine;
    private boolean dead;
    private boolean draining;
    private int nextSocket = 1;
    private long wakeAt = Machine.NEVER;
    private long sent;

    /** Something that is done to a machine. */
    @FunctionalInterface
    public interface Command {
        void run(long nowNanos);
    }

    SimHost(SimNetwork network, int address) {
        this.network = network;
        this.address = address;
    }

    public int address() {
        return address;
    }

    /** How many datagrams it has sent. */
    public long sent() {
        return sent;
    }

    /** Binds a socket. */
    public LocalSocket bind(int port) {
        LocalSocket socket = new LocalSocket(nextSocket++, new Address(address, port));
        if (sockets.putIfAbsent(port, socket) != null) {
            throw new IllegalArgumentException("port " + port + " is taken");
        }
        return socket;
    }

    /** Gives the host the machine that it runs from now on. */
    public void run(Machine machine) {
        this.machine = machine;
        input(() -> {});
    }

    /** Gives the machine a command and sees to what follows from it. */
    public void command(Command command) {
        input(() -> command.run(network.now()));
    }

    /** Switches the host off, without a word to anybody. */
    public void kill() {
        dead = true;
    }

    @Override
    public void send(LocalSocket socket, Address destination, Bytes payload) {
        if (!socket.equals(sockets.get(socket.local().port()))) {
            return;
        }
        sent++;
        network.carry(socket.local(), destination, payload);
    }

    @Override
    public void open(int request) {
        int port = FIRST_FREE_PORT;
        while (sockets.containsKey(port)) {
            port++;
        }
        LocalSocket socket = bind(port);
        network.after(0, () -> input(() -> running().opened(request, socket, network.now())));
    }

    @Override
    public void close(LocalSocket socket) {
        sockets.remove(socket.local().port(), socket);
    }

    @Override
    public void deliver(Runnable notice) {
        notices.add(notice);
    }

    void arrive(Address source, int port, Bytes payload) {
        LocalSocket socket = sockets.get(port);
        if (socket != null) {
            Datagram datagram = new Datagram(socket, source, payload);
            input(() -> running().receive(datagram, network.now()));
        }
    }

    private Machine running() {
        if (machine == null) {
            throw new IllegalStateException("no machine runs here");
        }
        return machine;
    }

    /** One input, and then draining and notices until there is nothing left to do. */
    private void input(Runnable input) {
        if (dead || machine == null) {
            return;
        }
        if (draining) {
            throw new IllegalStateException("a machine must not be re-entered");
        }
        input.run();
        drain();
        while (!notices.isEmpty()) {
            notices.remove().run();
            drain();
        }
        sleep();
    }

    private void drain() {
        draining = true;
        running().drain(this, network.now());
        draining = false;
    }

    private void sleep() {
        long deadline = running().deadlineNanos();
        if (deadline == Machine.NEVER || deadline >= wakeAt && wakeAt > network.now()) {
            return;
        }
        long at = Math.max(deadline, network.now());
        wakeAt = at;
        network.at(at, () -> wake(at));
    }

    private void wake(long at) {
        if (at != wakeAt) {
            return;
        }
        wakeAt = Machine.NEVER;
        input(() -> running().expire(network.now()));
    }
}
