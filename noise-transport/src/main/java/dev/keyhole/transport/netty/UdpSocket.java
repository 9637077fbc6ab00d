package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects.Packet;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * A bound socket, as the loop sees it; used on the loop's thread alone.
 *
 * <p>What is sent may wait for {@link #flush}. What the operating system refuses is lost and counted.
 */
interface UdpSocket {

    /** What one socket says. */
    interface Listener {

        /**
         * A datagram has come in.
         *
         * @param payload valid during the call only
         */
        void received(Address source, Bytes payload);

        /** Those that had come in were all handed out, for now. */
        void receivedAll();

        /** It is busy no longer. */
        void writable();

        /** Something went wrong that concerns nobody in particular; the socket goes on. */
        void failed(IOException cause);

        /** So many datagrams could not be sent. */
        void unsent(int datagrams);

        /** The socket is closed, and not because it was asked to. */
        void lost();
    }

    /** Where it is bound. */
    Address local();

    /**
     * The largest IP packet that may be worth sending in one piece; 0 if none can be sent so for
     * certain.
     */
    int mtu();

    void send(Address destination, Packet packet);

    /** Sends what waits. */
    void flush();

    /** Whether more waits than should; {@link Listener#writable} says when that is over. */
    boolean isBusy();

    /**
     * Sends what waits, and then has what follows go no further than so many hops.
     *
     * @return false if that cannot be done here
     */
    boolean limitHops(int hops);

    /** Sends what waits, and then lets everything go as far as the system thinks right. */
    void liftHops();

    /** Sends what waits and closes; done when the port is free. */
    CompletableFuture<Void> close();
}
