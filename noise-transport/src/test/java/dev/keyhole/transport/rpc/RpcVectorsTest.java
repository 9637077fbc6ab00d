package dev.keyhole.transport.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RpcVectorsTest {

    private static final JsonNode EXCHANGES = Vectors.load("delegation-frames", "exchanges");

    @TestFactory
    Stream<DynamicTest> everyFrameIsReadAndWrittenAsTheOriginalWroteIt() {
        return Vectors.each(
                EXCHANGES,
                exchange -> {
                    for (JsonNode frame : Vectors.field(exchange, "frames")) {
                        Bytes hex = Vectors.hex(frame, "hex");

                        RpcMessage message = decode(hex);

                        assertThat(RpcCodec.encode(message)).isEqualTo(hex);
                        assertSays(message, Vectors.field(frame, "message"));
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> theSideThatAsksSendsWhatTheOriginalSent() {
        return Vectors.each(EXCHANGES, exchange -> new Replay(exchange, "initiator").run());
    }

    @TestFactory
    Stream<DynamicTest> theSideThatAnswersSendsWhatTheOriginalSent() {
        return Vectors.each(EXCHANGES, exchange -> new Replay(exchange, "responder").run());
    }

    @Test
    void allFramesAreThere() {
        int frames = 0;
        for (JsonNode exchange : EXCHANGES) {
            frames += exchange.get("frames").size();
        }
        assertThat(EXCHANGES.size()).isEqualTo(15);
        assertThat(frames).isEqualTo(102);
    }

    private static void assertSays(RpcMessage message, JsonNode expected) {
        assertThat(message.id()).isEqualTo(expected.get("id").asLong());
        String kind =
                message instanceof RpcMessage.Request
                                || message instanceof RpcMessage.StreamedRequest
                        ? "request"
                        : message instanceof RpcMessage.Stream ? "stream" : "response";
        assertThat(kind).isEqualTo(expected.get("type").asText());
        RpcError error =
                message instanceof RpcMessage.Stream stream
                        ? stream.error()
                        : message instanceof RpcMessage.Failure failure ? failure.error() : null;
        if (expected.has("error")) {
            JsonNode told = expected.get("error");
            assertThat(error)
                    .isEqualTo(
                            new RpcError(
                                    told.get("message").asText(),
                                    told.get("code").asText(),
                                    told.get("errno").asInt()));
        } else {
            assertThat(error).isNull();
        }
    }

    private static RpcMessage decode(Bytes frame) throws MalformedException {
        RpcCodec codec = new RpcCodec(1 << 20);
        codec.feed(frame);
        return codec.next();
    }

    /**
     * One side of an exchange: is fed what the other side sent, and does what the original did.
     *
     * <p>Flow control is left out, since its frames follow from how fast the original's
     * application read, and so is the error in the original's destroy, which we never send.
     */
    private static final class Replay implements RpcChannel.Listener {

        private final JsonNode exchange;
        private final String side;
        private final RpcChannel channel = new RpcChannel(RpcLimits.defaults(), this);
        private final List<RpcMessage> sent = new ArrayList<>();
        private final List<RpcMessage> expected = new ArrayList<>();
        private final Map<Long, IncomingCall> requests = new HashMap<>();
        private final Map<Long, SendStream> outputs = new HashMap<>();
        private final Map<Long, OutgoingCall> calls = new HashMap<>();

        Replay(JsonNode exchange, String side) {
            this.exchange = exchange;
            this.side = side;
        }

        void run() throws MalformedException {
            String name = exchange.get("name").asText();
            boolean initiator = side.equals("initiator");
            if (initiator && (name.equals("event") || name.startsWith("large ids"))) {
                return; // we send no events, and count our requests from one
            }
            boolean opensAnswer = exchange.toString().contains("fd0102");
            List<JsonNode> frames = new ArrayList<>();
            exchange.get("frames").forEach(frames::add);

            for (int i = 0; i < frames.size(); i++) {
                Bytes frame = Vectors.hex(frames.get(i), "hex");
                if (!frames.get(i).get("from").asText().equals(side)) {
                    channel.receive(frame);
                    continue;
                }
                RpcMessage message = withoutWhatDiffers(decode(frame));
                if (message == null) {
                    continue;
                }
                expected.add(message);
                if (sent.size() < expected.size()) {
                    act(message, opensAnswer);
                }
            }

            assertThat(sent).isEqualTo(expected);
        }

        @Override
        public void send(RpcMessage message) {
            RpcMessage comparable = withoutWhatDiffers(message);
            if (comparable != null) {
                sent.add(comparable);
            }
        }

        @Override
        public void request(IncomingCall call) {
            requests.put(call.id, call);
        }

        private void act(RpcMessage message, boolean opensAnswer) {
            long id = message.id();
            if (message instanceof RpcMessage.Request request) {
                calls.put(id, channel.call(request.data(), opensAnswer, new Asker()));
            } else if (message instanceof RpcMessage.StreamedRequest) {
                calls.put(id, channel.streamedCall(new Asker(), new Writer()));
            } else if (message instanceof RpcMessage.Reply reply) {
                requests.get(id).reply(reply.data());
            } else if (message instanceof RpcMessage.Failure failure) {
                requests.get(id).fail(failure.error());
            } else if (message instanceof RpcMessage.StreamedReply) {
                outputs.put(id, requests.get(id).stream(new Writer()));
            } else if (message instanceof RpcMessage.Stream frame) {
                act(frame);
            }
        }

        private void act(RpcMessage.Stream frame) {
            long id = frame.id();
            SendStream writer =
                    frame.side() == StreamSide.REQUEST && calls.containsKey(id)
                            ? calls.get(id).input
                            : outputs.get(id);
            switch (frame.action()) {
                case OPEN -> requests.get(id).input.open();
                case DATA -> writer.send(frame.data());
                case END -> writer.end();
                case CLOSE -> writer.fail(frame.error());
                case DESTROY -> calls.get(id).leave();
                case PAUSE, RESUME -> throw new AssertionError("left out");
            }
        }

        private RpcMessage withoutWhatDiffers(RpcMessage message) {
            if (message instanceof RpcMessage.Request request) {
                return new RpcMessage.Request(request.id(), 0, request.data());
            }
            if (message instanceof RpcMessage.StreamedRequest request) {
                return new RpcMessage.StreamedRequest(request.id(), 0);
            }
            if (!(message instanceof RpcMessage.Stream frame)) {
                return message;
            }
            boolean opensAnswer =
                    frame.action() == StreamAction.OPEN && frame.side() == StreamSide.RESPONSE;
            return switch (frame.action()) {
                case PAUSE, RESUME -> null;
                case DESTROY ->
                        RpcMessage.Stream.of(frame.id(), frame.side(), StreamAction.DESTROY);
                case OPEN -> opensAnswer ? null : frame;
                case DATA, END, CLOSE -> frame;
            };
        }

        private static final class Writer implements SendStream.Listener {
            @Override
            public void ready() {}

            @Override
            public void left() {}
        }

        private static final class Asker implements OutgoingCall.Listener {
            @Override
            public void replied(Bytes data) {}

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
}
