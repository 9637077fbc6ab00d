package dev.keyhole.transport.noise;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;

/**
 * The side that opens a handshake of strangers, after its first message ({@code docs/protocol.md},
 * "Noise XX").
 */
public final class XxInitiator {

    static final String PROTOCOL = "Noise_XX_Ed25519_ChaChaPoly_BLAKE2b";

    private static final int MIN_REPLY_BYTES = 96;

    private final Handshake handshake;
    private final Bytes message;

    private XxInitiator(Handshake handshake, Bytes message) {
        this.handshake = handshake;
        this.message = message;
    }

    /**
     * Writes the first message.
     *
     * @param payload travels in the clear
     * @param entropy makes the ephemeral key; must be secure outside of tests
     */
    public static XxInitiator write(KeyPair local, Bytes prologue, Bytes payload, Random entropy) {
        Handshake handshake = new Handshake(PROTOCOL, true, local, prologue);
        return handshake.writingMove(
                0,
                () -> {
                    WireWriter out = new WireWriter();
                    handshake.writeEphemeral(out, entropy);
                    handshake.writePayload(out, payload);
                    return new XxInitiator(handshake, out.toBytes());
                });
    }

    /** What to send to the other side. */
    public Bytes message() {
        return message;
    }

    /**
     * Reads the answer.
     *
     * @throws IllegalStateException if an answer was read before
     */
    public Answered read(Bytes reply) throws HandshakeException {
        return handshake.move(
                1,
                () -> {
                    Handshake.checkLength(reply, MIN_REPLY_BYTES);
                    WireReader in = new WireReader(reply);
                    handshake.readEphemeral(in);
                    handshake.mixEphemeralEphemeral();
                    handshake.readStatic(in);
                    handshake.mixEphemeralStatic();
                    return new Answered(handshake, handshake.readPayload(in));
                });
    }

    /** Forgets the secrets of a handshake that gets no answer. */
    public void discard() {
        handshake.discard();
    }

    /** The same side, after the answer told it whom it has reached. */
    public static final class Answered {

        private final Handshake handshake;
        private final Bytes payload;

        private Answered(Handshake handshake, Bytes payload) {
            this.handshake = handshake;
            this.payload = payload;
        }

        /** Who answered, as proved by the answer. */
        public PublicKey remotePublicKey() {
            return handshake.remotePublicKey();
        }

        public Bytes payload() {
            return payload;
        }

        /**
         * Writes the third message, which ends the handshake.
         *
         * @throws IllegalStateException if it was written before
         */
        public Finished write(Bytes lastPayload) {
            return handshake.writingMove(
                    2,
                    () -> {
                        WireWriter out = new WireWriter();
                        handshake.writeStatic(out);
                        handshake.mixStaticEphemeral();
                        handshake.writePayload(out, lastPayload);
                        return new Finished(out.toBytes(), Bytes.EMPTY, handshake.split());
                    });
        }

        /** Forgets the secrets of a handshake that goes no further. */
        public void discard() {
            handshake.discard();
        }
    }
}
