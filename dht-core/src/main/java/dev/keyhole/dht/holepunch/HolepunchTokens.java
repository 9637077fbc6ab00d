package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;

/**
 * The tokens one side of an attempt issues: whoever echoes one gets what is sent to its host.
 *
 * @param secret 32 random bytes of this side and this attempt
 */
public record HolepunchTokens(Bytes secret) {

    public static final int SECRET_BYTES = 32;

    public Bytes tokenFor(Address address) {
        return Blake2b.keyed256(secret, Bytes.utf8(address.hostText()));
    }

    @Override
    public String toString() {
        return "HolepunchTokens(secret)";
    }
}
