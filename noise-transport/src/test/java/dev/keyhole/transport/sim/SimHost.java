package dev.keyhole.transport.sim;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A host with an address, sockets, and one machine that owns them.
 *
 * <p>Does for its machine what the loop does for a real one: feeds it, drains it, runs its notices
 * and wakes it at its deadline.
 */
public final class SimHost implements Effects {

    private static final int FIRST_FREE_PORT = 49_152;

    /** What the sockets of a sleeping host hold. */
    private static final int MAX_MAIL = 200;

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
    private long received;
    private long wakes;

    /** How far its clock is behind that of the network. */
    private long behindNanos;

    private @Nullable Random lateness;
    private long latestNanos;

    private @Nullable Turns turns;
    private final ArrayDeque<Runnable> inbox = new ArrayDeque<>();
    private long turnDue = Machine.NEVER;
    private long turnAt = Machine.NEVER;
    private long freeAt;
    private int bytesOut;
    private int datagramsInTurn;
    private boolean turnIsOver;

    private boolean asleep;
    private boolean readsMail;
    private final ArrayDeque<Runnable> mail = new ArrayDeque<>();
    private final ArrayDeque<Runnable> postponed = new ArrayDeque<>();

    /** What happens to the clock and to datagrams while a host sleeps. */
    public enum Sleep {
        /** A process that was stopped: its clock went on, its sockets took in what they can hold. */
        STOPPED,
        /** A computer that was suspended: what was sent to it is lost, and its clock went on. */
        SUSPENDED,
        /** The same, but the clock stood still. */
        SUSPENDED_WITH_CLOCK
    }

    /**
     * How a loop with sockets takes turns, in which it takes in all that has come since the last one.
     *
     * @param random where its lateness comes from
     * @param usuallyNanos how late it wakes at most, for datagrams and deadlines
     * @param rarely the share of turns for which it has to wait until others leave the processor
     * @param rarelyNanos for how long at most
     * @param datagramNanos how long a turn takes for each datagram in or out
     * @param bytesOut what leaves in one turn before the machine is asked to wait for the next
     */
    public record Turns(
            Random random,
            long usuallyNanos,
            double rarely,
            long rarelyNanos,
            long datagramNanos,
            int bytesOut) {

        private long drawLateness() {
            long most = random.nextDouble() < rarely ? rarelyNanos : usuallyNanos;
            return (long) (random.nextDouble() * most);
        }
    }

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

    /** How many datagrams its machine was given. */
    public long received() {
        return received;
    }

    /** How often its machine was woken at a deadline. */
    public long wakes() {
        return wakes;
    }

    /** The time by its own clock, the only one that its machine knows. */
    public long now() {
        return network.now() - behindNanos;
    }

    /** Sets the clock, before anything runs here. */
    public void setClock(long nanos) {
        if (machine != null) {
            throw new IllegalStateException("the clock of a machine never jumps back");
        }
        behindNanos = network.now() - nanos;
    }

    /** Has the machine woken late, as a busy computer does. */
    public void wakeLate(Random random, long atMostNanos) {
        lateness = random;
        latestNanos = atMostNanos;
    }

    /** Has it run like a loop with sockets, which does not answer each datagram by itself. */
    public void takeTurns(Turns how) {
        turns = how;
    }

    public boolean isAsleep() {
        return asleep;
    }

    /** Has nothing run here for a while; commands of that time are carried out at the end of it. */
    public void sleep(long nanos, Sleep how) {
        if (asleep) {
            return;
        }
        asleep = true;
        readsMail = how == Sleep.STOPPED;
        network.after(nanos, () -> wakeUp(how == Sleep.SUSPENDED_WITH_CLOCK ? nanos : 0));
    }

    private void wakeUp(long stoodStillNanos) {
        behindNanos += stoodStillNanos;
        asleep = false;
        // The loop sees to deadlines first or to its sockets, as it happens.
        if (network.random().nextBoolean()) {
            expire();
        }
        for (Runnable arrival = mail.poll(); arrival != null; arrival = mail.poll()) {
            arrival.run();
        }
        for (Runnable command = postponed.poll(); command != null; command = postponed.poll()) {
            command.run();
        }
        expire();
    }

    private void expire() {
        wakes++;
        input(() -> running().expire(now()));
    }

    /** Binds a socket. */
    public LocalSocket bind(int port) {
        return bind(port, 0);
    }

    /**
     * Binds a socket.
     *
     * @param mtu the largest IP packet that may be worth sending over it in one piece
     */
    public LocalSocket bind(int port, int mtu) {
        LocalSocket socket = new LocalSocket(nextSocket++, new Address(address, port), mtu);
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
        if (asleep) {
            postponed.add(() -> command(command));
            return;
        }
        input(() -> command.run(now()));
    }

    /** Switches the host off, without a word to anybody. */
    public void kill() {
        dead = true;
    }

    @Override
    public void send(LocalSocket socket, Address destination, Bytes payload) {
        send(socket, destination, payload, false);
    }

    @Override
    public void send(LocalSocket socket, Address destination, Packet packet) {
        byte[] payload = new byte[packet.length()];
        packet.writeTo(ByteBuffer.wrap(payload));
        boolean whole = payload.length > Packet.UNCUT_BYTES && packet.isWhole();
        send(socket, destination, Bytes.wrap(payload), whole);
    }

    private void send(LocalSocket socket, Address destination, Bytes payload, boolean whole) {
        if (!socket.equals(sockets.get(socket.local().port()))) {
            return;
        }
        sent++;
        bytesOut += payload.length();
        datagramsInTurn++;
        network.carry(socket.local(), destination, payload, whole);
    }

    @Override
    public boolean isBusy() {
        Turns how = turns;
        turnIsOver = how != null && bytesOut > how.bytesOut;
        return turnIsOver;
    }

    /** Sends something that the machine knows nothing of. */
    public void slip(int port, Address destination, Bytes payload) {
        network.carry(new Address(address, port), destination, payload, false);
    }

    @Override
    public void open(int request) {
        int port = FIRST_FREE_PORT;
        while (sockets.containsKey(port)) {
            port++;
        }
        LocalSocket socket = bind(port);
        network.after(0, () -> command(now -> running().opened(request, socket, now)));
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
        if (socket != null && !asleep && turns != null) {
            inbox.add(() -> take(source, socket, payload));
            turnBy(network.now());
        } else if (socket != null && !asleep) {
            input(() -> take(source, socket, payload));
        } else if (socket != null && readsMail && mail.size() < MAX_MAIL) {
            mail.add(() -> arrive(source, port, payload));
        }
    }

    private void take(Address source, LocalSocket socket, Bytes payload) {
        received++;
        datagramsInTurn++;
        // Lent, and written over afterwards, as by the loop: whoever kept it will notice.
        Bytes lent = payload.copy();
        running().receive(new Datagram(socket, source, lent), now());
        Arrays.fill(lent.array(), (byte) 0xee);
    }

    private void turnBy(long due) {
        Turns how = turns;
        if (how == null || due >= turnDue) {
            return;
        }
        turnDue = due;
        turnAt = Math.max(due, freeAt) + how.drawLateness();
        long at = turnAt;
        network.at(at, () -> turn(at));
    }

    private void turn(long at) {
        if (at != turnAt) {
            return;
        }
        turnDue = Machine.NEVER;
        turnAt = Machine.NEVER;
        input(
                () -> {
                    for (Runnable arrival = inbox.poll(); arrival != null; arrival = inbox.poll()) {
                        arrival.run();
                    }
                    if (running().deadlineNanos() <= now()) {
                        wakes++;
                        running().expire(now());
                    }
                });
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
        bytesOut = 0;
        datagramsInTurn = 0;
        turnIsOver = false;
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
        running().drain(this, now());
        draining = false;
    }

    private void sleep() {
        if (turns != null) {
            freeAt = network.now() + datagramsInTurn * turns.datagramNanos;
        }
        if (turnIsOver) {
            turnBy(network.now());
        }
        long deadline = running().deadlineNanos();
        if (deadline == Machine.NEVER) {
            return;
        }
        long due = deadline + behindNanos;
        if (turns != null) {
            turnBy(Math.max(due, network.now()));
            return;
        }
        boolean wakesInTime = due >= wakeAt && (wakeAt > network.now() || lateness != null);
        if (wakesInTime) {
            return;
        }
        long at = Math.max(due, network.now());
        wakeAt = at;
        network.at(at + late(), () -> wake(at));
    }

    private long late() {
        Random random = lateness;
        return random == null ? 0 : (long) (random.nextDouble() * latestNanos);
    }

    private void wake(long at) {
        if (at != wakeAt) {
            return;
        }
        wakeAt = Machine.NEVER;
        if (!asleep) {
            expire();
        }
    }
}
