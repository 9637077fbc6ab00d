package dev.keyhole.transport.rpc;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The peer at the other end of a link, as somebody to ask and to answer.
 *
 * <p>Usable from every thread. What it returns signals on the loop's thread, so whoever subscribes
 * must not block there. Each subscription to {@link #call} or {@link #duplex} is a request of its
 * own; cancelling it leaves the answer, which a peer that runs the original survives.
 */
public final class RpcPeer {

    private static final CloseReason CLOSED = new CloseReason.ByUs("closed");
    private static final CloseReason NO_LOOP = new CloseReason.ByUs("the loop has stopped");

    /** More than any message has around its data. */
    private static final int FRAME_OVERHEAD = 64;

    private final Link link;
    private final RpcHandler handler;
    private final RpcLimits limits;
    private final LongSupplier clockNanos;
    private final RpcChannel channel;
    private final Outbox outbox;
    private final Set<Feeder> starved = new LinkedHashSet<>();
    private final Sinks.One<CloseReason> closed = Sinks.one();

    private volatile long heardNanos;
    private volatile int inFlight;

    private boolean over;
    private volatile @Nullable CloseReason endReason;
    private @Nullable Disposable closeTimer;

    private RpcPeer(Link link, RpcHandler handler, RpcLimits limits, LongSupplier clockNanos) {
        this.link = link;
        this.handler = handler;
        this.limits = limits;
        this.clockNanos = clockNanos;
        this.heardNanos = clockNanos.getAsLong();
        this.outbox = new Outbox(link);
        this.channel = new RpcChannel(limits, new Requests());
    }

    /** Starts the link and speaks RPC over it. */
    public static RpcPeer over(Link link, RpcHandler handler, RpcLimits limits) {
        return over(link, handler, limits, System::nanoTime);
    }

    /**
     * The same with a clock of the caller's.
     *
     * @param clockNanos what {@link #quietNanos} is measured with
     */
    public static RpcPeer over(
            Link link, RpcHandler handler, RpcLimits limits, LongSupplier clockNanos) {
        RpcPeer peer = new RpcPeer(link, handler, limits, clockNanos);
        peer.onLoop(() -> link.start(peer.new Receiver()));
        return peer;
    }

    public PublicKey remotePublicKey() {
        return link.remotePublicKey();
    }

    public PublicKey localPublicKey() {
        return link.localPublicKey();
    }

    /**
     * Asks the peer something. The answer is one {@link RpcEvent.Reply}, or any number of {@link
     * RpcEvent.Data}; or an error: {@link RpcFailure} if the peer says that it failed, {@link
     * RpcClosedException} if the connection ends first.
     *
     * @param expectsStream whether to invite a stream right behind the request, which saves a round
     *     trip; the answer may be of either kind all the same
     * @throws IllegalArgumentException if the data is above the frame limit
     */
    public Flux<RpcEvent> call(Bytes data, boolean expectsStream) {
        checkFits(data);
        return Flux.create(
                sink -> {
                    Asking asking = new Asking(sink);
                    if (!asking.isTooLate()) {
                        asking.begin(() -> channel.call(data, expectsStream, asking), () -> {});
                    }
                },
                FluxSink.OverflowStrategy.IGNORE);
    }

    /**
     * Asks the peer something that is a stream: the chunks are subscribed to at once, on the
     * subscriber's thread, and asked for one by one. An answer that is complete cancels them.
     */
    public Flux<RpcEvent> duplex(Publisher<Bytes> input) {
        return Flux.create(
                sink -> {
                    Asking asking = new Asking(sink);
                    if (asking.isTooLate()) {
                        return;
                    }
                    Feeder feeder = new Feeder(this, asking);
                    asking.begin(
                            () -> {
                                OutgoingCall call = channel.streamedCall(asking, feeder);
                                feeder.feed(call.input);
                                return call;
                            },
                            () -> feeder.feed(null));
                    input.subscribe(feeder);
                },
                FluxSink.OverflowStrategy.IGNORE);
    }

    /** Completes with the reason when the link has closed. */
    public Mono<CloseReason> closed() {
        return closed.asMono();
    }

    /**
     * Lets go of all requests, then ends the link in good order; a peer that does not play its part
     * is cut off after {@link RpcLimits#closeTimeout}.
     */
    public void close() {
        onLoop(() -> end(CLOSED));
    }

    /** Ends the link at once; what has not been sent is lost. */
    public void destroy(CloseReason reason) {
        onLoop(
                () -> {
                    link.destroy(reason);
                    lose(reason);
                });
    }

    /** How many requests, of both sides, wait for the end of their answer. */
    public int inFlight() {
        return inFlight;
    }

    /** How long the peer has said nothing at all. */
    public long quietNanos() {
        return Math.max(0, clockNanos.getAsLong() - heardNanos);
    }

    @Override
    public String toString() {
        return "RpcPeer(" + remotePublicKey() + ")";
    }

    /** Runs a task on the loop's thread and sends what it has caused. */
    void onLoop(Runnable task) {
        onLoop(task, () -> {});
    }

    /** The same, with what to do at once should the loop have stopped. */
    void onLoop(Runnable task, Runnable otherwise) {
        try {
            link.loop()
                    .execute(
                            () -> {
                                task.run();
                                flush();
                            });
        } catch (RejectedExecutionException e) {
            otherwise.run();
        }
    }

    /** Whether the link takes data now; if not, the feeder hears of it later. */
    boolean wantsData(Feeder feeder) {
        if (outbox.hasRoom()) {
            return true;
        }
        starved.add(feeder);
        return false;
    }

    void forget(Feeder feeder) {
        starved.remove(feeder);
    }

    int maxDataBytes() {
        return limits.frameBytes() - FRAME_OVERHEAD;
    }

    private void checkFits(Bytes data) {
        if (data.length() > maxDataBytes()) {
            throw new IllegalArgumentException(
                    "data of " + data.length() + " bytes, above " + maxDataBytes());
        }
    }

    private void flush() {
        if (over) {
            return;
        }
        inFlight = channel.openCalls() + channel.openRequests();
        outbox.flush();
        if (outbox.waitingBytes() > limits.queuedBytes()) {
            misbehaved("more than " + limits.queuedBytes() + " bytes wait to be read by the peer");
            return;
        }
        if (!starved.isEmpty() && outbox.hasRoom()) {
            List<Feeder> fed = new ArrayList<>(starved);
            starved.clear();
            fed.forEach(Feeder::pull);
            outbox.flush();
        }
    }

    private void misbehaved(String what) {
        CloseReason reason = new CloseReason.Misbehaved(what);
        link.destroy(reason);
        lose(reason);
    }

    /** Says goodbye. */
    private void end(CloseReason reason) {
        if (endReason != null) {
            return;
        }
        endReason = reason;
        channel.close(reason, true);
        outbox.end();
        closeTimer =
                Schedulers.parallel()
                        .schedule(
                                () -> destroy(reason),
                                limits.closeTimeout().toNanos(),
                                TimeUnit.NANOSECONDS);
    }

    /** The link is gone, or as good as gone. */
    private void lose(CloseReason reason) {
        if (over) {
            return;
        }
        over = true;
        if (endReason == null) {
            endReason = reason;
        }
        if (closeTimer != null) {
            closeTimer.dispose();
        }
        channel.close(reason, false);
        starved.clear();
        inFlight = 0;
        closed.tryEmitValue(reason);
    }

    /** What the link says. */
    private final class Receiver implements Link.Receiver {

        @Override
        public void message(Bytes message) {
            heardNanos = clockNanos.getAsLong();
            if (over) {
                return;
            }
            try {
                channel.receive(message);
            } catch (MalformedException e) {
                misbehaved(String.valueOf(e.getMessage()));
            }
            flush();
        }

        @Override
        public void writable() {
            outbox.writable();
            flush();
        }

        @Override
        public void ended() {
            end(new CloseReason.Ended());
            flush();
        }

        @Override
        public void closed(CloseReason reason) {
            lose(reason);
        }
    }

    /** What the channel says. */
    private final class Requests implements RpcChannel.Listener {

        @Override
        public void send(RpcMessage message) {
            if (!over) {
                outbox.add(RpcCodec.encode(message));
            }
        }

        @Override
        public void request(IncomingCall call) {
            try {
                handler.request(new Answering(call));
            } catch (RuntimeException e) {
                // No frame suits every kind of request, so the peer learns of it by the end.
                CloseReason reason = new CloseReason.ByUs("a request handler failed: " + e);
                link.destroy(reason);
                lose(reason);
            }
        }
    }

    /** A request of ours and its subscriber. */
    private final class Asking implements OutgoingCall.Listener, Feeder.Listener {

        private final Inbox<RpcEvent> inbox;
        private final FluxSink<RpcEvent> sink;
        private @Nullable OutgoingCall call;

        Asking(FluxSink<RpcEvent> sink) {
            this.sink = sink;
            this.inbox = new Inbox<>(event -> consumed(event.data().length()));
        }

        /** Tells at once who asks after the end; the loop may have stopped by then. */
        boolean isTooLate() {
            CloseReason reason = endReason;
            if (reason != null) {
                sink.error(new RpcClosedException(reason));
            }
            return reason != null;
        }

        /**
         * @param otherwise runs instead if there is nobody left to ask or to tell
         */
        void begin(Supplier<OutgoingCall> start, Runnable otherwise) {
            onLoop(
                    () -> {
                        inbox.subscriber(sink);
                        CloseReason reason = endReason;
                        if (reason != null) {
                            lost(reason);
                            otherwise.run();
                        } else if (sink.isCancelled()) {
                            otherwise.run();
                        } else {
                            call = start.get();
                        }
                    },
                    () -> sink.error(new RpcClosedException(NO_LOOP)));
            sink.onRequest(demand -> onLoop(inbox::deliver));
            sink.onCancel(() -> onLoop(this::cancel));
        }

        /** The input failed, so the answer would be to something else than was asked. */
        @Override
        public void sourceFailed(Throwable error) {
            if (call != null) {
                call.leave();
            }
            inbox.fail(error);
        }

        @Override
        public void receiverLeft() {}

        @Override
        public void replied(Bytes data) {
            inbox.add(new RpcEvent.Reply(data));
            inbox.end();
        }

        @Override
        public void data(Bytes chunk) {
            inbox.add(new RpcEvent.Data(chunk));
        }

        @Override
        public void ended() {
            inbox.end();
        }

        @Override
        public void failed(RpcError error) {
            inbox.fail(new RpcFailure(error));
        }

        @Override
        public void lost(CloseReason reason) {
            inbox.fail(new RpcClosedException(reason));
        }

        private void consumed(int bytes) {
            if (call != null) {
                call.answer.consumed(bytes);
            }
        }

        private void cancel() {
            inbox.cancel();
            if (call != null) {
                call.leave();
            }
        }
    }

    /** A request of the peer and its handler. */
    private final class Answering
            implements IncomingRequest, ReceiveStream.Listener, Feeder.Listener {

        private final IncomingCall call;
        private final Inbox<Bytes> inbox;
        private final AtomicBoolean answered = new AtomicBoolean();
        private final Sinks.Empty<Void> abandoned = Sinks.empty();

        Answering(IncomingCall call) {
            this.call = call;
            this.inbox = new Inbox<>(chunk -> consumed(chunk.length()));
            call.onLeft(this::receiverLeft);
            if (call.input == null) {
                inbox.end();
            } else {
                call.input.readBy(this);
            }
        }

        @Override
        public long id() {
            return call.id;
        }

        @Override
        public long command() {
            return call.command;
        }

        @Override
        public Bytes data() {
            return call.data;
        }

        @Override
        public boolean isDuplex() {
            return call.input != null;
        }

        @Override
        public boolean overLimit() {
            return call.overLimit;
        }

        @Override
        public Flux<Bytes> input() {
            return Flux.create(
                    sink -> {
                        onLoop(() -> read(sink), () -> sink.error(new RpcClosedException(NO_LOOP)));
                        sink.onRequest(demand -> onLoop(inbox::deliver));
                        sink.onCancel(() -> onLoop(this::cancelInput));
                    },
                    FluxSink.OverflowStrategy.IGNORE);
        }

        @Override
        public void reply(Bytes data) {
            checkFits(data);
            claim();
            onLoop(() -> call.reply(data));
        }

        @Override
        public void fail(String message, String code, int errno) {
            claim();
            onLoop(() -> call.fail(new RpcError(message, code, errno)));
        }

        @Override
        public void stream(Publisher<Bytes> chunks) {
            claim();
            Feeder feeder = new Feeder(RpcPeer.this, this);
            onLoop(() -> feeder.feed(call.stream(feeder)));
            chunks.subscribe(feeder);
        }

        @Override
        public Mono<Void> abandoned() {
            return abandoned.asMono();
        }

        @Override
        public void data(Bytes chunk) {
            inbox.add(chunk);
        }

        @Override
        public void ended() {
            inbox.end();
        }

        @Override
        public void failed(RpcError error) {
            inbox.fail(new RpcFailure(error));
        }

        @Override
        public void lost(CloseReason reason) {
            inbox.fail(new RpcClosedException(reason));
        }

        private void claim() {
            if (!answered.compareAndSet(false, true)) {
                throw new IllegalStateException("request " + call.id + " was answered before");
            }
        }

        @Override
        public void receiverLeft() {
            abandoned.tryEmitEmpty();
        }

        @Override
        public void sourceFailed(Throwable error) {}

        private void read(FluxSink<Bytes> sink) {
            if (inbox.hasSubscriber()) {
                sink.error(new IllegalStateException("the input has its one subscriber already"));
                return;
            }
            inbox.subscriber(sink);
            if (call.input != null) {
                call.input.open();
            }
        }

        private void cancelInput() {
            inbox.cancel();
            if (call.input != null) {
                call.input.leave();
            }
        }

        private void consumed(int bytes) {
            if (call.input != null) {
                call.input.consumed(bytes);
            }
        }
    }
}
