package dev.keyhole.transport.noise;

import dev.keyhole.transport.crypto.CurvePoint;
import dev.keyhole.transport.crypto.Ed25519;
import dev.keyhole.transport.crypto.Ed25519Dh;
import dev.keyhole.transport.crypto.Secrets;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a handshake as methods; a pattern is the order in which its steps call them.
 *
 * <p>The step types share one of these and pass it on. {@link #move} lets every move happen once and
 * in its turn. A move that fails, and the last one, wipe the secrets, and no move follows.
 */
final class Handshake {

    /** The longest message of Noise. */
    static final int MAX_MESSAGE_BYTES = 65535;

    private static final int OVER = -1;

    private final SymmetricState symmetric;
    private final boolean initiator;
    private final PublicKey local;
    private final byte[] staticScalar;
    private byte @Nullable [] ephemeralScalar;
    private @Nullable PublicKey remote;
    private @Nullable CurvePoint remoteStatic;
    private @Nullable CurvePoint remoteEphemeral;
    private int moves;

    Handshake(String protocolName, boolean initiator, KeyPair local, Bytes prologue) {
        this.symmetric = new SymmetricState(protocolName);
        this.initiator = initiator;
        this.local = local.publicKey();
        this.staticScalar = Ed25519Dh.scalar(local.seed().secret());
        symmetric.mixHash(prologue);
    }

    /** Part of a move, which may find that the peer's bytes will not do. */
    @FunctionalInterface
    interface Move<T> {
        T make() throws MalformedException, HandshakeException;
    }

    /**
     * Makes the move with a number, unless it was made before or an earlier one failed.
     *
     * @throws IllegalStateException if it is not this move's turn
     */
    <T> T move(int number, Move<T> move) throws HandshakeException {
        if (moves != number) {
            throw new IllegalStateException("this step of the handshake has been taken");
        }
        moves = OVER;
        try {
            T result = move.make();
            moves = number + 1;
            return result;
        } catch (MalformedException e) {
            throw new HandshakeException(e);
        } finally {
            if (moves == OVER) {
                discard();
            }
        }
    }

    /**
     * Makes a move that reads nothing. It cannot fail: a point of prime order times a clamped scalar
     * is never the identity, and nothing else is there to go wrong.
     *
     * @throws IllegalStateException if it is not this move's turn
     */
    <T> T writingMove(int number, Move<T> move) {
        try {
            return move(number, move);
        } catch (HandshakeException e) {
            throw new IllegalStateException("keys that were checked do not multiply", e);
        }
    }

    // what both sides know beforehand

    void knowLocalStatic() {
        symmetric.mixHash(local.bytes());
    }

    void knowRemoteStatic(PublicKey key) throws MalformedException {
        setRemoteStatic(key);
        symmetric.mixHash(key.bytes());
    }

    // tokens

    void writeEphemeral(WireWriter out, Random entropy) {
        byte[] seed = new byte[Seed.LENGTH];
        entropy.nextBytes(seed);
        Bytes publicKey = Ed25519.publicKey(Bytes.wrap(seed));
        ephemeralScalar = Ed25519Dh.scalar(Bytes.wrap(seed));
        Secrets.wipe(seed);
        symmetric.mixHash(publicKey);
        out.bytes(publicKey);
    }

    void readEphemeral(WireReader in) throws MalformedException {
        Bytes publicKey = in.bytes(PublicKey.LENGTH);
        remoteEphemeral = CurvePoint.decode(publicKey);
        symmetric.mixHash(publicKey);
    }

    void writeStatic(WireWriter out) {
        out.bytes(symmetric.encryptAndHash(local.bytes()));
    }

    void readStatic(WireReader in) throws MalformedException {
        Bytes ciphertext = in.bytes(PublicKey.LENGTH + symmetric.overhead());
        setRemoteStatic(new PublicKey(symmetric.decryptAndHash(ciphertext)));
    }

    void mixEphemeralEphemeral() throws MalformedException {
        mix(ephemeralScalar, remoteEphemeral);
    }

    /** The initiator's ephemeral with the responder's static. */
    void mixEphemeralStatic() throws MalformedException {
        if (initiator) {
            mix(ephemeralScalar, remoteStatic);
        } else {
            mix(staticScalar, remoteEphemeral);
        }
    }

    /** The initiator's static with the responder's ephemeral. */
    void mixStaticEphemeral() throws MalformedException {
        if (initiator) {
            mix(staticScalar, remoteEphemeral);
        } else {
            mix(ephemeralScalar, remoteStatic);
        }
    }

    void mixStaticStatic() throws MalformedException {
        mix(staticScalar, remoteStatic);
    }

    void writePayload(WireWriter out, Bytes payload) {
        if (out.length() + payload.length() + symmetric.overhead() > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException(
                    "a payload of "
                            + payload.length()
                            + " bytes makes a message above "
                            + MAX_MESSAGE_BYTES);
        }
        out.bytes(symmetric.encryptAndHash(payload));
    }

    Bytes readPayload(WireReader in) throws MalformedException {
        return symmetric.decryptAndHash(in.rest());
    }

    // the end

    Session split() {
        Bytes[] keys = symmetric.split();
        Session session =
                new Session(
                        initiator,
                        local,
                        remotePublicKey(),
                        symmetric.hash(),
                        keys[initiator ? 0 : 1],
                        keys[initiator ? 1 : 0]);
        discard();
        return session;
    }

    /** Forgets the secrets; no move can follow. Harmless when repeated. */
    void discard() {
        moves = OVER;
        remoteStatic = null;
        remoteEphemeral = null;
        symmetric.wipe();
        Secrets.wipe(staticScalar);
        if (ephemeralScalar != null) {
            Secrets.wipe(ephemeralScalar);
        }
    }

    PublicKey remotePublicKey() {
        if (remote == null) {
            throw new IllegalStateException("the other side has not said who it is");
        }
        return remote;
    }

    /** Refuses a message that is too short for its place, or longer than Noise allows. */
    static void checkLength(Bytes message, int minBytes) throws HandshakeException {
        if (message.length() < minBytes || message.length() > MAX_MESSAGE_BYTES) {
            throw new HandshakeException(
                    "message of "
                            + message.length()
                            + " bytes, not "
                            + minBytes
                            + " to "
                            + MAX_MESSAGE_BYTES);
        }
    }

    private void setRemoteStatic(PublicKey key) throws MalformedException {
        remoteStatic = CurvePoint.decodeFamiliar(key.bytes());
        remote = key;
    }

    private void mix(byte @Nullable [] scalar, @Nullable CurvePoint point)
            throws MalformedException {
        if (scalar == null || point == null) {
            throw new IllegalStateException("a key of this pattern is missing");
        }
        byte[] secret = point.times(scalar);
        symmetric.mixKey(secret);
        Secrets.wipe(secret);
    }
}
