package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Proof that an asker receives what is sent to its host: a keyed hash of the host's text.
 *
 * <p>Two secrets live at a time and change places every 7.5 seconds, so a token is good for 7.5 to
 * 15 seconds ({@code docs/protocol.md}, "Tokens").
 */
public final class RoundTripTokens {

    static final long ROTATION_NANOS = MILLISECONDS.toNanos(7500);

    private static final int SECRET_BYTES = 32;

    private final Random entropy;
    private @Nullable Bytes older;
    private @Nullable Bytes newer;
    private long rotatedAtNanos;

    public RoundTripTokens(Random entropy) {
        this.entropy = entropy;
    }

    RoundTripTokens(Bytes older, Bytes newer) {
        this.entropy = new Random(0);
        this.older = older;
        this.newer = newer;
    }

    /** The token to hand to whoever asked from this address. */
    public Bytes issue(Address asker, long nowNanos) {
        rotate(nowNanos);
        return token(asker, secret(newer));
    }

    public boolean accepts(Bytes token, Address asker, long nowNanos) {
        rotate(nowNanos);
        return token.equalsInConstantTime(token(asker, secret(newer)))
                || token.equalsInConstantTime(token(asker, secret(older)));
    }

    private void rotate(long nowNanos) {
        if (newer == null) {
            older = Bytes.random(entropy, SECRET_BYTES);
            newer = Bytes.random(entropy, SECRET_BYTES);
            rotatedAtNanos = nowNanos;
        }
        while (nowNanos - rotatedAtNanos >= ROTATION_NANOS) {
            // After two rotations no token is left to honour: a long silence needs no more.
            long behind = (nowNanos - rotatedAtNanos) / ROTATION_NANOS;
            rotatedAtNanos += behind > 4 ? (behind - 4) * ROTATION_NANOS : ROTATION_NANOS;
            rotateOnce();
        }
    }

    void rotateOnce() {
        Bytes before = secret(older);
        older = newer;
        newer = Blake2b.hash256(before);
    }

    private static Bytes token(Address asker, Bytes secret) {
        return Blake2b.keyed256(secret, Bytes.utf8(asker.hostText()));
    }

    private static Bytes secret(@Nullable Bytes secret) {
        if (secret == null) {
            throw new IllegalStateException("no secret yet");
        }
        return secret;
    }
}
