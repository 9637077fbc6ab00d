package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;

/**
 * A server's authentic answer to our handshake, and the way it came.
 *
 * @param handshake our side of it, whose message may be sent again
 * @param noise the answer as it came
 * @param relayed whether somebody passed it on, rather than the server itself
 * @param saidOpen whether our message said that the server can come to us
 * @param relayAddress who was asked
 * @param serverAddress the server, as seen by the relay
 * @param clientAddress we, as seen by the relay
 * @param socket the socket the answer came in on
 * @param roundTripNanos how long the answer took
 */
record Reached(
        ClientHandshake handshake,
        Session session,
        NoisePayload payload,
        NoisePayload.Udx udx,
        Bytes noise,
        boolean relayed,
        boolean saidOpen,
        Address relayAddress,
        Address serverAddress,
        Address clientAddress,
        LocalSocket socket,
        long roundTripNanos) {

    /** Whether the server can punch. */
    boolean isPunchable() {
        NoisePayload.Holepunch holepunch = payload.holepunch();
        return holepunch != null && !holepunch.relays().isEmpty();
    }

    /** Whether server and client are seen at the same public host. */
    boolean isOnSameHost() {
        return clientAddress.host() == serverAddress.host();
    }
}
