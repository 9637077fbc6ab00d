package dev.keyhole.model.text;

import java.util.List;

/** How much a template may do. A model comes from a stranger, and so does its template. */
final class Bounds {

    /** Evaluations of one rendering. */
    static final int MAX_STEPS = 2_000_000;

    /** Characters of a prompt, and of every text on the way to it. */
    static final int MAX_CHARS = 32 * 1024 * 1024;

    /** Elements of a list. */
    static final int MAX_ELEMENTS = 1_000_000;

    /** How deep expressions and blocks may be nested, and macros may call each other. */
    static final int MAX_DEPTH = 60;

    private Bounds() {}

    static String text(String left, String right) {
        return chars((long) left.length() + right.length(), () -> left + right);
    }

    static String repeated(String text, long times) {
        long count = Math.max(0, times);
        return chars(
                text.isEmpty()
                        ? 0
                        : Math.multiplyExact(Math.min(count, MAX_CHARS + 1L), text.length()),
                () -> text.repeat((int) count));
    }

    static <T> List<T> list(List<T> list) {
        if (list.size() > MAX_ELEMENTS) {
            throw exceeded(MAX_ELEMENTS, "elements");
        }
        return list;
    }

    private static String chars(long length, java.util.function.Supplier<String> text) {
        if (length > MAX_CHARS) {
            throw exceeded(MAX_CHARS, "characters");
        }
        return text.get();
    }

    static TemplateException exceeded(int limit, String what) {
        return new TemplateException("the chat template needs more than " + limit + " " + what);
    }
}
