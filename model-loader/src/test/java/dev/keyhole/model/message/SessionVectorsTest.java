package dev.keyhole.model.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.StopReason;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The messages of whole sessions between originals. */
final class SessionVectorsTest {

    @ParameterizedTest
    @FieldSource("dev.keyhole.model.message.Vectors#CONSUMERS")
    void everythingThatTheOriginalConsumerSendsIsUnderstood(String session) throws Exception {
        int requests = 0;
        for (JsonNode json : frames(session, "consumer")) {
            if (json.toString().contains("\"attachments\"")) {
                assertThatThrownBy(() -> MessageJson.readRequest(Json.bytes(json)))
                        .hasMessageContaining("name files of this machine");
                continue;
            }
            ReceivedRequest received = MessageJson.readRequest(Json.bytes(json));

            assertThat(received.request().type()).isEqualTo(json.path("type").asText());
            assertThat(received.profiling().includeServer())
                    .isEqualTo(json.path("__profiling").path("includeServer").asBoolean());
            assertNothingLost(json, received.request());
            requests++;
        }

        assertThat(requests).isPositive();
    }

    @ParameterizedTest
    @FieldSource("dev.keyhole.model.message.Vectors#PROVIDERS")
    void everythingThatTheOriginalProviderAnswersIsUnderstood(String session) throws Exception {
        Set<String> types = new LinkedHashSet<>();
        for (JsonNode result : Vectors.load(session).path("results")) {
            for (JsonNode json : result.path("messages")) {
                String type = json.path("type").asText();
                if (type.equals("batchCompletionStream")) {
                    continue; // we never ask for one
                }
                Response response = MessageJson.readResponse(Json.bytes(json));

                assertThat(response.type()).isEqualTo(type);
                types.add(type);
            }
        }

        assertThat(types).contains("error");
    }

    @Test
    void aCompletionOfTheOriginalIsReadToItsEnd() throws Exception {
        JsonNode run = result("delegation-session-provider-model", "completion, streamed");
        List<CompletionEvent> events = new ArrayList<>();
        boolean done = false;
        for (JsonNode json : run.path("messages")) {
            Response response = MessageJson.readResponse(Json.bytes(json));
            Response.CompletionStream message = (Response.CompletionStream) response;
            events.addAll(message.events());
            done = message.done();
        }

        assertThat(done).isTrue();
        assertThat(events).hasSize(5);
        assertThat(events.get(0)).isEqualTo(new CompletionEvent.Text(0, ",j"));
        assertThat(events.get(3))
                .isInstanceOfSatisfying(
                        CompletionEvent.Stats.class,
                        stats -> {
                            assertThat(stats.stats().promptTokens()).isEqualTo(28);
                            assertThat(stats.stats().timeToFirstTokenMillis()).isEqualTo(97.104);
                        });
        assertThat(events.get(4))
                .isEqualTo(new CompletionEvent.Done(4, StopReason.LENGTH, null, ",jll"));
    }

    @Test
    void requestsThatTheOriginalRefusesAreRefusedInTheSameForm() {
        for (JsonNode result : Vectors.load("delegation-session-provider-schema").path("results")) {
            JsonNode request = result.path("request");
            try {
                MessageJson.readRequest(Json.bytes(request));
            } catch (RefusedRequestException e) {
                boolean duplex = request.path("type").asText().equals("transcribeStream");
                boolean stream = result.path("answeredBy").asText().equals("stream");
                assertThat(e.streamed()).as(request.toString()).isEqualTo(duplex || stream);
            }
        }
    }

    /** Whatever we write of a request that we read was in it, with the same value. */
    private static void assertNothingLost(JsonNode json, Request request) {
        JsonNode written = Vectors.parse(MessageJson.write(request));
        ObjectNode expected = (ObjectNode) json.deepCopy();
        expected.remove("__profiling");
        if (!expected.path("withProgress").asBoolean()) {
            expected.remove("withProgress");
        }
        for (String flag : List.of("captureThinking", "emitRawDeltas")) {
            if (!expected.path(flag).asBoolean()) {
                expected.remove(flag);
            }
        }
        if (expected.path("modelType").asText().startsWith("parakeet")) {
            expected.remove("modelConfig"); // empty, which is the same as absent
        }
        if (expected.path("tools").isEmpty()) {
            expected.remove("tools");
        }
        assertThat(written).isEqualTo(expected);
    }

    private static List<JsonNode> frames(String session, String from) {
        List<JsonNode> messages = new ArrayList<>();
        for (JsonNode frame : Vectors.load(session).path("frames")) {
            JsonNode json = frame.path("message").path("json");
            if (frame.path("from").asText().equals(from) && json.isObject()) {
                messages.add(json);
            }
        }
        return messages;
    }

    private static JsonNode result(String session, String name) {
        for (JsonNode result : Vectors.load(session).path("results")) {
            if (result.path("name").asText().equals(name)) {
                return result;
            }
        }
        throw new IllegalArgumentException(name);
    }
}
