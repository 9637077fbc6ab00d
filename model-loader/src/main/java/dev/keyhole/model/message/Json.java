package dev.keyhole.model.message;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON between bytes, trees, and plain maps and lists. */
final class Json {

    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /** Bytes that are no UTF-8 become replacement characters, as they do at our peers. */
    static JsonNode parse(byte[] bytes) throws InvalidMessageException {
        try {
            return MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new InvalidMessageException("not JSON: " + e.getOriginalMessage());
        }
    }

    static byte[] bytes(JsonNode tree) {
        return text(tree).getBytes(StandardCharsets.UTF_8);
    }

    static String text(JsonNode tree) {
        try {
            return MAPPER.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that cannot be written", e);
        }
    }

    /** Objects become maps and arrays lists; whole numbers become longs where they fit. */
    static @Nullable Object plain(JsonNode node) {
        if (node.isObject()) {
            return plainMap((ObjectNode) node);
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>(node.size());
            node.forEach(element -> list.add(plain(element)));
            return list;
        }
        if (node.isTextual()) {
            return node.textValue();
        }
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        if (node.isNumber()) {
            boolean whole = node.isIntegralNumber() && node.canConvertToLong();
            return whole ? (Object) node.longValue() : (Object) node.doubleValue();
        }
        return null;
    }

    /** Members that are null are left out. */
    static Map<String, Object> plainMap(ObjectNode node) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            Object value = plain(member.getValue());
            if (value != null) {
                map.put(member.getKey(), value);
            }
        }
        return map;
    }

    /**
     * The opposite of {@link #plain}.
     *
     * @throws IllegalArgumentException for a value that JSON does not have
     */
    static JsonNode tree(@Nullable Object value) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (value == null) {
            return nodes.nullNode();
        }
        if (value instanceof Map<?, ?> map) {
            ObjectNode object = nodes.objectNode();
            map.forEach((key, element) -> object.set(String.valueOf(key), tree(element)));
            return object;
        }
        if (value instanceof Iterable<?> list) {
            ArrayNode array = nodes.arrayNode();
            list.forEach(element -> array.add(tree(element)));
            return array;
        }
        if (value instanceof CharSequence text) {
            return nodes.textNode(text.toString());
        }
        if (value instanceof Boolean flag) {
            return nodes.booleanNode(flag);
        }
        if (value instanceof Number number) {
            return number(number.doubleValue(), number);
        }
        throw new IllegalArgumentException(value.getClass().getName() + " is no JSON value");
    }

    /** A whole number is written without a point, as our peers write it. */
    static JsonNode number(double value) {
        return number(value, value);
    }

    private static JsonNode number(double value, Number exact) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (exact instanceof Long || exact instanceof Integer) {
            return nodes.numberNode(exact.longValue());
        }
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(value + " is no JSON number");
        }
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1L << 53;
        return whole ? nodes.numberNode((long) value) : nodes.numberNode(value);
    }
}
