package dev.keyhole.transport.noise;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;

/**
 * The side that is spoken to by a stranger, after the first message ({@code docs/protocol.md},
 * "Noise XX").
 */
public final class XxResponder {

    private static final int MIN_MESSAGE_BYTES = 32;
    private static final int MIN_LAST_MESSAGE_BYTES = 64;

    private final Handshake handshake;
    private final Bytes payload;

    private XxResponder(Handshake handshake, Bytes payload) {
        this.handshake = handshake;
        this.payload = payload;
    }

    /** Reads the first message, which proves nothing. */
    public static XxResponder read(KeyPair local, Bytes prologue, Bytes message)
            throws HandshakeException {
        Handshake.checkLength(message, MIN_MESSAGE_BYTES);
        Handshake handshake = new Handshake(XxInitiator.PROTOCOL, false, local, prologue);
        return handshake.move(
                0,
                () -> {
                    WireReader in = new WireReader(message);
                    handshake.readEphemeral(in);
                    return new XxResponder(handshake, handshake.readPayload(in));
                });
    }

    /** What came in the clear. */
    public Bytes payload() {
        return payload;
    }

    /**
     * Writes the answer.
     *
     * @param entropy makes the ephemeral key; must be secure outside of tests
     * @throws IllegalStateException if an answer was written before
     */
    public Replied reply(Bytes answer, Random entropy) {
        return handshake.writingMove(
                1,
                () -> {
                    WireWriter out = new WireWriter();
                    handshake.writeEphemeral(out, entropy);
                    handshake.mixEphemeralEphemeral();
                    handshake.writeStatic(out);
                    handshake.mixEphemeralStatic();
                    handshake.writePayload(out, answer);
                    return new Replied(handshake, out.toBytes());
                });
    }

    /** Forgets the secrets of a handshake that is not answered. */
    public void discard() {
        handshake.discard();
    }

    /** The same side, after its answer. */
    public static final class Replied {

        private final Handshake handshake;
        private final Bytes message;

        private Replied(Handshake handshake, Bytes message) {
            this.handshake = handshake;
            this.message = message;
        }

        /** What to send to the other side. */
        public Bytes message() {
            return message;
        }

        /**
         * Reads the third message, which says who asks. This ends the handshake, one way or the
         * other.
         *
         * @throws IllegalStateException if it was read before
         */
        public Finished read(Bytes last) throws HandshakeException {
            return handshake.move(
                    2,
                    () -> {
                        Handshake.checkLength(last, MIN_LAST_MESSAGE_BYTES);
                        WireReader in = new WireReader(last);
                        handshake.readStatic(in);
                        handshake.mixStaticEphemeral();
                        Bytes payload = handshake.readPayload(in);
                        return new Finished(Bytes.EMPTY, payload, handshake.split());
                    });
        }

        /** Forgets the secrets of a handshake that goes no further. */
        public void discard() {
            handshake.discard();
        }
    }
}
