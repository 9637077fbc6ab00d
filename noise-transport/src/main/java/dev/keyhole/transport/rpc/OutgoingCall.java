package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** A request of ours that has not got its whole answer. */
final class OutgoingCall {

    final long id;
    final ReceiveStream answer;

    /** What the request consists of, if that is a stream. */
    final @Nullable SendStream input;

    private final RpcChannel channel;
    private final Listener listener;

    OutgoingCall(
            RpcChannel channel,
            long id,
            Listener listener,
            ReceiveStream answer,
            @Nullable SendStream input) {
        this.channel = channel;
        this.id = id;
        this.listener = listener;
        this.answer = answer;
        this.input = input;
    }

    /**
     * Who asked. Gets a reply, or data and an end, or a failure, or nothing because the connection
     * was lost.
     */
    interface Listener extends ReceiveStream.Listener {

        /** The whole answer; nothing follows. */
        void replied(Bytes data);
    }

    Listener listener() {
        return listener;
    }

    /** Gives up the answer. */
    void leave() {
        channel.leave(this);
    }
}
