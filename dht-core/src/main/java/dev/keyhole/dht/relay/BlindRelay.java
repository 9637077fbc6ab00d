package dev.keyhole.dht.relay;

import dev.keyhole.dht.mux.Protocol;
import dev.keyhole.transport.identity.PublicKey;

/** What both sides of a blind relay know. */
public final class BlindRelay {

    /** Bytes of the token by which two streams find each other. */
    public static final int TOKEN_BYTES = 32;

    private BlindRelay() {}

    /** The channel of a client, which is named by the client's own key. */
    static Protocol channelOf(PublicKey client) {
        return new Protocol("blind-relay", client.bytes());
    }
}
