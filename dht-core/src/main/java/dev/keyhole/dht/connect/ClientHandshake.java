package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A client's one first message, and the reading of as many answers as it takes.
 *
 * <p>Anybody can answer, and an answer that is not authentic must not spoil the next one. Reading
 * uses up a handshake, so after each failure the same one is made again from the same ephemeral
 * seed.
 */
final class ClientHandshake {

    /** How many answers that are not authentic are borne. */
    static final int MAX_FORGED = 16;

    private static final int SEED_BYTES = 32;

    private final KeyPair local;
    private final PublicKey remote;
    private final Bytes payload;
    private final Bytes ephemeralSeed;
    private IkInitiator initiator;
    private int forged;

    private ClientHandshake(KeyPair local, PublicKey remote, Bytes payload, Bytes ephemeralSeed)
            throws HandshakeException {
        this.local = local;
        this.remote = remote;
        this.payload = payload;
        this.ephemeralSeed = ephemeralSeed;
        this.initiator = write();
    }

    /** A handshake for a server, or null if its key is none that can be used. */
    static @Nullable ClientHandshake make(
            KeyPair local, PublicKey remote, Bytes payload, Random entropy) {
        try {
            return new ClientHandshake(local, remote, payload, Bytes.random(entropy, SEED_BYTES));
        } catch (HandshakeException e) {
            return null;
        }
    }

    Bytes message() {
        return initiator.message();
    }

    /** The end of the handshake if the answer is the server's, else null. */
    @Nullable Finished read(Bytes answer) {
        if (forged >= MAX_FORGED) {
            return null;
        }
        try {
            return initiator.read(answer);
        } catch (HandshakeException e) {
            forged++;
            initiator = again();
            return null;
        }
    }

    /** Forgets the secrets. */
    void discard() {
        initiator.discard();
    }

    private IkInitiator again() {
        try {
            return write();
        } catch (HandshakeException e) {
            throw new IllegalStateException("the key was good before", e);
        }
    }

    private IkInitiator write() throws HandshakeException {
        return IkInitiator.write(
                local, remote, Namespace.PEER_HANDSHAKE, payload, new Fixed(ephemeralSeed));
    }

    /** Entropy that has been drawn before. */
    private static final class Fixed extends Random {

        private static final long serialVersionUID = 1;

        private final transient Bytes bytes;

        private Fixed(Bytes bytes) {
            this.bytes = bytes;
        }

        @Override
        public void nextBytes(byte[] out) {
            if (out.length != bytes.length()) {
                throw new IllegalStateException(out.length + " bytes drawn, not 32");
            }
            bytes.copyTo(out, 0);
        }
    }
}
