package dev.keyhole.provider;

import dev.keyhole.transport.wire.Bytes;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The id that a loaded model has for consumers ({@code docs/protocol.md}, "Model ids").
 *
 * <p>The first 16 hex digits of SHA-256 over {@code modelType:modelSrc:config}, where config is JSON
 * with sorted keys, written as JavaScript writes it. The original's providers compute the same id
 * from the same request.
 */
final class ModelIds {

    private static final int HEX_DIGITS = 16;

    /** From here on JavaScript writes whole numbers with an exponent. */
    private static final BigDecimal LONGEST_WHOLE = new BigDecimal("1e21");

    private static final BigDecimal SHORTEST_FRACTION = new BigDecimal("1e-6");

    private ModelIds() {}

    static String of(String modelType, String modelSrc, Map<String, ?> config) {
        StringBuilder text = new StringBuilder();
        text.append(modelType).append(':').append(modelSrc).append(':');
        write(config, text);
        return hash(text.toString()).substring(0, HEX_DIGITS);
    }

    private static void write(@Nullable Object value, StringBuilder out) {
        if (value instanceof Map<?, ?> map) {
            writeObject(map, out);
        } else if (value instanceof List<?> list) {
            writeArray(list, out);
        } else if (value instanceof Number number) {
            out.append(number(new BigDecimal(number.toString())));
        } else if (value instanceof String text) {
            quote(text, out);
        } else {
            out.append(value);
        }
    }

    private static void writeObject(Map<?, ?> object, StringBuilder out) {
        if (object.get("src") instanceof String source) {
            quote(source, out);
            return;
        }
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        object.forEach((key, value) -> sorted.put((String) key, value));
        String divider = "";
        out.append('{');
        for (Map.Entry<String, @Nullable Object> member : sorted.entrySet()) {
            out.append(divider);
            quote(member.getKey(), out);
            out.append(':');
            write(member.getValue(), out);
            divider = ",";
        }
        out.append('}');
    }

    private static void writeArray(List<?> list, StringBuilder out) {
        String divider = "";
        out.append('[');
        for (Object element : list) {
            out.append(divider);
            write(element, out);
            divider = ",";
        }
        out.append(']');
    }

    private static String number(BigDecimal value) {
        BigDecimal digits = value.stripTrailingZeros();
        BigDecimal size = digits.abs();
        if (digits.signum() == 0) {
            return "0";
        }
        if (size.compareTo(LONGEST_WHOLE) < 0 && size.compareTo(SHORTEST_FRACTION) >= 0) {
            return digits.toPlainString();
        }
        int exponent = digits.precision() - digits.scale() - 1;
        String mantissa = digits.movePointLeft(exponent).stripTrailingZeros().toPlainString();
        return mantissa + (exponent < 0 ? "e" : "e+") + exponent;
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> out.append(c < ' ' ? String.format("\\u%04x", (int) c) : c);
            }
        }
        out.append('"');
    }

    private static String hash(String text) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] digest = sha256.digest(text.getBytes(StandardCharsets.UTF_8));
            return Bytes.wrap(digest).toHex();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
