package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.SecretBox;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Seals what two peers tell each other about punching, under a secret of their handshake: the relays
 * in between can neither read nor change it ({@code docs/protocol.md}, "Holepunch payload").
 */
public final class SecurePayload {

    private static final int MIN_BYTES = SecretBox.NONCE_BYTES + SecretBox.OVERHEAD_BYTES + 1;

    private final Bytes secret;

    SecurePayload(Bytes secret) {
        this.secret = secret;
    }

    public static SecurePayload of(Session session) {
        return new SecurePayload(secretOf(session.hash()));
    }

    static Bytes secretOf(Bytes handshakeHash) {
        return Blake2b.keyed256(handshakeHash, Namespace.PEER_HOLEPUNCH);
    }

    public Bytes seal(HolepunchPayload payload, Random entropy) {
        return seal(payload, Bytes.random(entropy, SecretBox.NONCE_BYTES));
    }

    Bytes seal(HolepunchPayload payload, Bytes nonce) {
        return Bytes.concat(nonce, SecretBox.seal(secret, nonce, payload.encode()));
    }

    /** What was sealed, or null if it was not sealed with this secret or says nothing known. */
    public @Nullable HolepunchPayload open(Bytes sealed) {
        if (sealed.length() < MIN_BYTES) {
            return null;
        }
        Bytes nonce = sealed.slice(0, SecretBox.NONCE_BYTES);
        try {
            return HolepunchPayload.decode(
                    SecretBox.open(secret, nonce, sealed.slice(SecretBox.NONCE_BYTES)));
        } catch (MalformedException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return "SecurePayload(secret)";
    }
}
