package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The receiving end of a stream whose reader comes later.
 *
 * <p>The id of a stream is told to the peer before the path to it is known, and the peer's packets
 * may overtake its answer. So everything waits here, in as much as UDX lets an unconnected stream
 * hand up, until the encrypted stream takes over.
 */
final class RawInlet implements UdxStream.Listener {

    private final Doorkeeper doorkeeper;
    private final Queue<Event> waiting = new ArrayDeque<>();
    private UdxStream.@Nullable Listener reader;
    private boolean closed;

    /** Hears of packets that come in before the stream is connected. */
    interface Doorkeeper {

        /** A packet came from here; it is kept whatever this does. */
        void knocked(LocalSocket socket, Address source, long nowNanos);

        /** The stream ended before anybody read it. */
        void closedUnread(CloseReason reason, long nowNanos);
    }

    /** Something that happened before there was a reader. */
    @FunctionalInterface
    private interface Event {
        void tell(UdxStream.Listener reader, long nowNanos);
    }

    RawInlet(Doorkeeper doorkeeper) {
        this.doorkeeper = doorkeeper;
    }

    /** Names the reader and tells it what has happened so far. */
    void handTo(UdxStream.Listener newReader, long nowNanos) {
        reader = newReader;
        Event event;
        while ((event = waiting.poll()) != null) {
            event.tell(newReader, nowNanos);
        }
    }

    @Override
    public boolean firewall(LocalSocket socket, Address source, long nowNanos) {
        if (source.port() == 0) {
            return false;
        }
        if (reader == null) {
            doorkeeper.knocked(socket, source, nowNanos);
        }
        return true;
    }

    @Override
    public void heard(LocalSocket socket, Address source, long nowNanos) {
        if (reader != null) {
            reader.heard(socket, source, nowNanos);
        }
    }

    @Override
    public void data(Bytes data, long nowNanos) {
        if (reader != null) {
            reader.data(data, nowNanos);
            return;
        }
        Bytes kept = data.copy();
        waiting.add((listener, now) -> listener.data(kept, now));
    }

    @Override
    public void message(Bytes message, long nowNanos) {
        if (reader != null) {
            reader.message(message, nowNanos);
        }
    }

    @Override
    public void ended(long nowNanos) {
        tell(UdxStream.Listener::ended, nowNanos);
    }

    @Override
    public void writable(long nowNanos) {
        tell(UdxStream.Listener::writable, nowNanos);
    }

    @Override
    public void remoteChanged(long nowNanos) {
        tell(UdxStream.Listener::remoteChanged, nowNanos);
    }

    @Override
    public void closed(CloseReason reason, long nowNanos) {
        if (closed) {
            return;
        }
        closed = true;
        if (reader == null) {
            waiting.clear();
            doorkeeper.closedUnread(reason, nowNanos);
        } else {
            reader.closed(reason, nowNanos);
        }
    }

    private void tell(Event event, long nowNanos) {
        if (reader == null) {
            waiting.add(event);
        } else {
            event.tell(reader, nowNanos);
        }
    }
}
