package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;

/** Listens to a socket for nothing in particular. */
class SilentListener implements UdpSocket.Listener {

    @Override
    public void received(Address source, Bytes payload) {}

    @Override
    public void receivedAll() {}

    @Override
    public void writable() {}

    @Override
    public void failed(IOException cause) {}

    @Override
    public void unsent(int datagrams) {}

    @Override
    public void lost() {}
}
