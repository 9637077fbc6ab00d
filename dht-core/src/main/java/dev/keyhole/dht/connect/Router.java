package dev.keyhole.dht.connect;

import static dev.keyhole.dht.connect.RelayDecision.CLOSER_NODES;
import static dev.keyhole.dht.connect.RelayDecision.SILENT;

import dev.keyhole.dht.connect.RelayDecision.Answer;
import dev.keyhole.dht.connect.RelayDecision.Forward;
import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import org.jspecify.annotations.Nullable;

/**
 * What to do with handshakes and holepunch messages, the own ones and those of other peers ({@code
 * docs/protocol.md}, "Carrying handshakes").
 *
 * <p>Knows nothing but the message in hand: whoever forwards keeps no state.
 */
public final class Router {

    private Router() {}

    /**
     * Decides about a PEER_HANDSHAKE.
     *
     * @param serving whether this node is the server of the target
     * @param route where a server that announced itself here can be reached
     * @throws MalformedException if the value does not decode; nothing is answered then
     */
    public static RelayDecision handshake(
            Bytes value, Address from, boolean serving, @Nullable Address route)
            throws MalformedException {
        HandshakeValue handshake = HandshakeValue.decode(value);
        if (handshake.noise().isEmpty()) {
            return SILENT;
        }
        return serving ? serveHandshake(handshake, from) : carry(handshake, from, route);
    }

    private static RelayDecision serveHandshake(HandshakeValue handshake, Address from) {
        Bytes noise = handshake.noise();
        Address client = handshake.peerAddress();
        if (client != null && client.port() == 0) {
            return SILENT;
        }
        return switch (handshake.mode()) {
            case FROM_CLIENT -> new Serve(noise, 0, from, from);
            case FROM_RELAY -> client == null ? SILENT : new Serve(noise, 0, client, from);
            case FROM_SECOND_RELAY -> {
                Address firstRelay = handshake.relayAddress();
                yield client == null || firstRelay == null
                        ? SILENT
                        : new Serve(noise, 0, client, firstRelay);
            }
            case FROM_SERVER, REPLY -> SILENT;
        };
    }

    private static RelayDecision carry(
            HandshakeValue handshake, Address from, @Nullable Address route) {
        Bytes noise = handshake.noise();
        Address peer = handshake.peerAddress();
        return switch (handshake.mode()) {
            case FROM_CLIENT -> {
                Address next = handshake.relayAddress() == null ? route : handshake.relayAddress();
                yield next == null
                        ? CLOSER_NODES
                        : new Forward(
                                next,
                                new HandshakeValue(Mode.FROM_RELAY, noise, from, null).encode());
            }
            case FROM_RELAY ->
                    route == null || peer == null
                            ? SILENT
                            : new Forward(
                                    route,
                                    new HandshakeValue(Mode.FROM_SECOND_RELAY, noise, peer, from)
                                            .encode());
            case FROM_SERVER ->
                    peer == null
                            ? SILENT
                            : new Answer(
                                    peer,
                                    new HandshakeValue(Mode.REPLY, noise, from, null).encode());
            case FROM_SECOND_RELAY, REPLY -> SILENT;
        };
    }

    /** Decides about a PEER_HOLEPUNCH, likewise. */
    public static RelayDecision holepunch(
            Bytes value, Address from, boolean serving, @Nullable Address route)
            throws MalformedException {
        HolepunchValue punch = HolepunchValue.decode(value);
        Address peer = punch.peerAddress();
        return switch (punch.mode()) {
            case FROM_CLIENT -> {
                Address next = peer == null ? route : peer;
                yield next == null
                        ? SILENT
                        : new Forward(
                                next,
                                new HolepunchValue(
                                                Mode.FROM_RELAY, punch.id(), punch.payload(), from)
                                        .encode());
            }
            case FROM_RELAY ->
                    serving && peer != null
                            ? new Serve(punch.payload(), punch.id(), peer, from)
                            : SILENT;
            case FROM_SERVER ->
                    peer == null
                            ? SILENT
                            : new Answer(
                                    peer,
                                    new HolepunchValue(
                                                    Mode.REPLY, punch.id(), punch.payload(), from)
                                            .encode());
            case FROM_SECOND_RELAY, REPLY -> SILENT;
        };
    }
}
