package dev.keyhole.transport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Test vectors of the original implementation: {@code vectors/NAME.json} on the classpath.
 *
 * <p>Bytes are hex there. A field that is asked for and missing is a mistake in the test, and said.
 */
public final class Vectors {

    private static final List<String> NAMES = List.of("label", "name", "host", "codec", "after");

    private Vectors() {}

    /** What to check of one vector. */
    @FunctionalInterface
    public interface Check {
        void of(JsonNode vector) throws Throwable;
    }

    /** The file {@code vectors/NAME.json}. */
    public static JsonNode load(String name) {
        String path = "/vectors/" + name + ".json";
        try (InputStream in = Vectors.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("no vectors at " + path);
            }
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** The part of a file that a chain of field names leads to. */
    public static JsonNode load(String name, String... fields) {
        JsonNode node = load(name);
        for (String field : fields) {
            node = field(node, field);
        }
        return node;
    }

    public static JsonNode field(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null) {
            throw new IllegalArgumentException("no field " + field + " in " + shortened(node));
        }
        return value;
    }

    /** The bytes of a field in hex. */
    public static Bytes hex(JsonNode node, String field) {
        return hex(field(node, field));
    }

    /** The bytes of a text node in hex. */
    public static Bytes hex(JsonNode text) {
        if (!text.isTextual()) {
            throw new IllegalArgumentException("not hex: " + shortened(text));
        }
        return Bytes.ofHex(text.textValue());
    }

    public static String text(JsonNode node, String field) {
        return field(node, field).asText();
    }

    /** One test for each element of an array, named by its label or what comes nearest to one. */
    public static Stream<DynamicTest> each(JsonNode array, Check check) {
        if (array.isEmpty()) {
            throw new IllegalArgumentException("no vectors here");
        }
        return IntStream.range(0, array.size())
                .mapToObj(
                        i ->
                                DynamicTest.dynamicTest(
                                        i + " " + name(array.get(i)),
                                        () -> check.of(array.get(i))));
    }

    /** Every run of bytes in hex anywhere under a node, as seeds for damage. */
    public static List<Bytes> allHex(JsonNode node) {
        List<Bytes> found = new ArrayList<>();
        collectHex(node, found);
        return found;
    }

    private static void collectHex(JsonNode node, List<Bytes> found) {
        if (node.isTextual() && node.textValue().matches("([0-9a-f]{2})+")) {
            found.add(Bytes.ofHex(node.textValue()));
        }
        for (JsonNode child : node) {
            collectHex(child, found);
        }
    }

    private static String name(JsonNode vector) {
        for (String field : NAMES) {
            if (vector.hasNonNull(field)) {
                return shortened(vector.get(field));
            }
        }
        return shortened(vector);
    }

    private static String shortened(JsonNode node) {
        String text = node.isTextual() ? node.textValue() : node.toString();
        return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
}
