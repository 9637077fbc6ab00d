package dev.keyhole.transport.rpc;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All requests between two peers, in both directions: bytes come in, messages go out.
 *
 * <p>Has no link, no thread and no clock. What arrives for a request that nobody knows is counted
 * and forgotten, since answers and farewells cross each other on the way.
 */
final class RpcChannel {

    /** How many requests that we gave up are remembered, to refuse their answers. */
    static final int MAX_GIVEN_UP = 1024;

    private static final CloseReason ANSWERED = new CloseReason.ByUs("the request was answered");
    private static final RpcError LOST = RpcError.of("the connection is being closed");

    private final RpcLimits limits;
    private final Listener listener;
    private final RpcCodec codec;
    private final RpcMessage.Reader inbound = new Inbound();

    private final Map<Long, OutgoingCall> calls = new HashMap<>();
    private final Map<Long, IncomingCall> requests = new HashMap<>();

    /** Unanswered requests that nobody waits for; true if our end of the answer was made. */
    private final Map<Long, Boolean> givenUp = new LinkedHashMap<>();

    private long lastId;
    private long ignoredFrames;
    private boolean closed;
    private @Nullable String violation;

    RpcChannel(RpcLimits limits, Listener listener) {
        this.limits = limits;
        this.listener = listener;
        this.codec = new RpcCodec(limits.frameBytes());
    }

    /** The owner. */
    interface Listener {

        void send(RpcMessage message);

        void request(IncomingCall call);
    }

    /**
     * Takes in bytes of the peer.
     *
     * @throws MalformedException if they break the protocol; the channel is of no use afterwards
     */
    void receive(Bytes bytes) throws MalformedException {
        if (closed) {
            return;
        }
        codec.feed(bytes);
        for (RpcMessage message = codec.next();
                message != null && !closed;
                message = codec.next()) {
            message.handTo(inbound);
            if (violation != null) {
                throw new MalformedException(violation);
            }
        }
    }

    /**
     * Asks something.
     *
     * @param expectsStream whether to make our end of a stream at once, so that the peer need not
     *     wait for it
     */
    OutgoingCall call(Bytes data, boolean expectsStream, OutgoingCall.Listener asker) {
        long id = ++lastId;
        OutgoingCall call = new OutgoingCall(this, id, asker, answerOf(id, asker), null);
        calls.put(id, call);
        send(new RpcMessage.Request(id, id, data));
        if (expectsStream) {
            call.answer.open();
        }
        return call;
    }

    /** Asks something that is a stream; its end is the {@code input} of the call. */
    OutgoingCall streamedCall(OutgoingCall.Listener asker, SendStream.Listener writer) {
        long id = ++lastId;
        SendStream input = new SendStream(id, StreamSide.REQUEST, this::send, () -> {}, writer);
        OutgoingCall call = new OutgoingCall(this, id, asker, answerOf(id, asker), input);
        calls.put(id, call);
        send(new RpcMessage.StreamedRequest(id, id));
        call.answer.open();
        return call;
    }

    /** Lets go of everything: tells those who wait here, and with it the peer if it still hears. */
    void close(CloseReason reason, boolean tellPeer) {
        if (closed) {
            return;
        }
        closed = !tellPeer;
        List.copyOf(calls.values()).forEach(call -> lose(call, reason));
        List.copyOf(requests.values()).forEach(request -> lose(request, reason));
        closed = true;
        calls.clear();
        requests.clear();
        givenUp.clear();
    }

    int openRequests() {
        return requests.size();
    }

    int openCalls() {
        return calls.size();
    }

    /** How many bytes are held because their frame is not complete. */
    int bufferedBytes() {
        return codec.bufferedBytes();
    }

    /** How many frames did nothing. */
    long ignoredFrames() {
        return ignoredFrames;
    }

    void leave(OutgoingCall call) {
        if (calls.remove(call.id) == null) {
            return;
        }
        if (givenUp.size() == MAX_GIVEN_UP) {
            givenUp.remove(givenUp.keySet().iterator().next());
        }
        givenUp.put(call.id, call.answer.isOpened());
        if (call.answer.isOpened()) {
            call.answer.leave();
        }
        closeInput(call);
    }

    void answer(IncomingCall call, RpcMessage answer) {
        if (closed || !call.claim()) {
            return;
        }
        send(answer);
        finish(call);
    }

    @Nullable SendStream answerWithStream(IncomingCall call, SendStream.Listener writer) {
        if (closed || !call.claim()) {
            return null;
        }
        SendStream output =
                new SendStream(
                        call.id, StreamSide.RESPONSE, this::send, () -> finish(call), writer);
        call.output = output;
        send(new RpcMessage.StreamedReply(call.id));
        if (call.peerOpened) {
            output.onOpen();
        }
        return output;
    }

    private ReceiveStream answerOf(long id, OutgoingCall.Listener asker) {
        ReceiveStream answer =
                new ReceiveStream(
                        id,
                        StreamSide.RESPONSE,
                        limits.unreadBytes(),
                        this::send,
                        () -> finishCall(id));
        answer.readBy(asker);
        return answer;
    }

    private void finishCall(long id) {
        OutgoingCall call = calls.remove(id);
        if (call != null) {
            closeInput(call);
        }
    }

    /** Says that no more of the request comes, now that its answer is known or of no interest. */
    private static void closeInput(OutgoingCall call) {
        if (call.input != null) {
            call.input.abandon(null);
        }
    }

    private void finish(IncomingCall call) {
        requests.remove(call.id);
        if (call.input != null) {
            call.input.abandon(ANSWERED);
        }
    }

    private static void lose(OutgoingCall call, CloseReason reason) {
        closeInput(call);
        if (call.answer.isOpened()) {
            call.answer.abandon(reason);
        } else {
            call.listener().lost(reason);
        }
    }

    private static void lose(IncomingCall request, CloseReason reason) {
        if (request.input != null) {
            request.input.abandon(reason);
        }
        if (request.output != null) {
            request.output.abandon(LOST);
        } else {
            request.left();
        }
    }

    private void send(RpcMessage message) {
        if (!closed) {
            listener.send(message);
        }
    }

    /** What the peer says. */
    private final class Inbound implements RpcMessage.Reader {

        @Override
        public void request(RpcMessage.Request request) {
            accept(request.id(), request.command(), request.data(), null);
        }

        @Override
        public void streamedRequest(RpcMessage.StreamedRequest request) {
            long id = request.id();
            ReceiveStream input =
                    new ReceiveStream(
                            id,
                            StreamSide.REQUEST,
                            limits.unreadBytes(),
                            RpcChannel.this::send,
                            () -> {});
            accept(id, request.command(), Bytes.EMPTY, input);
        }

        @Override
        public void reply(RpcMessage.Reply reply) {
            OutgoingCall call = takeCall(reply.id());
            if (call != null) {
                closeInput(call);
                call.listener().replied(reply.data());
            }
        }

        @Override
        public void failure(RpcMessage.Failure failure) {
            OutgoingCall call = takeCall(failure.id());
            if (call != null) {
                closeInput(call);
                call.listener().failed(failure.error());
            }
        }

        @Override
        public void streamedReply(RpcMessage.StreamedReply reply) {
            OutgoingCall call = calls.get(reply.id());
            if (call != null) {
                call.answer.open();
                return;
            }
            Boolean opened = givenUp.remove(reply.id());
            if (opened == null) {
                ignoredFrames++;
                return;
            }
            if (!opened) {
                send(response(reply.id(), StreamAction.OPEN));
            }
            send(response(reply.id(), StreamAction.DESTROY));
        }

        @Override
        public void stream(RpcMessage.Stream frame) {
            switch (frame.action()) {
                case OPEN, PAUSE, RESUME, DESTROY -> toWriter(frame);
                case DATA, END, CLOSE -> toReader(frame);
            }
        }

        @Override
        public void nothing(RpcMessage.Nothing frame) {
            ignoredFrames++;
        }

        private void accept(long id, long command, Bytes data, @Nullable ReceiveStream input) {
            boolean event = id == 0;
            if (event || requests.containsKey(id)) {
                ignoredFrames++;
                return;
            }
            if (requests.size() >= limits.openRequests()) {
                violation = "more than " + limits.openRequests() + " requests at once";
                return;
            }
            boolean overLimit = requests.size() >= limits.concurrentRequests();
            IncomingCall call =
                    new IncomingCall(RpcChannel.this, id, command, data, overLimit, input);
            requests.put(id, call);
            listener.request(call);
        }

        private @Nullable OutgoingCall takeCall(long id) {
            OutgoingCall call = calls.remove(id);
            if (call == null && givenUp.remove(id) == null) {
                ignoredFrames++;
            }
            return call;
        }

        private void toWriter(RpcMessage.Stream frame) {
            SendStream writer = writerOf(frame);
            if (writer == null) {
                beforeTheAnswer(frame);
            } else if (frame.action() == StreamAction.OPEN) {
                writer.onOpen();
            } else if (frame.action() == StreamAction.PAUSE) {
                writer.onPause();
            } else if (frame.action() == StreamAction.RESUME) {
                writer.onResume();
            } else {
                writer.onDestroy();
            }
        }

        /** The peer may make its end of the answer, or leave, before there is an answer. */
        private void beforeTheAnswer(RpcMessage.Stream frame) {
            IncomingCall request =
                    frame.side() == StreamSide.RESPONSE ? requests.get(frame.id()) : null;
            if (request != null && frame.action() == StreamAction.OPEN) {
                request.peerOpened = true;
            } else if (request != null && frame.action() == StreamAction.DESTROY) {
                send(response(frame.id(), StreamAction.CLOSE));
                finish(request);
                request.left();
            } else {
                ignoredFrames++;
            }
        }

        private @Nullable SendStream writerOf(RpcMessage.Stream frame) {
            if (frame.side() == StreamSide.REQUEST) {
                OutgoingCall call = calls.get(frame.id());
                return call == null ? null : call.input;
            }
            IncomingCall request = requests.get(frame.id());
            return request == null ? null : request.output;
        }

        private void toReader(RpcMessage.Stream frame) {
            ReceiveStream reader = readerOf(frame);
            if (reader == null) {
                ignoredFrames++;
                if (frame.side() == StreamSide.RESPONSE && frame.action() == StreamAction.CLOSE) {
                    givenUp.remove(frame.id());
                }
                return;
            }
            RpcError error = frame.error();
            if (frame.action() == StreamAction.DATA) {
                reader.onData(frame.data());
            } else if (error == null) {
                reader.onEnd();
            } else {
                reader.onFailure(error);
            }
        }

        private @Nullable ReceiveStream readerOf(RpcMessage.Stream frame) {
            if (frame.side() == StreamSide.RESPONSE) {
                OutgoingCall call = calls.get(frame.id());
                return call == null ? null : call.answer;
            }
            IncomingCall request = requests.get(frame.id());
            return request == null ? null : request.input;
        }

        private RpcMessage response(long id, StreamAction action) {
            return RpcMessage.Stream.of(id, StreamSide.RESPONSE, action);
        }
    }
}
