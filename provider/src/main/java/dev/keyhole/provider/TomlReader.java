package dev.keyhole.provider;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Reads one table of a configuration file, and remembers what it was asked for: whatever else is in
 * the table is a mistake of its author, who hears of it.
 */
final class TomlReader {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) *(ms|s|m|h|d)");

    private final TomlTable table;
    private final String source;
    private final String name;
    private final Set<String> known = new LinkedHashSet<>();

    /**
     * @param source what to call the file
     * @param name what to call the table, empty for the file itself
     */
    TomlReader(TomlTable table, String source, String name) {
        this.table = table;
        this.source = source;
        this.name = name;
    }

    Optional<String> text(String key) {
        return value(key, String.class, "a text");
    }

    String requiredText(String key) {
        return text(key).orElseThrow(() -> missing(key));
    }

    Optional<Boolean> flag(String key) {
        return value(key, Boolean.class, "true or false");
    }

    OptionalInt count(String key) {
        Optional<Long> value = value(key, Long.class, "a whole number");
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        long count = value.get();
        if (count < 1 || count > Integer.MAX_VALUE) {
            throw wrong(key, "cannot be " + count);
        }
        return OptionalInt.of((int) count);
    }

    Optional<Long> whole(String key) {
        return value(key, Long.class, "a whole number");
    }

    Optional<Double> decimal(String key) {
        known.add(key);
        Object value = table.get(List.of(key));
        if (value instanceof Long whole) {
            return Optional.of((double) whole);
        }
        return value(key, Double.class, "a number");
    }

    /** Such as {@code 500ms}, {@code 30s}, {@code 15m}, {@code 2h} or {@code 1d}. */
    Optional<Duration> duration(String key) {
        return text(key).map(text -> duration(key, text));
    }

    List<String> texts(String key) {
        known.add(key);
        Object value = table.get(List.of(key));
        if (value == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        if (!(value instanceof TomlArray array)) {
            throw wrong(key, "is a list of texts");
        }
        for (Object element : array.toList()) {
            if (!(element instanceof String text)) {
                throw wrong(key, "is a list of texts, and " + element + " is none");
            }
            texts.add(text);
        }
        return texts;
    }

    /** The table under a key; an empty one if there is none. */
    TomlReader table(String key) {
        TomlTable inner = value(key, TomlTable.class, "a table").orElseGet(() -> Toml.parse(""));
        return new TomlReader(inner, source, path(key));
    }

    /** The tables under a key that may come again and again. */
    List<TomlReader> tables(String key) {
        known.add(key);
        Object value = table.get(List.of(key));
        if (value == null) {
            return List.of();
        }
        List<TomlReader> readers = new ArrayList<>();
        List<?> elements = value instanceof TomlArray array ? array.toList() : List.of(value);
        for (Object element : elements) {
            if (!(value instanceof TomlArray) || !(element instanceof TomlTable inner)) {
                throw wrong(key, "is written as [[" + path(key) + "]]");
            }
            readers.add(new TomlReader(inner, source, path(key)));
        }
        return readers;
    }

    /** Reads a text with something that throws {@link IllegalArgumentException} if it is wrong. */
    <T> T parsed(String key, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw wrong(key, "\"" + text + "\": " + e.getMessage());
        }
    }

    /** Complains of the first key that nobody asked for. */
    void finish() {
        for (String key : table.keySet()) {
            if (!known.contains(key)) {
                String advice =
                        NearestName.of(key, known)
                                .map(nearest -> "; did you mean \"" + nearest + "\"?")
                                .orElse("; known are " + String.join(", ", known));
                throw wrong(key, "means nothing here" + advice);
            }
        }
    }

    IllegalArgumentException wrong(String key, String what) {
        TomlPosition position = table.inputPositionOf(List.of(key));
        String line = position == null ? "" : ":" + position.line();
        return new IllegalArgumentException(source + line + ": \"" + path(key) + "\" " + what);
    }

    private IllegalArgumentException missing(String key) {
        String where = name.isEmpty() ? "" : " in [[" + name + "]]";
        return new IllegalArgumentException(source + ": no \"" + key + "\"" + where);
    }

    private <T> Optional<T> value(String key, Class<T> type, String what) {
        known.add(key);
        @Nullable Object value = table.get(List.of(key));
        if (value != null && !type.isInstance(value)) {
            throw wrong(key, "is " + what + ", not " + value);
        }
        return Optional.ofNullable(type.cast(value));
    }

    private Duration duration(String key, String text) {
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches()) {
            throw wrong(key, "is a time such as \"30s\" or \"15m\", not \"" + text + "\"");
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }

    private String path(String key) {
        return name.isEmpty() ? key : name + "." + key;
    }
}
