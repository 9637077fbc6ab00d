package dev.keyhole.transport.net;

import dev.keyhole.transport.wire.Bytes;

/**
 * One datagram that came in.
 *
 * @param socket where it came in
 * @param source who sent it, as far as the network says
 * @param payload its bytes, only lent: the owner of the machine writes over them once {@link
 *     Machine#receive} has returned, so what is kept is a copy
 */
public record Datagram(LocalSocket socket, Address source, Bytes payload) {

    /** The same datagram with bytes of its own, to be kept. */
    public Datagram copy() {
        return new Datagram(socket, source, payload.copy());
    }
}
