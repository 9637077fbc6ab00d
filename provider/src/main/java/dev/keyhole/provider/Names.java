package dev.keyhole.provider;

import dev.keyhole.transport.identity.PublicKey;

/** How peers are named in logs. */
final class Names {

    private static final int DIGITS = 8;

    private Names() {}

    /** Enough of a key to find it again. */
    static String shortly(PublicKey key) {
        return key.toHex().substring(0, DIGITS);
    }
}
