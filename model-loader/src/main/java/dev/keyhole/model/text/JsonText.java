package dev.keyhole.model.text;

import dev.keyhole.model.text.Values.Nothing;
import java.util.List;
import java.util.Map;

/** Values as JSON text, with the spaces that Python puts between its parts. */
final class JsonText {

    private final Output out = new Output();
    private final int indent;

    private JsonText(int indent) {
        this.indent = indent;
    }

    /** A negative indent writes everything on one line. */
    static String of(Object value, int indent) {
        JsonText text = new JsonText(indent);
        text.write(value, 0);
        return text.out.toString();
    }

    private void write(Object value, int depth) {
        if (depth > Bounds.MAX_DEPTH) {
            throw Bounds.exceeded(Bounds.MAX_DEPTH, "levels");
        }
        if (value instanceof String text) {
            string(text);
        } else if (value instanceof Boolean flag) {
            out.print(flag ? "true" : "false");
        } else if (value instanceof List<?> list) {
            list(list, depth);
        } else if (value instanceof Map<?, ?> map) {
            map(map, depth);
        } else if (value instanceof Number) {
            out.print(Values.text(value));
        } else if (value == Nothing.NONE) {
            out.print("null");
        } else {
            throw new TemplateException(Values.kind(value) + " cannot be written as JSON");
        }
    }

    private void list(List<?> list, int depth) {
        if (list.isEmpty()) {
            out.print("[]");
            return;
        }
        out.print("[");
        for (int i = 0; i < list.size(); i++) {
            between(i, depth + 1);
            write(Values.element(list, i), depth + 1);
        }
        end(depth);
        out.print("]");
    }

    private void map(Map<?, ?> map, int depth) {
        if (map.isEmpty()) {
            out.print("{}");
            return;
        }
        out.print("{");
        int i = 0;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            between(i++, depth + 1);
            string(String.valueOf(entry.getKey()));
            out.print(": ");
            write(Values.of(entry.getValue()), depth + 1);
        }
        end(depth);
        out.print("}");
    }

    private void between(int index, int depth) {
        if (indent < 0) {
            out.print(index == 0 ? "" : ", ");
        } else {
            out.print(index == 0 ? "\n" : ",\n");
            out.print(" ".repeat(indent * depth));
        }
    }

    private void end(int depth) {
        if (indent >= 0) {
            out.print("\n");
            out.print(" ".repeat(indent * depth));
        }
    }

    private void string(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                default -> {
                    if (c < 0x20) {
                        quoted.append("\\u00").append(c < 0x10 ? "0" : "1");
                        quoted.append(Character.forDigit(c & 15, 16));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        out.print(quoted.append('"').toString());
    }
}
