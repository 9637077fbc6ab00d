package dev.keyhole.model.text;

import dev.keyhole.model.text.Values.Nothing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of texts and maps. */
final class Methods {

    private Methods() {}

    /** Null where a value has no such method. */
    static @Nullable Function find(Object value, String name) {
        if (value instanceof String text) {
            return ofText(text, name);
        }
        if (value instanceof Map<?, ?> map) {
            return ofMap(map, name);
        }
        return null;
    }

    private static @Nullable Function ofText(String text, String name) {
        return switch (name) {
            case "strip" -> (given, named) -> strip(text, given, true, true);
            case "lstrip" -> (given, named) -> strip(text, given, true, false);
            case "rstrip" -> (given, named) -> strip(text, given, false, true);
            case "split" -> (given, named) -> split(text, given);
            case "splitlines" -> (given, named) -> lines(text);
            case "startswith" -> (given, named) -> any(given, part -> text.startsWith(part));
            case "endswith" -> (given, named) -> any(given, part -> text.endsWith(part));
            case "upper" -> (given, named) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (given, named) -> text.toLowerCase(Locale.ROOT);
            case "title" -> (given, named) -> title(text);
            case "capitalize" -> (given, named) -> capitalize(text);
            case "replace" -> (given, named) -> replace(text, string(given, 0), string(given, 1));
            case "find" -> (given, named) -> (long) text.indexOf(string(given, 0));
            case "removeprefix" ->
                    (given, named) -> {
                        String prefix = string(given, 0);
                        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
                    };
            case "join" -> (given, named) -> join(text, Values.elements(argument(given, 0)));
            default -> null;
        };
    }

    private static List<Object> lines(String text) {
        List<Object> lines = new ArrayList<>();
        text.lines().forEach(lines::add);
        return lines;
    }

    private static @Nullable Function ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> (given, named) -> items(map);
            case "keys" -> (given, named) -> new ArrayList<Object>(map.keySet());
            case "values" -> (given, named) -> new ArrayList<Object>(map.values());
            case "get" ->
                    (given, named) -> {
                        Object found = Expressions.entry(map, argument(given, 0));
                        if (found != Nothing.UNDEFINED) {
                            return found;
                        }
                        return given.size() > 1 ? given.get(1) : Nothing.NONE;
                    };
            default -> null;
        };
    }

    static List<Object> items(Map<?, ?> map) {
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(List.of(key, value)));
        return items;
    }

    static String strip(String text, List<Object> given, boolean left, boolean right) {
        String chars = given.isEmpty() || given.get(0) == Nothing.NONE ? null : string(given, 0);
        int from = 0;
        int to = text.length();
        while (left && from < to && goes(text.charAt(from), chars)) {
            from++;
        }
        while (right && to > from && goes(text.charAt(to - 1), chars)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean goes(char c, @Nullable String chars) {
        return chars == null ? Character.isWhitespace(c) : chars.indexOf(c) >= 0;
    }

    private static List<Object> split(String text, List<Object> given) {
        List<Object> parts = new ArrayList<>();
        if (given.isEmpty() || given.get(0) == Nothing.NONE) {
            for (String part : text.strip().split("\\s+", -1)) {
                if (!part.isEmpty()) {
                    parts.add(part);
                }
            }
            return parts;
        }
        String separator = string(given, 0);
        if (separator.isEmpty()) {
            throw new TemplateException("a text cannot be split at nothing");
        }
        long most = given.size() > 1 ? Values.integer(given.get(1)) : -1;
        int from = 0;
        for (int i = text.indexOf(separator); i >= 0; i = text.indexOf(separator, from)) {
            if (most >= 0 && parts.size() >= most) {
                break;
            }
            parts.add(text.substring(from, i));
            from = i + separator.length();
        }
        parts.add(text.substring(from));
        return Bounds.list(parts);
    }

    private static boolean any(List<Object> given, java.util.function.Predicate<String> matches) {
        Object wanted = argument(given, 0);
        if (wanted instanceof String part) {
            return matches.test(part);
        }
        for (Object part : Values.elements(wanted)) {
            if (part instanceof String text && matches.test(text)) {
                return true;
            }
        }
        return false;
    }

    static String replace(String text, String from, String to) {
        if (!from.isEmpty() && to.length() > from.length()) {
            long count = 0;
            for (int i = text.indexOf(from); i >= 0; i = text.indexOf(from, i + from.length())) {
                count++;
            }
            long length = text.length() + count * (to.length() - from.length());
            if (length > Bounds.MAX_CHARS) {
                throw Bounds.exceeded(Bounds.MAX_CHARS, "characters");
            }
        }
        return text.replace(from, to);
    }

    static String join(String separator, List<Object> elements) {
        Output out = new Output();
        for (int i = 0; i < elements.size(); i++) {
            out.print(i == 0 ? "" : separator);
            out.print(Values.text(elements.get(i)));
        }
        return out.toString();
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(Locale.ROOT)
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            out.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    private static Object argument(List<Object> given, int index) {
        if (index >= given.size()) {
            throw new TemplateException("a call has too few arguments");
        }
        return given.get(index);
    }

    private static String string(List<Object> given, int index) {
        if (argument(given, index) instanceof String text) {
            return text;
        }
        throw new TemplateException(
                "a call needs a text, not " + Values.kind(argument(given, index)));
    }
}
