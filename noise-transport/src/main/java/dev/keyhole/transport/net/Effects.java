package dev.keyhole.transport.net;

import dev.keyhole.transport.wire.Bytes;

/**
 * What a machine may ask of the world.
 *
 * <p>An owner may queue what it is asked; it never calls back into the machine while it drains it.
 */
public interface Effects {

    /** Sends a datagram. What cannot be sent is lost, as it might have been on the way. */
    void send(LocalSocket socket, Address destination, Bytes payload);

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
