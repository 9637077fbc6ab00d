package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Effects that are only written down. */
class Recorder implements Effects {

    /** A datagram that was asked to be sent. */
    record Sent(LocalSocket socket, Address destination, Bytes payload) {

        PacketHeader header() {
            return PacketHeader.of(payload);
        }
    }

    final List<Sent> sent = new ArrayList<>();

    /** Large packets that were to stay in one piece. */
    final List<Bytes> whole = new ArrayList<>();

    /** What was sent since the last call. */
    List<Sent> take() {
        List<Sent> taken = List.copyOf(sent);
        sent.clear();
        return taken;
    }

    /** The payloads of what was sent since the last call. */
    List<Bytes> takePayloads() {
        return take().stream().map(Sent::payload).toList();
    }

    @Override
    public void send(LocalSocket socket, Address destination, Bytes payload) {
        sent.add(new Sent(socket, destination, payload));
    }

    @Override
    public void send(LocalSocket socket, Address destination, Packet packet) {
        byte[] payload = new byte[packet.length()];
        packet.writeTo(ByteBuffer.wrap(payload));
        if (payload.length > Packet.UNCUT_BYTES && packet.isWhole()) {
            whole.add(Bytes.wrap(payload));
        }
        send(socket, destination, Bytes.wrap(payload));
    }

    @Override
    public void open(int request) {
        throw new AssertionError("streams open no sockets");
    }

    @Override
    public void close(LocalSocket socket) {
        throw new AssertionError("streams close no sockets");
    }

    @Override
    public void deliver(Runnable notice) {
        throw new AssertionError("streams tell their listener directly");
    }
}
