package dev.keyhole.examples;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code docs/parity.md} says which test proves what; this sees to it that those tests exist. */
class ParityTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern ROW =
            Pattern.compile("^\\| `([A-Z]+-\\d+)` \\| ([^|]+) \\| ([^|]+) \\|");
    private static final Pattern NAMED = Pattern.compile("`(\\w+)#(\\w+)`");

    /** How many rows each table of the page has, in its order. */
    private static final Map<String, Integer> ITEMS = new LinkedHashMap<>();

    static {
        ITEMS.put("IO", 15);
        ITEMS.put("Q", 10);
        ITEMS.put("T", 3);
        ITEMS.put("N", 11);
        ITEMS.put("NAT", 8);
        ITEMS.put("R", 10);
        ITEMS.put("A", 16);
        ITEMS.put("C", 16);
        ITEMS.put("S", 17);
        ITEMS.put("H", 19);
        ITEMS.put("B", 11);
        ITEMS.put("SS", 8);
        ITEMS.put("M", 9);
        ITEMS.put("U", 11);
        ITEMS.put("L", 7);
        ITEMS.put("X", 6);
        ITEMS.put("F", 66);
    }

    private static final Map<String, String> SOURCES = new HashMap<>();
    private static final Map<String, String> ROWS = new LinkedHashMap<>();

    @BeforeAll
    static void readEverything() throws IOException {
        for (String line : Files.readAllLines(ROOT.resolve("docs/parity.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.find()) {
                assertThat(ROWS.put(row.group(1), row.group(3))).as(row.group(1)).isNull();
            }
        }
        List<Path> modules;
        try (Stream<Path> entries = Files.list(ROOT)) {
            modules =
                    entries.map(entry -> entry.resolve("src/test/java"))
                            .filter(Files::isDirectory)
                            .collect(toList());
        }
        for (Path module : modules) {
            try (Stream<Path> files = Files.walk(module)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    SOURCES.merge(name, Files.readString(file), String::concat);
                }
            }
        }
    }

    @Test
    void everyItemHasItsRow() {
        List<String> expected = new ArrayList<>();
        ITEMS.forEach(
                (prefix, count) ->
                        IntStream.rangeClosed(1, count)
                                .mapToObj(number -> String.format("%s-%02d", prefix, number))
                                .forEach(expected::add));

        assertThat(ROWS.keySet()).containsExactlyElementsOf(expected);
    }

    @Test
    void everyRequirementNamesATest() {
        ROWS.forEach(
                (item, tests) -> {
                    if (!item.startsWith("F-")) {
                        assertThat(NAMED.matcher(tests).find()).as(item + ": " + tests).isTrue();
                    }
                });
    }

    @Test
    void everyTestNamedIsThere() {
        List<String> missing = new ArrayList<>();
        ROWS.forEach(
                (item, tests) -> {
                    Matcher named = NAMED.matcher(tests);
                    while (named.find()) {
                        String source = SOURCES.getOrDefault(named.group(1), "");
                        if (!hasTest(source, named.group(2))) {
                            missing.add(item + ": " + named.group());
                        }
                    }
                });

        assertThat(missing).isEmpty();
    }

    /** Whether a method of that name has an annotation that makes JUnit run it. */
    private static boolean hasTest(String source, String method) {
        return Pattern.compile(
                        "@(Test|Seeds|ParameterizedTest|RepeatedTest|TestFactory)\\b[^;{}]*(\\{[^;{}]*\\}[^;{}]*)*\\b"
                                + method
                                + "\\(")
                .matcher(source)
                .find();
    }
}
