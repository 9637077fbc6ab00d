package dev.keyhole.transport.stream;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;

/** Both sides of a handshake that never took place. */
record Sessions(Session initiator, Session responder) {

    static Sessions of(long seed) {
        Random random = new Random(seed);
        Bytes hash = Bytes.random(random, 64);
        Bytes one = Bytes.random(random, 32);
        Bytes other = Bytes.random(random, 32);
        PublicKey first = new PublicKey(Bytes.random(random, 32));
        PublicKey second = new PublicKey(Bytes.random(random, 32));
        return of(first, second, hash, one, other);
    }

    /**
     * @param tx what the initiator sends with
     */
    static Sessions of(PublicKey initiator, PublicKey responder, Bytes hash, Bytes tx, Bytes rx) {
        return new Sessions(
                new Session(true, initiator, responder, hash, tx, rx),
                new Session(false, responder, initiator, hash, rx, tx));
    }
}
