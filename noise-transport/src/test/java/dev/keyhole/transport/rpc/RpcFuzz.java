package dev.keyhole.transport.rpc;

import dev.keyhole.transport.fuzz.FuzzInput;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/**
 * One RPC channel whose peer and whose application do what the input says.
 *
 * <p>Nothing but a {@link MalformedException} is thrown, every limit holds, whoever asked is told one
 * ending at most, and what we send can be read.
 */
public final class RpcFuzz {

    private static final int MAX_STEPS = 300;
    private static final int FRAME_BYTES = 2048;
    private static final int UNREAD_BYTES = 4096;

    private static final RpcLimits LIMITS =
            RpcLimits.defaults()
                    .withFrameBytes(FRAME_BYTES)
                    .withConcurrentRequests(4)
                    .withOpenRequests(8)
                    .withUnreadBytes(UNREAD_BYTES);

    private final FuzzInput input;
    private final List<IncomingCall> requests = new ArrayList<>();
    private final List<OutgoingCall> calls = new ArrayList<>();
    private final List<SendStream> writers = new ArrayList<>();
    private final RpcChannel channel;

    private RpcFuzz(FuzzInput input) {
        this.input = input;
        this.channel = new RpcChannel(LIMITS, new Owner());
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        new RpcFuzz(new FuzzInput(bytes)).run();
    }

    private void run() {
        try {
            for (int step = 0; step < MAX_STEPS && !input.isEmpty(); step++) {
                act();
                check();
            }
        } catch (MalformedException e) {
            channel.close(new CloseReason.Misbehaved("nonsense"), true);
            check();
        }
        channel.close(new CloseReason.ByPeer(), false);
        if (channel.openCalls() > 0 || channel.openRequests() > 0) {
            throw new AssertionError("left open");
        }
    }

    private void act() throws MalformedException {
        int id = input.u8() % 6;
        switch (input.u8() % 12) {
            case 0 -> channel.receive(input.bytes(input.u8()));
            case 1 -> receive(new RpcMessage.Request(id, input.u8(), data()));
            case 2 -> receive(new RpcMessage.StreamedRequest(id, input.u8()));
            case 3 -> receive(new RpcMessage.Reply(id, data()));
            case 4 -> receive(new RpcMessage.Failure(id, RpcError.of("no")));
            case 5 -> receive(new RpcMessage.StreamedReply(id));
            case 6, 7, 8 -> receiveFrameOfStream(id);
            case 9 -> call();
            case 10 -> answer();
            default -> write();
        }
    }

    private Bytes data() {
        return Bytes.wrap(new byte[input.u8() * (input.u8() % 4)]);
    }

    private void receiveFrameOfStream(int id) throws MalformedException {
        StreamSide[] sides = StreamSide.values();
        StreamSide side = sides[input.u8() % sides.length];
        StreamAction[] actions = StreamAction.values();
        StreamAction action = actions[input.u8() % actions.length];
        receive(
                action == StreamAction.DATA
                        ? RpcMessage.Stream.data(id, side, data())
                        : RpcMessage.Stream.of(id, side, action));
    }

    /** In one piece, or cut in two. */
    private void receive(RpcMessage message) throws MalformedException {
        Bytes frame = RpcCodec.encode(message);
        int cut = Math.min(input.u8(), frame.length());
        channel.receive(frame.slice(0, cut));
        channel.receive(frame.slice(cut));
    }

    private void call() {
        if (calls.size() > 32) {
            return;
        }
        Asker asker = new Asker();
        OutgoingCall call;
        if (input.u8() % 3 == 0) {
            call = channel.streamedCall(asker, new Writer());
            if (call.input != null) {
                writers.add(call.input);
            }
        } else {
            call = channel.call(data(), input.u8() % 2 == 0, asker);
        }
        asker.call = call;
        calls.add(call);
    }

    private void answer() {
        if (requests.isEmpty()) {
            return;
        }
        IncomingCall call = requests.get(input.u8() % requests.size());
        switch (input.u8() % 4) {
            case 0 -> call.reply(data());
            case 1 -> call.fail(RpcError.of("cannot"));
            case 2 -> {
                SendStream output = call.stream(new Writer());
                if (output != null) {
                    writers.add(output);
                }
            }
            default -> {
                if (call.input != null) {
                    call.input.readBy(new Asker());
                    call.input.open();
                }
            }
        }
    }

    private void write() {
        if (!calls.isEmpty() && input.u8() % 4 == 0) {
            calls.get(input.u8() % calls.size()).leave();
        }
        if (writers.isEmpty()) {
            return;
        }
        SendStream writer = writers.get(input.u8() % writers.size());
        switch (input.u8() % 4) {
            case 0 -> writer.end();
            case 1 -> writer.fail(RpcError.of("broken"));
            default -> {
                if (writer.isReady()) {
                    writer.send(data());
                }
            }
        }
    }

    private void check() {
        if (channel.openRequests() > LIMITS.openRequests()) {
            throw new AssertionError(channel.openRequests() + " requests at once");
        }
        if (channel.bufferedBytes() > FRAME_BYTES + RpcCodec.LENGTH_BYTES) {
            throw new AssertionError(channel.bufferedBytes() + " bytes of one frame");
        }
    }

    /** The channel's owner: reads what leaves as a peer would. */
    private final class Owner implements RpcChannel.Listener {

        @Override
        public void send(RpcMessage message) {
            RpcCodec codec = new RpcCodec(1 << 20);
            codec.feed(RpcCodec.encode(message));
            try {
                if (!message.equals(codec.next())) {
                    throw new AssertionError("read as something else: " + message);
                }
            } catch (MalformedException e) {
                throw new AssertionError("cannot be read: " + message, e);
            }
        }

        @Override
        public void request(IncomingCall call) {
            if (requests.size() < 256) {
                requests.add(call);
            }
        }
    }

    private static final class Writer implements SendStream.Listener {

        private boolean left;

        @Override
        public void ready() {
            require(!left, "asked to write though nobody reads");
        }

        @Override
        public void left() {
            require(!left, "left twice");
            left = true;
        }
    }

    /** Reads now and then, so that data pile up. */
    private final class Asker implements OutgoingCall.Listener {

        private OutgoingCall call;
        private int unread;
        private int endings;

        @Override
        public void replied(Bytes data) {
            end();
        }

        @Override
        public void data(Bytes chunk) {
            require(endings == 0, "data after the end");
            unread += chunk.length();
            require(unread <= UNREAD_BYTES + FRAME_BYTES, unread + " bytes unread");
            if (call != null && input.u8() % 3 == 0) {
                int all = unread;
                unread = 0;
                call.answer.consumed(all);
            }
        }

        @Override
        public void ended() {
            end();
        }

        @Override
        public void failed(RpcError error) {
            end();
        }

        @Override
        public void lost(CloseReason reason) {
            end();
        }

        private void end() {
            endings++;
            require(endings == 1, "ended twice");
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
