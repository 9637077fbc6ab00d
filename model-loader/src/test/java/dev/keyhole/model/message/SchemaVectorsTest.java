package dev.keyhole.model.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the original accepts and refuses, and what it reads; where we differ, it is said here. */
final class SchemaVectorsTest {

    /** Served by the original to anybody, and by us to nobody. */
    private static final Set<String> NOT_SERVED =
            Set.of(
                    "batchCompletionStream",
                    "transcribeStream",
                    "textToSpeech",
                    "provide",
                    "stopProvide",
                    "suspend",
                    "resume",
                    "loggingStream");

    @TestFactory
    Stream<DynamicTest> requestsAreReadAsTheOriginalReadsThem() {
        return vectors("requests").map(v -> DynamicTest.dynamicTest(name(v), () -> request(v)));
    }

    @TestFactory
    Stream<DynamicTest> responsesAreReadAsTheOriginalReadsThem() {
        return vectors("responses").map(v -> DynamicTest.dynamicTest(name(v), () -> response(v)));
    }

    @Test
    void theVectorsAreAllThere() {
        assertThat(vectors("requests")).hasSize(96);
        assertThat(vectors("responses")).hasSize(59);
    }

    @Test
    void ofTheRequestsThatTheOriginalAcceptsOnlyTheseAreForbidden() {
        List<String> forbidden = new ArrayList<>();
        vectors("requests")
                .filter(v -> v.path("accepted").asBoolean())
                .forEach(
                        v -> {
                            try {
                                MessageJson.readRequest(bytes(v.path("value")));
                            } catch (RefusedRequestException e) {
                                assertThat(e.kind())
                                        .isEqualTo(RefusedRequestException.Kind.FORBIDDEN);
                                forbidden.add(e.getMessage());
                            }
                        });

        assertThat(forbidden)
                .containsExactly(
                        "a provider does not delegate for its peers",
                        "a provider does not delegate for its peers",
                        "a provider does not delegate for its peers",
                        "a provider does not delegate for its peers",
                        "a loaded model is not reconfigured for remote peers",
                        "batchCompletionStream is not served to remote peers",
                        "audioChunk would name a file of this machine",
                        "transcribeStream is not served to remote peers",
                        "textToSpeech is not served to remote peers",
                        "provide is not served to remote peers",
                        "provide is not served to remote peers",
                        "provide is not served to remote peers",
                        "stopProvide is not served to remote peers",
                        "suspend is not served to remote peers",
                        "resume is not served to remote peers",
                        "loggingStream is not served to remote peers");
    }

    private static void request(JsonNode vector) {
        JsonNode value = vector.path("value");
        byte[] bytes = bytes(value);
        if (!vector.path("accepted").asBoolean() || isForbidden(value)) {
            assertThrows(
                    RefusedRequestException.class,
                    () -> MessageJson.readRequest(bytes),
                    bytes::toString);
            return;
        }
        ObjectNode read = (ObjectNode) vector.path("read").deepCopy();
        if (read.path("tools").isEmpty()) {
            read.remove("tools"); // no tools and an empty list of tools are the same to us
        }
        assertThatCode(
                        () ->
                                assertThat(written(MessageJson.readRequest(bytes).request()))
                                        .isEqualTo(read))
                .doesNotThrowAnyException();
    }

    private static boolean isForbidden(JsonNode value) {
        return NOT_SERVED.contains(value.path("type").asText())
                || value.has("delegate")
                || value.path("type").asText().equals("loadModel") && value.has("modelId")
                || value.path("audioChunk").path("type").asText().equals("filePath");
    }

    private static void response(JsonNode vector) throws Exception {
        JsonNode value = vector.path("value");
        byte[] bytes = bytes(value);
        String type = value.path("type").asText();
        if (Set.of("textToSpeech", "provide", "stopProvide").contains(type)) {
            assertThrows(InvalidMessageException.class, () -> MessageJson.readResponse(bytes));
            return;
        }
        if (vector.path("accepted").asBoolean()) {
            ObjectNode read = (ObjectNode) vector.path("read").deepCopy();
            read.remove("stack"); // a stack trace is not for us to keep
            if (type.equals("completionStream") && !read.path("done").asBoolean()) {
                read.remove("done");
            }
            read.path("events").forEach(SchemaVectorsTest::withFullText);
            assertThat(MessageJson.readResponse(bytes))
                    .extracting(response -> Vectors.parse(MessageJson.write(response)))
                    .isEqualTo(read);
        } else if (isNewerThanWe(value)) {
            MessageJson.readResponse(bytes);
        } else {
            assertThrows(InvalidMessageException.class, () -> MessageJson.readResponse(bytes));
        }
    }

    /** The original always sends the full text and does not insist on getting it. */
    private static void withFullText(JsonNode event) {
        if (event.path("type").asText().equals("completionDone") && !event.has("raw")) {
            ((ObjectNode) event).putObject("raw").put("fullText", "");
        }
    }

    /** New members, events and words, which break the original and which we skip. */
    private static boolean isNewerThanWe(JsonNode value) {
        if (!value.path("events").isArray()) {
            return false;
        }
        JsonNode event = value.path("events").path(0);
        return value.has("extra")
                || event.path("type").asText().equals("somethingNew")
                || event.path("stats").path("backendDevice").asText().equals("npu")
                || event.path("error").path("code").asText().equals("OTHER")
                || event.path("type").asText().equals("completionDone");
    }

    private static JsonNode written(Request request) {
        return Vectors.parse(MessageJson.write(request));
    }

    private static Stream<JsonNode> vectors(String which) {
        JsonNode list = Vectors.load("delegation-schema").path(which);
        return StreamSupport.stream(list.spliterator(), false);
    }

    private static byte[] bytes(JsonNode value) {
        return Json.bytes(value);
    }

    private static String name(JsonNode vector) {
        String text = vector.path("value").toString();
        return text.length() < 100 ? text : text.substring(0, 100);
    }
}
