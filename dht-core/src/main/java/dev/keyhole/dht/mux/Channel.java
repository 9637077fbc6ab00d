package dev.keyhole.dht.mux;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireWriter;

/** One conversation within a link. Belongs to the thread of the link. */
public final class Channel {

    private final ChannelMux mux;
    private final Protocol protocol;
    private final Listener listener;

    /** The number we gave it; the peer has one of its own. */
    private final int number;

    private int remoteNumber;
    private boolean closed;

    /** Who is told what happens on a channel. */
    public interface Listener {

        /** The peer has opened it too. Comes before any message, maybe before it is even returned. */
        void opened(Channel channel, Bytes handshake);

        /**
         * The next message.
         *
         * @param type what kind of message it is, as both sides number them; unknown kinds are to
         *     be passed over
         * @throws MalformedException if it cannot be read, which ends the link
         */
        void message(int type, Bytes message) throws MalformedException;

        /** The link takes messages again after {@link Channel#send} said no. */
        default void writable() {}

        /** Nothing more happens; called once. */
        void closed(boolean byPeer);
    }

    Channel(ChannelMux mux, Protocol protocol, Listener listener, int number) {
        this.mux = mux;
        this.protocol = protocol;
        this.listener = listener;
        this.number = number;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** Whether the peer has opened it too, and nobody has closed it. */
    public boolean isOpen() {
        return remoteNumber > 0 && !closed;
    }

    public boolean isClosed() {
        return closed;
    }

    /**
     * Sends a message. One sent before the peer has opened the channel waits there.
     *
     * @return whether more is welcome now; otherwise {@link Listener#writable} says when
     */
    public boolean send(int type, Bytes message) {
        if (closed) {
            return false;
        }
        WireWriter writer = new WireWriter(message.length() + 4);
        return mux.write(number, writer.uint(type).bytes(message).toBytes());
    }

    /** Ends the channel, in both directions; harmless when repeated. */
    public void close() {
        mux.close(this);
    }

    Listener listener() {
        return listener;
    }

    int number() {
        return number;
    }

    int remoteNumber() {
        return remoteNumber;
    }

    void pairWith(int newRemoteNumber) {
        remoteNumber = newRemoteNumber;
    }

    void markClosed() {
        closed = true;
    }

    @Override
    public String toString() {
        return "channel " + number + " for " + protocol.name();
    }
}
