package dev.keyhole.transport.net;

import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;

/**
 * What a machine may ask of the world.
 *
 * <p>An owner may queue what it is asked; it never calls back into the machine while it drains it.
 */
public interface Effects {

    /** A datagram that writes itself to wherever its owner wants it; nobody keeps it. */
    interface Packet {

        /** Up to so many bytes no link is taken to need to cut. */
        int UNCUT_BYTES = 1172;

        /** How many bytes it has. */
        int length();

        /** Writes just as many bytes, from the position of a buffer in network order on. */
        void writeTo(ByteBuffer target);

        /**
         * Whether it is to arrive in one piece or not at all; otherwise a link that is too narrow
         * may cut it. Asked of packets longer than {@link #UNCUT_BYTES} alone.
         */
        default boolean isWhole() {
            return false;
        }
    }

    /** Sends a datagram. What cannot be sent is lost, as it might have been on the way. */
    void send(LocalSocket socket, Address destination, Bytes payload);

    /**
     * Sends a datagram that is written within this call, so that an owner with a buffer of its own
     * needs no copy. Of packets in a row for one destination, equally long but for the last, it may
     * make one demand of the operating system.
     */
    default void send(LocalSocket socket, Address destination, Packet packet) {
        byte[] payload = new byte[packet.length()];
        packet.writeTo(ByteBuffer.wrap(payload));
        send(socket, destination, Bytes.wrap(payload));
    }

    /**
     * Whether so much waits to leave this machine that whatever can wait should. A drain follows
     * when that is over.
     */
    default boolean isBusy() {
        return false;
    }

    /**
     * Sends a datagram that goes no further than so many hops. An owner whose platform cannot limit
     * hops sends it as any other, and this default does.
     *
     * @param hops from 1 to 255
     */
    default void sendNearby(LocalSocket socket, Address destination, Bytes payload, int hops) {
        send(socket, destination, payload);
    }

    /**
     * Binds another UDP socket, to a free port of the same local host as the first.
     *
     * @param request comes back with {@link Machine#opened} or {@link Machine#openFailed}
     */
    void open(int request);

    /** Closes a socket. Datagrams already received from it may still come in. */
    void close(LocalSocket socket);

    /**
     * Tells the application something: runs on the loop's thread after the machine was drained, in
     * the order of delivery, so that it may give the machine new commands.
     */
    void deliver(Runnable notice);
}
