package dev.keyhole.dht;

import dev.keyhole.dht.connect.Origin;
import dev.keyhole.transport.identity.PublicKey;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Who may connect, decided by public key before any other byte is taken.
 *
 * <p>Asked on the loop's thread, also for handshakes that somebody repeats: it must not block and
 * should have no effects. One that throws denies.
 */
@FunctionalInterface
public interface Firewall {

    boolean denies(PublicKey remote);

    /** The same, for those who also look where the peer is, which only sometimes is certain. */
    default boolean denies(PublicKey remote, Origin origin) {
        return denies(remote);
    }

    /** Admits these keys and nobody else; without any, nobody at all. */
    static Firewall allow(Collection<PublicKey> keys) {
        Set<PublicKey> allowed = Set.copyOf(keys);
        return remote -> !allowed.contains(remote);
    }

    static Firewall allow(PublicKey... keys) {
        return allow(List.of(keys));
    }

    /** Admits everybody but these keys. */
    static Firewall deny(Collection<PublicKey> keys) {
        Set<PublicKey> denied = Set.copyOf(keys);
        return denied::contains;
    }

    static Firewall deny(PublicKey... keys) {
        return deny(List.of(keys));
    }

    /** Admits everybody. */
    static Firewall open() {
        return remote -> false;
    }
}
