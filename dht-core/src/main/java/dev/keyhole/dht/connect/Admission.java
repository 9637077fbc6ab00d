package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;

/** Who may connect to a server. Asked once for a handshake, however many copies of it come. */
@FunctionalInterface
public interface Admission {

    /** Whether to turn a peer away; so is everybody for whom this throws. */
    boolean denies(PublicKey remote, Origin origin);
}
