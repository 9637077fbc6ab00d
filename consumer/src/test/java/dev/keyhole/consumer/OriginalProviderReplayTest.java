package dev.keyhole.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Response;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.rpc.RpcHandler;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.stream.LinkPair;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the original's provider wrote, frame by frame, as our consumer understands it. */
class OriginalProviderReplayTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ID_AT = 5;

    static Stream<Arguments> answers() {
        return Stream.of("delegation-session-provider", "delegation-session-provider-model")
                .flatMap(file -> elements(Vectors.load(file).path("results")))
                .filter(answer -> !answer.toString().contains("\"batchCompletionStream\""))
                .map(answer -> Arguments.of(answer.path("name").asText(), answer));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answers")
    void everyAnswerIsUnderstood(String name, JsonNode answer) {
        LinkPair pair = LinkPair.steppedWithCuts(7);
        List<Response> understood = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        pair.run(() -> pair.right().start(new Recording(pair.right(), frames(answer))));
        RpcPeer rpc = RpcPeer.over(pair.left(), RpcHandler.NONE, RpcLimits.defaults());
        PeerConnection connection =
                new PeerConnection(pair.right().localPublicKey(), rpc, System::nanoTime);

        connection
                .messages(request(answer), LIMIT)
                .subscribe(understood::add, failures::add, () -> {});
        pair.run();

        List<JsonNode> said = elements(answer.path("messages")).toList();
        JsonNode last = said.get(said.size() - 1);
        if (last.path("type").asText().equals("error")) {
            assertThat(failures).singleElement().isInstanceOf(DelegationException.class);
            assertThat(failures.get(0)).hasMessageContaining(last.path("message").asText());
        } else {
            assertThat(failures).isEmpty();
            assertThat(understood)
                    .extracting(Response::type)
                    .containsExactlyElementsOf(
                            said.stream()
                                    .filter(message -> !message.has("__profilingTrailer"))
                                    .map(message -> message.path("type").asText())
                                    .toList());
        }
        pair.close();
    }

    private static Request request(JsonNode answer) {
        return answer.path("answeredBy").asText().equals("stream")
                ? Request.CompletionStream.of("model", CompletionRequest.user("Hello?"))
                : new Request.Heartbeat();
    }

    /** The provider's frames, as answers to the first request of a connection. */
    private static List<Bytes> frames(JsonNode answer) {
        return elements(answer.path("frames"))
                .filter(frame -> frame.path("from").asText().equals("provider"))
                .map(frame -> Bytes.ofHex(frame.path("hex").asText()).toArray())
                .peek(frame -> frame[ID_AT] = 1)
                .map(Bytes::wrap)
                .toList();
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    /** Says what was recorded as soon as it is asked anything. */
    private record Recording(Link link, List<Bytes> frames) implements Link.Receiver {

        private Recording(Link link, List<Bytes> frames) {
            this.link = link;
            this.frames = new ArrayList<>(frames);
        }

        @Override
        public void message(Bytes message) {
            frames.forEach(link::write);
            frames.clear();
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {}

        @Override
        public void closed(CloseReason reason) {}
    }
}
