package dev.keyhole.transport.sim;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.Queue;

/** A machine that waits for nothing but datagrams, and sends what it was given to send. */
public abstract class PassiveMachine implements Machine {

    /** What leaves with the next drain, with the destination for a source. */
    private final Queue<Datagram> outgoing = new ArrayDeque<>();

    /** Sends a datagram with the next drain. */
    protected void send(LocalSocket socket, Address destination, Bytes payload) {
        outgoing.add(new Datagram(socket, destination, payload));
    }

    @Override
    public void opened(int request, LocalSocket opened, long nowNanos) {}

    @Override
    public void openFailed(int request, String why, long nowNanos) {}

    @Override
    public void expire(long nowNanos) {}

    @Override
    public void drain(Effects effects, long nowNanos) {
        Datagram next;
        while ((next = outgoing.poll()) != null) {
            effects.send(next.socket(), next.source(), next.payload());
        }
    }

    @Override
    public long deadlineNanos() {
        return NEVER;
    }
}
