package dev.keyhole.benchmark;

import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.udx.StreamMultiplexer;
import java.util.Random;

/** A node that does nothing but streams, over a socket that it was given. */
class StreamsMachine implements Machine {

    final StreamMultiplexer streams = new StreamMultiplexer(new Random());

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        streams.receive(datagram, nowNanos);
    }

    @Override
    public void opened(int request, LocalSocket opened, long nowNanos) {
        throw new IllegalStateException("nobody asked for a socket");
    }

    @Override
    public void openFailed(int request, String why, long nowNanos) {
        throw new IllegalStateException("nobody asked for a socket");
    }

    @Override
    public void expire(long nowNanos) {
        streams.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        streams.drain(effects, nowNanos);
    }

    @Override
    public long deadlineNanos() {
        return streams.deadlineNanos();
    }
}
