package dev.keyhole.transport.noise;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;

/**
 * The side that knows whom it wants to reach, after its one message ({@code docs/protocol.md},
 * "Noise IK").
 */
public final class IkInitiator {

    static final String PROTOCOL = "Noise_IK_Ed25519_ChaChaPoly_BLAKE2b";

    private static final int MIN_REPLY_BYTES = 48;

    private final Handshake handshake;
    private final Bytes message;

    private IkInitiator(Handshake handshake, Bytes message) {
        this.handshake = handshake;
        this.message = message;
    }

    /**
     * Writes the first message.
     *
     * @param entropy makes the ephemeral key; must be secure outside of tests
     * @throws HandshakeException if the remote key is no point of the curve that can be used
     */
    public static IkInitiator write(
            KeyPair local, PublicKey remote, Bytes prologue, Bytes payload, Random entropy)
            throws HandshakeException {
        Handshake handshake = new Handshake(PROTOCOL, true, local, prologue);
        return handshake.move(
                0,
                () -> {
                    WireWriter out = new WireWriter();
                    handshake.knowRemoteStatic(remote);
                    handshake.writeEphemeral(out, entropy);
                    handshake.mixEphemeralStatic();
                    handshake.writeStatic(out);
                    handshake.mixStaticStatic();
                    handshake.writePayload(out, payload);
                    return new IkInitiator(handshake, out.toBytes());
                });
    }

    /** What to send to the other side. */
    public Bytes message() {
        return message;
    }

    /**
     * Reads the answer. This ends the handshake, one way or the other.
     *
     * @throws IllegalStateException if an answer was read before
     */
    public Finished read(Bytes reply) throws HandshakeException {
        return handshake.move(
                1,
                () -> {
                    Handshake.checkLength(reply, MIN_REPLY_BYTES);
                    WireReader in = new WireReader(reply);
                    handshake.readEphemeral(in);
                    handshake.mixEphemeralEphemeral();
                    handshake.mixStaticEphemeral();
                    Bytes payload = handshake.readPayload(in);
                    return new Finished(Bytes.EMPTY, payload, handshake.split());
                });
    }

    /** Forgets the secrets of a handshake that gets no answer. */
    public void discard() {
        handshake.discard();
    }
}
