package dev.keyhole.transport.stream;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.concurrent.Executor;

/**
 * An encrypted, ordered, two-way stream of messages to one peer.
 *
 * <p>Belongs to the loop behind {@link #loop}: {@link #start} and all that follow it are called on
 * its thread only.
 */
public interface Link {

    PublicKey localPublicKey();

    PublicKey remotePublicKey();

    /** Runs tasks on the thread that owns this link, in order; usable from every thread. */
    Executor loop();

    /** Names who gets what arrives. Called once; until then everything waits. */
    void start(Receiver receiver);

    /**
     * Sends one message, at most {@link Frames#MAX_MESSAGE} bytes.
     *
     * @return whether more is welcome now; otherwise {@link Receiver#writable} says when
     */
    boolean write(Bytes message);

    /** Stops delivery of messages, and with it in the end the peer's sending. */
    void pause();

    void resume();

    /** Says that nothing more will be written; what was written still arrives. */
    void end();

    /** Ends the link at once, in both directions. */
    void destroy(CloseReason reason);

    /** Who reads a link. Called on the loop's thread, and may call the link back. */
    interface Receiver {

        void message(Bytes message);

        /** The link takes messages again after {@link Link#write} said no. */
        void writable();

        /** The peer writes no more. */
        void ended();

        /** Nothing more happens; called once, last. */
        void closed(CloseReason reason);
    }
}
