package dev.keyhole.dht.connect;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;

/** Carries out what was decided about a request, over a socket. */
record Carrier(IncomingRequest request, LocalSocket socket, long nowNanos)
        implements RelayDecision.Hands {

    @Override
    public void forward(Address to, Bytes value) {
        request.relay(value, to, socket);
    }

    @Override
    public void answer(Address to, Bytes value) {
        request.replyTo(to, value, socket, nowNanos);
    }

    @Override
    public void closerNodes() {
        request.replyCloserNodes(nowNanos);
    }

    @Override
    public void serve(Serve serve) {
        throw new IllegalStateException("a server's answer is sent, not served");
    }
}
