package dev.keyhole.transport.noise;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;

/**
 * The side that was known beforehand, after the first message told it who asks ({@code
 * docs/protocol.md}, "Noise IK").
 *
 * <p>Reading costs one multiplication before the sender has proved anything, and a second one before
 * it has proved who it is: whoever reads for strangers limits how often.
 */
public final class IkResponder {

    /** The length of a first message with an empty payload; shorter ones cost nothing to refuse. */
    public static final int MIN_MESSAGE_BYTES = 96;

    private final Handshake handshake;
    private final Bytes payload;

    private IkResponder(Handshake handshake, Bytes payload) {
        this.handshake = handshake;
        this.payload = payload;
    }

    /** Reads the first message. */
    public static IkResponder read(KeyPair local, Bytes prologue, Bytes message)
            throws HandshakeException {
        Handshake.checkLength(message, MIN_MESSAGE_BYTES);
        Handshake handshake = new Handshake(IkInitiator.PROTOCOL, false, local, prologue);
        return handshake.move(
                0,
                () -> {
                    WireReader in = new WireReader(message);
                    handshake.knowLocalStatic();
                    handshake.readEphemeral(in);
                    handshake.mixEphemeralStatic();
                    handshake.readStatic(in);
                    handshake.mixStaticStatic();
                    return new IkResponder(handshake, handshake.readPayload(in));
                });
    }

    /** Who asks, as proved by the message. */
    public PublicKey remotePublicKey() {
        return handshake.remotePublicKey();
    }

    public Bytes payload() {
        return payload;
    }

    /**
     * Writes the answer, which ends the handshake.
     *
     * @param entropy makes the ephemeral key; must be secure outside of tests
     * @throws IllegalStateException if an answer was written before
     */
    public Finished reply(Bytes answer, Random entropy) {
        return handshake.writingMove(
                1,
                () -> {
                    WireWriter out = new WireWriter();
                    handshake.writeEphemeral(out, entropy);
                    handshake.mixEphemeralEphemeral();
                    handshake.mixStaticEphemeral();
                    handshake.writePayload(out, answer);
                    return new Finished(out.toBytes(), Bytes.EMPTY, handshake.split());
                });
    }

    /** Forgets the secrets of a handshake that is not answered. */
    public void discard() {
        handshake.discard();
    }
}
