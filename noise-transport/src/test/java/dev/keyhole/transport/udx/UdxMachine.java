package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import java.util.Random;

/** A machine that does nothing but streams. */
class UdxMachine implements Machine {

    final StreamMultiplexer streams;
    int strangers;

    UdxMachine(Random random) {
        streams = new StreamMultiplexer(random);
    }

    @Override
    public void receive(Datagram datagram, long now) {
        if (!streams.receive(datagram, now)) {
            strangers++;
        }
    }

    @Override
    public void opened(int request, LocalSocket socket, long now) {
        throw new AssertionError("nobody asked for a socket");
    }

    @Override
    public void openFailed(int request, String why, long now) {
        throw new AssertionError("nobody asked for a socket");
    }

    @Override
    public void expire(long now) {
        streams.expire(now);
    }

    @Override
    public void drain(Effects effects, long now) {
        streams.drain(effects, now);
    }

    @Override
    public long deadlineNanos() {
        return streams.deadlineNanos();
    }
}
