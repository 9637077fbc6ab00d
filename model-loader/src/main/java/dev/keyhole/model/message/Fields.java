package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The members of one JSON object, read by people's rules: what is wrong is said with its path. */
final class Fields {

    private static final int QUOTED_CHARS = 40;

    private final String path;
    private final ObjectNode node;

    private Fields(String path, ObjectNode node) {
        this.path = path;
        this.node = node;
    }

    static Fields of(String path, JsonNode node) throws InvalidMessageException {
        if (!(node instanceof ObjectNode object)) {
            throw wrong(path, "an object", node);
        }
        return new Fields(path, object);
    }

    ObjectNode node() {
        return node;
    }

    boolean has(String name) {
        return node.has(name);
    }

    String text(String name) throws InvalidMessageException {
        return require(name, optionalText(name), "a text");
    }

    @Nullable String optionalText(String name) throws InvalidMessageException {
        JsonNode value = node.get(name);
        if (value == null) {
            return null;
        }
        if (!value.isTextual()) {
            throw wrong(at(name), "a text", value);
        }
        return value.textValue();
    }

    @Nullable String optionalNonEmptyText(String name) throws InvalidMessageException {
        String value = optionalText(name);
        if (value != null && value.isEmpty()) {
            throw new InvalidMessageException(at(name) + " must not be empty");
        }
        return value;
    }

    boolean flag(String name) throws InvalidMessageException {
        return require(name, optionalFlag(name), "true or false");
    }

    boolean flag(String name, boolean otherwise) throws InvalidMessageException {
        Boolean value = optionalFlag(name);
        return value == null ? otherwise : value;
    }

    @Nullable Boolean optionalFlag(String name) throws InvalidMessageException {
        JsonNode value = node.get(name);
        if (value == null) {
            return null;
        }
        if (!value.isBoolean()) {
            throw wrong(at(name), "true or false", value);
        }
        return value.booleanValue();
    }

    double number(String name) throws InvalidMessageException {
        return require(name, optionalNumber(name), "a number");
    }

    @Nullable Double optionalNumber(String name) throws InvalidMessageException {
        JsonNode value = node.get(name);
        if (value == null) {
            return null;
        }
        return number(at(name), value);
    }

    /** A number that is cut down to what an int holds. */
    @Nullable Integer optionalWhole(String name) throws InvalidMessageException {
        Double value = optionalNumber(name);
        return value == null ? null : (Integer) value.intValue();
    }

    long integer(String name, long min, long max) throws InvalidMessageException {
        return require(name, optionalInteger(name, min, max), "an integer");
    }

    @Nullable Long optionalInteger(String name, long min, long max) throws InvalidMessageException {
        JsonNode value = node.get(name);
        return value == null ? null : (Long) integer(at(name), value, min, max);
    }

    Fields object(String name) throws InvalidMessageException {
        return require(name, optionalObject(name), "an object");
    }

    @Nullable Fields optionalObject(String name) throws InvalidMessageException {
        JsonNode value = node.get(name);
        return value == null ? null : of(at(name), value);
    }

    List<JsonNode> array(String name) throws InvalidMessageException {
        return require(name, optionalArray(name), "an array");
    }

    @Nullable List<JsonNode> optionalArray(String name) throws InvalidMessageException {
        JsonNode value = node.get(name);
        if (value == null) {
            return null;
        }
        if (!value.isArray()) {
            throw wrong(at(name), "an array", value);
        }
        List<JsonNode> elements = new ArrayList<>(value.size());
        value.forEach(elements::add);
        return elements;
    }

    /** Refuses members with any other name. */
    void only(Set<String> names) throws InvalidMessageException {
        for (var member : node.properties()) {
            if (!names.contains(member.getKey())) {
                throw new InvalidMessageException(
                        path + " has no member " + quoted(member.getKey()));
            }
        }
    }

    String at(String name) {
        return path + "." + name;
    }

    String at(String name, int index) {
        return at(name) + "[" + index + "]";
    }

    InvalidMessageException wrong(String name, String expected) {
        JsonNode value = node.get(name);
        return value == null ? missing(at(name), expected) : wrong(at(name), expected, value);
    }

    static double number(String path, JsonNode value) throws InvalidMessageException {
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw wrong(path, "a number", value);
        }
        return value.doubleValue();
    }

    static long integer(String path, JsonNode value, long min, long max)
            throws InvalidMessageException {
        double number = number(path, value);
        boolean exact = value.isIntegralNumber() && value.canConvertToLong();
        long whole = exact ? value.longValue() : (long) number;
        if (!exact && whole != number || whole < min || whole > max) {
            throw wrong(path, "an integer from " + min + " to " + max, value);
        }
        return whole;
    }

    static String text(String path, JsonNode value) throws InvalidMessageException {
        if (!value.isTextual()) {
            throw wrong(path, "a text", value);
        }
        return value.textValue();
    }

    static InvalidMessageException wrong(String path, String expected, JsonNode value) {
        return new InvalidMessageException(
                path + " must be " + expected + ", not " + quoted(Json.text(value)));
    }

    private <T> T require(String name, @Nullable T value, String expected)
            throws InvalidMessageException {
        if (value == null) {
            throw missing(at(name), expected);
        }
        return value;
    }

    private static InvalidMessageException missing(String path, String expected) {
        return new InvalidMessageException(path + " is missing; it must be " + expected);
    }

    private static String quoted(String text) {
        return text.length() <= QUOTED_CHARS ? text : text.substring(0, QUOTED_CHARS) + "…";
    }
}
