package dev.keyhole.transport.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RpcChannelTest {

    private static final StreamSide ANSWER = StreamSide.RESPONSE;

    private final List<RpcMessage> sent = new ArrayList<>();
    private final List<IncomingCall> requests = new ArrayList<>();
    private final Asker asker = new Asker();
    private RpcChannel channel = channel(RpcLimits.defaults());

    @Test
    void unknownIdsAreIgnored() throws MalformedException {
        receive(new RpcMessage.Reply(7, Bytes.EMPTY));
        receive(new RpcMessage.Failure(7, RpcError.of("x")));
        receive(new RpcMessage.StreamedReply(7));
        for (StreamSide side : StreamSide.values()) {
            for (StreamAction action : StreamAction.values()) {
                receive(RpcMessage.Stream.of(7, side, action));
                receive(RpcMessage.Stream.of(0, side, action));
            }
        }

        assertThat(sent).isEmpty();
        assertThat(channel.ignoredFrames()).isEqualTo(3 + 2 * 2 * 7);
    }

    @Test
    void eventsAndIdsInUseAreIgnored() throws MalformedException {
        receive(new RpcMessage.Request(0, 1, Bytes.EMPTY));
        receive(new RpcMessage.StreamedRequest(0, 1));
        receive(new RpcMessage.Request(5, 1, Bytes.utf8("first")));
        receive(new RpcMessage.Request(5, 1, Bytes.utf8("second")));

        assertThat(requests).extracting(call -> call.data).containsExactly(Bytes.utf8("first"));
        assertThat(channel.ignoredFrames()).isEqualTo(3);
    }

    @Test
    void theEndOfAStreamWaitsForItsReader() throws MalformedException {
        receive(new RpcMessage.Request(1, 1, Bytes.EMPTY));
        SendStream output = requests.get(0).stream(new Writer());
        output.end();
        assertThat(sent).containsExactly(new RpcMessage.StreamedReply(1));

        receive(stream(StreamAction.OPEN));

        assertThat(sent)
                .containsExactly(
                        new RpcMessage.StreamedReply(1),
                        stream(StreamAction.END),
                        stream(StreamAction.CLOSE));
        assertThat(channel.openRequests()).isZero();
    }

    @Test
    void aPausedStreamIsNotReadyUntilItIsResumed() throws MalformedException {
        receive(new RpcMessage.Request(1, 1, Bytes.EMPTY));
        receive(stream(StreamAction.OPEN));
        Writer writer = new Writer();
        SendStream output = requests.get(0).stream(writer);
        assertThat(output.isReady()).isTrue();

        receive(stream(StreamAction.PAUSE));
        receive(stream(StreamAction.PAUSE));
        assertThat(output.isReady()).isFalse();
        receive(stream(StreamAction.RESUME));
        receive(stream(StreamAction.RESUME));

        assertThat(output.isReady()).isTrue();
        assertThat(writer.ready).isEqualTo(2);
    }

    @Test
    void destroyWithAnErrorIsAFarewellLikeAnyOther() throws MalformedException {
        receive(new RpcMessage.Request(1, 1, Bytes.EMPTY));
        receive(stream(StreamAction.OPEN));
        Writer writer = new Writer();
        requests.get(0).stream(writer);
        sent.clear();

        receive(RpcMessage.Stream.failed(1, ANSWER, StreamAction.DESTROY, RpcError.of("bye")));
        receive(stream(StreamAction.DESTROY));

        assertThat(writer.left).isEqualTo(1);
        assertThat(sent).containsExactly(stream(StreamAction.CLOSE));
    }

    @Test
    void unreadDataPausesTheSenderAndReadingResumesIt() throws MalformedException {
        OutgoingCall call = channel.call(Bytes.EMPTY, true, asker);
        sent.clear();

        receive(data(16 << 10));
        assertThat(sent).isEmpty();
        receive(data(1));
        receive(data(1));
        assertThat(sent).containsExactly(stream(StreamAction.PAUSE));

        call.answer.consumed(4 << 10);
        assertThat(sent).hasSize(1);
        call.answer.consumed(8 << 10);
        assertThat(sent).containsExactly(stream(StreamAction.PAUSE), stream(StreamAction.RESUME));
    }

    @Test
    void aSenderThatDoesNotHeedPausesIsLeft() throws MalformedException {
        channel = channel(RpcLimits.defaults().withUnreadBytes(50_000));
        channel.call(Bytes.EMPTY, true, asker);

        for (int i = 0; i < 10; i++) {
            receive(data(10_000));
        }

        assertThat(asker.received).isEqualTo(60_000);
        assertThat(asker.failure.message()).contains("60000 bytes were unread");
        assertThat(sent.get(sent.size() - 1)).isEqualTo(stream(StreamAction.DESTROY));
        assertThat(channel.openCalls()).isZero();
    }

    @Test
    void closeWithoutEndIsTheEnd() throws MalformedException {
        channel.call(Bytes.EMPTY, true, asker);

        receive(new RpcMessage.StreamedReply(1));
        receive(stream(StreamAction.CLOSE));
        receive(stream(StreamAction.CLOSE));

        assertThat(asker.endings).isEqualTo(1);
        assertThat(sent.get(sent.size() - 1)).isEqualTo(stream(StreamAction.DESTROY));
    }

    @Test
    void emptyChunksSayNothing() throws MalformedException {
        channel.call(Bytes.EMPTY, true, asker);

        receive(RpcMessage.Stream.data(1, ANSWER, Bytes.EMPTY));

        assertThat(asker.chunks).isZero();
        assertThat(asker.endings).isZero();
    }

    @Test
    void aStreamForARequestGivenUpIsOpenedToBeDestroyed() throws MalformedException {
        channel.call(Bytes.EMPTY, false, asker).leave();
        sent.clear();

        receive(new RpcMessage.StreamedReply(1));
        receive(new RpcMessage.StreamedReply(1));

        assertThat(sent).containsExactly(stream(StreamAction.OPEN), stream(StreamAction.DESTROY));
    }

    @Test
    void requestsGivenUpAreForgottenInTheEnd() throws MalformedException {
        for (int i = 0; i <= RpcChannel.MAX_GIVEN_UP; i++) {
            channel.call(Bytes.EMPTY, false, asker).leave();
        }
        sent.clear();

        receive(new RpcMessage.StreamedReply(1));
        assertThat(sent).isEmpty();
        receive(new RpcMessage.StreamedReply(2));
        assertThat(sent).hasSize(2);
    }

    @Test
    void aRequestStreamNobodyReadsIsOpenedToBeDestroyed() throws MalformedException {
        receive(new RpcMessage.StreamedRequest(1, 1));

        requests.get(0).reply(Bytes.EMPTY);

        assertThat(sent)
                .containsExactly(
                        new RpcMessage.Reply(1, Bytes.EMPTY),
                        RpcMessage.Stream.of(1, StreamSide.REQUEST, StreamAction.OPEN),
                        RpcMessage.Stream.of(1, StreamSide.REQUEST, StreamAction.DESTROY));
    }

    @Test
    void aLostConnectionIsToldOnceToEverybody() throws MalformedException {
        channel.call(Bytes.EMPTY, true, asker);
        channel.call(Bytes.EMPTY, false, asker);
        receive(new RpcMessage.Request(1, 1, Bytes.EMPTY));
        receive(new RpcMessage.Request(2, 1, Bytes.EMPTY));
        Writer writer = new Writer();
        requests.get(0).stream(writer);
        int[] left = new int[1];
        requests.get(1).onLeft(() -> left[0]++);
        sent.clear();

        channel.close(new CloseReason.ByPeer(), false);
        channel.close(new CloseReason.ByPeer(), false);
        receive(new RpcMessage.Request(3, 1, Bytes.EMPTY));

        assertThat(asker.losses).isEqualTo(2);
        assertThat(writer.left).isEqualTo(1);
        assertThat(left[0]).isEqualTo(1);
        assertThat(sent).isEmpty();
        assertThat(requests).hasSize(2);
    }

    private RpcChannel channel(RpcLimits limits) {
        return new RpcChannel(
                limits,
                new RpcChannel.Listener() {
                    @Override
                    public void send(RpcMessage message) {
                        sent.add(message);
                    }

                    @Override
                    public void request(IncomingCall call) {
                        requests.add(call);
                    }
                });
    }

    private void receive(RpcMessage message) throws MalformedException {
        channel.receive(RpcCodec.encode(message));
    }

    private static RpcMessage stream(StreamAction action) {
        return RpcMessage.Stream.of(1, ANSWER, action);
    }

    private static RpcMessage data(int length) {
        return RpcMessage.Stream.data(1, ANSWER, Bytes.wrap(new byte[length]));
    }

    private static final class Writer implements SendStream.Listener {
        int ready;
        int left;

        @Override
        public void ready() {
            ready++;
        }

        @Override
        public void left() {
            left++;
        }
    }

    private static final class Asker implements OutgoingCall.Listener {
        int chunks;
        int received;
        int endings;
        int losses;
        RpcError failure;

        @Override
        public void replied(Bytes data) {}

        @Override
        public void data(Bytes chunk) {
            chunks++;
            received += chunk.length();
        }

        @Override
        public void ended() {
            endings++;
        }

        @Override
        public void failed(RpcError error) {
            failure = error;
        }

        @Override
        public void lost(CloseReason reason) {
            losses++;
        }
    }
}
