package dev.keyhole.transport.rpc;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.function.Consumer;

/**
 * The reading end of one stream ({@code docs/protocol.md}, "Streams of an RPC connection"), with
 * the flow control of the original: pause above a mark, resume when most is read.
 *
 * <p>Leaving is always a plain destroy. A destroy with an error, which the rules would allow too,
 * ends the process of a peer that runs the original.
 */
final class ReceiveStream {

    /** With more unread the sender is asked to pause. */
    static final int PAUSE_ABOVE_BYTES = 16 << 10;

    /** With no more unread it is asked to go on. */
    static final int RESUME_AT_BYTES = PAUSE_ABOVE_BYTES / 2;

    private final long id;
    private final StreamSide side;
    private final int maxUnreadBytes;
    private final Consumer<RpcMessage> out;
    private final Runnable onDone;

    private Listener listener = new Nobody();
    private boolean opened;
    private boolean done;
    private boolean paused;
    private long unreadBytes;

    ReceiveStream(
            long id,
            StreamSide side,
            int maxUnreadBytes,
            Consumer<RpcMessage> out,
            Runnable onDone) {
        this.id = id;
        this.side = side;
        this.maxUnreadBytes = maxUnreadBytes;
        this.out = out;
        this.onDone = onDone;
    }

    /** Who reads. One of the last three is called at most once, last; none after leaving. */
    interface Listener {

        /** Must say {@link ReceiveStream#consumed} sooner or later. */
        void data(Bytes chunk);

        void ended();

        void failed(RpcError error);

        /** The connection is gone, or we have let go of what the stream belonged to. */
        void lost(CloseReason reason);
    }

    /** Makes our end and asks for data. */
    void open() {
        if (opened || done) {
            return;
        }
        opened = true;
        say(StreamAction.OPEN);
        say(StreamAction.RESUME);
    }

    /** Names who reads; before {@link #open}. */
    void readBy(Listener reader) {
        listener = reader;
    }

    boolean isOpened() {
        return opened;
    }

    boolean isDone() {
        return done;
    }

    void consumed(int bytes) {
        unreadBytes -= bytes;
        if (paused && unreadBytes <= RESUME_AT_BYTES && !done) {
            paused = false;
            say(StreamAction.RESUME);
        }
    }

    /** Leaves early. */
    void leave() {
        if (done) {
            return;
        }
        if (!opened) {
            // The original's sender cannot be destroyed before it is open.
            opened = true;
            say(StreamAction.OPEN);
        }
        finish();
    }

    void onData(Bytes chunk) {
        if (done || !opened || chunk.isEmpty()) {
            return;
        }
        if (unreadBytes > maxUnreadBytes) {
            leave();
            listener.failed(
                    RpcError.of("peer sent on while " + unreadBytes + " bytes were unread"));
            return;
        }
        unreadBytes += chunk.length();
        listener.data(chunk);
        if (unreadBytes > PAUSE_ABOVE_BYTES && !paused && !done) {
            paused = true;
            say(StreamAction.PAUSE);
        }
    }

    void onEnd() {
        if (!done) {
            finish();
            listener.ended();
        }
    }

    void onFailure(RpcError error) {
        if (!done) {
            finish();
            listener.failed(error);
        }
    }

    /** Leaves because what the stream belongs to is over. */
    void abandon(CloseReason reason) {
        if (!done) {
            leave();
            listener.lost(reason);
        }
    }

    private void finish() {
        done = true;
        say(StreamAction.DESTROY);
        onDone.run();
    }

    private void say(StreamAction action) {
        out.accept(RpcMessage.Stream.of(id, side, action));
    }

    /** The reader of a stream that nobody has asked for yet. */
    private static final class Nobody implements Listener {

        @Override
        public void data(Bytes chunk) {}

        @Override
        public void ended() {}

        @Override
        public void failed(RpcError error) {}

        @Override
        public void lost(CloseReason reason) {}
    }
}
