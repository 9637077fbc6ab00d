package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** A request of the peer that has not been given its whole answer. */
final class IncomingCall {

    final long id;
    final long command;
    final Bytes data;
    final boolean overLimit;

    /** What the request consists of, if that is a stream. */
    final @Nullable ReceiveStream input;

    private final RpcChannel channel;

    /** The answer, once it turned out to be a stream. */
    @Nullable SendStream output;

    /** Whether the peer made its end of the answer before there was one. */
    boolean peerOpened;

    private boolean answered;
    private @Nullable Runnable onLeft;

    IncomingCall(
            RpcChannel channel,
            long id,
            long command,
            Bytes data,
            boolean overLimit,
            @Nullable ReceiveStream input) {
        this.channel = channel;
        this.id = id;
        this.command = command;
        this.data = data;
        this.overLimit = overLimit;
        this.input = input;
    }

    /** Says whom to tell that the peer left before it had an answer. */
    void onLeft(Runnable listener) {
        onLeft = listener;
    }

    void reply(Bytes data) {
        channel.answer(this, new RpcMessage.Reply(id, data));
    }

    void fail(RpcError error) {
        channel.answer(this, new RpcMessage.Failure(id, error));
    }

    /**
     * Begins a stream as the answer.
     *
     * @return null if the peer has left
     */
    @Nullable SendStream stream(SendStream.Listener listener) {
        return channel.answerWithStream(this, listener);
    }

    /** Whether this is the first answer. */
    boolean claim() {
        boolean first = !answered;
        answered = true;
        return first;
    }

    void left() {
        answered = true;
        if (onLeft != null) {
            onLeft.run();
        }
    }
}
