package dev.keyhole.provider;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;

/** Identities for tests. */
final class Peers {

    private Peers() {}

    static KeyPair keyPair(int number) {
        byte[] seed = new byte[Seed.LENGTH];
        seed[0] = (byte) number;
        seed[1] = (byte) (number >> 8);
        return KeyPair.fromSeed(Seed.of(Bytes.wrap(seed)));
    }

    static PublicKey key(int number) {
        return keyPair(number).publicKey();
    }
}
