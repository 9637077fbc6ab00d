package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The writing end of one stream ({@code docs/protocol.md}, "Streams of an RPC connection").
 *
 * <p>Nothing leaves before the receiver made its end, not even the end of the stream: a receiver
 * that has no stream yet would drop the frame and then wait for ever.
 */
final class SendStream {

    private final long id;
    private final StreamSide side;
    private final Consumer<RpcMessage> out;
    private final Runnable onClosed;
    private final Listener listener;

    private boolean opened;
    private boolean paused;
    private boolean ending;
    private boolean closed;
    private @Nullable RpcError failure;

    SendStream(
            long id,
            StreamSide side,
            Consumer<RpcMessage> out,
            Runnable onClosed,
            Listener listener) {
        this.id = id;
        this.side = side;
        this.out = out;
        this.onClosed = onClosed;
        this.listener = listener;
    }

    /** Who writes. */
    interface Listener {

        /** {@link SendStream#isReady} has become true. */
        void ready();

        /** Nobody reads any more; called at most once, and not after an end of our own. */
        void left();
    }

    /** Whether the receiver wants data now. */
    boolean isReady() {
        return opened && !paused && !ending && !closed;
    }

    void send(Bytes chunk) {
        if (!isReady()) {
            throw new IllegalStateException("the receiver does not want data");
        }
        out.accept(RpcMessage.Stream.data(id, side, chunk));
    }

    void end() {
        finish(null);
    }

    void fail(RpcError error) {
        finish(error);
    }

    void onOpen() {
        if (opened || closed) {
            return;
        }
        opened = true;
        if (ending) {
            sayEnd();
        } else if (isReady()) {
            listener.ready();
        }
    }

    void onPause() {
        paused = true;
    }

    void onResume() {
        if (!paused) {
            return;
        }
        paused = false;
        if (isReady()) {
            listener.ready();
        }
    }

    void onDestroy() {
        abandon(null);
    }

    /** Lets go in the middle; the receiver is told why if there is an error. */
    void abandon(@Nullable RpcError error) {
        if (closed) {
            return;
        }
        boolean ended = ending;
        ending = true;
        sayClose(error);
        if (!ended) {
            listener.left();
        }
    }

    private void finish(@Nullable RpcError error) {
        if (ending || closed) {
            return;
        }
        ending = true;
        failure = error;
        if (opened) {
            sayEnd();
        }
    }

    private void sayEnd() {
        if (failure == null) {
            out.accept(RpcMessage.Stream.of(id, side, StreamAction.END));
        }
        sayClose(failure);
    }

    private void sayClose(@Nullable RpcError error) {
        closed = true;
        out.accept(new RpcMessage.Stream(id, side, StreamAction.CLOSE, Bytes.EMPTY, error));
        onClosed.run();
    }
}
