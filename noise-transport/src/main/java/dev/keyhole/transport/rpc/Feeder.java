package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Carries the chunks of a publisher into a stream, one at a time.
 *
 * <p>Asks for the next chunk when the peer wants data and the link takes it, so that what is slow
 * slows down its source. Signals may come from any thread; the state lives on the loop's.
 */
final class Feeder implements Subscriber<Bytes>, SendStream.Listener {

    private static final RpcError INTERNAL = RpcError.of("internal error");

    private final RpcPeer peer;
    private final Listener listener;

    private @Nullable SendStream stream;
    private @Nullable Subscription subscription;
    private @Nullable Bytes held;
    private boolean asked;
    private boolean done;
    private @Nullable RpcError failure;
    private boolean left;

    Feeder(RpcPeer peer, Listener listener) {
        this.peer = peer;
        this.listener = listener;
    }

    /** Who gave the publisher. */
    interface Listener {

        /** Nobody reads any more. */
        void receiverLeft();

        /** The publisher ended with an error, which the receiver has been told. */
        void sourceFailed(Throwable error);
    }

    /** Names the stream to write to, or null if it is gone already. */
    void feed(@Nullable SendStream target) {
        stream = target;
        if (target == null) {
            cancel();
        }
        pull();
    }

    @Override
    public void onSubscribe(Subscription newSubscription) {
        peer.onLoop(
                () -> {
                    if (left || subscription != null) {
                        newSubscription.cancel();
                        return;
                    }
                    subscription = newSubscription;
                    pull();
                },
                newSubscription::cancel);
    }

    @Override
    public void onNext(Bytes chunk) {
        peer.onLoop(() -> take(chunk));
    }

    @Override
    public void onError(Throwable error) {
        peer.onLoop(
                () -> {
                    if (!left && !done) {
                        finish(told(error));
                        listener.sourceFailed(error);
                    }
                });
    }

    @Override
    public void onComplete() {
        peer.onLoop(() -> finish(null));
    }

    @Override
    public void ready() {
        pull();
    }

    @Override
    public void left() {
        cancel();
        listener.receiverLeft();
    }

    /** Moves on if the peer, the link and the source allow it. */
    void pull() {
        SendStream target = stream;
        if (target == null || left || !target.isReady()) {
            return;
        }
        if (held != null) {
            target.send(held);
            held = null;
        }
        if (done) {
            end(target);
        } else if (!asked && subscription != null && peer.wantsData(this)) {
            asked = true;
            subscription.request(1);
        }
    }

    private void take(Bytes chunk) {
        asked = false;
        if (left || done) {
            return;
        }
        if (chunk.length() > peer.maxDataBytes()) {
            cancelSubscription();
            finish(
                    RpcError.of(
                            "chunk of " + chunk.length() + " bytes, above " + peer.maxDataBytes()));
            return;
        }
        held = chunk.isEmpty() ? null : chunk;
        pull();
    }

    private void finish(@Nullable RpcError error) {
        if (left || done) {
            return;
        }
        done = true;
        failure = error;
        SendStream target = stream;
        if (target != null && held == null) {
            end(target);
        }
    }

    private void end(SendStream target) {
        left = true;
        peer.forget(this);
        if (failure == null) {
            target.end();
        } else {
            target.fail(failure);
        }
    }

    private void cancel() {
        left = true;
        held = null;
        peer.forget(this);
        cancelSubscription();
    }

    private void cancelSubscription() {
        if (subscription != null) {
            subscription.cancel();
        }
    }

    private static RpcError told(Throwable error) {
        return error instanceof RpcFailure failure
                ? new RpcError(
                        String.valueOf(failure.getMessage()), failure.code(), failure.errno())
                : INTERNAL;
    }
}
