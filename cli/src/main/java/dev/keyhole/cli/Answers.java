package dev.keyhole.cli;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.ServedBy;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows answers as they come, and says what they cost. */
final class Answers {

    private Answers() {}

    /** Prints the tokens of a run as they come; waits for the last. */
    static void print(Completion run, Output output) {
        run.tokens()
                .doOnNext(
                        token -> {
                            output.piece(token);
                            output.object(Map.of("token", token));
                        })
                .blockLast();
        output.piece(System.lineSeparator());
    }

    /** One line of figures for people. */
    static String summary(Completion run) {
        CompletionStats stats = stats(run);
        StringBuilder line = new StringBuilder("Stats: ");
        Integer tokens = stats.generatedTokens();
        if (tokens != null) {
            line.append(tokens).append(tokens == 1 ? " token, " : " tokens, ");
        }
        add(line, "first after %.0f ms, ", stats.timeToFirstTokenMillis());
        add(line, "%.0f tokens/s, ", stats.tokensPerSecond());
        return line.append("served by ").append(servedBy(run)).toString();
    }

    /** The same figures for programs. */
    static Map<String, Object> figures(Completion run) {
        CompletionStats stats = stats(run);
        Map<String, Object> figures = new LinkedHashMap<>();
        put(figures, "promptTokens", stats.promptTokens());
        put(figures, "generatedTokens", stats.generatedTokens());
        put(figures, "timeToFirstToken", stats.timeToFirstTokenMillis());
        put(figures, "tokensPerSecond", stats.tokensPerSecond());
        figures.put("servedBy", servedBy(run).toString());
        return Map.of("stats", figures);
    }

    private static void add(StringBuilder line, String format, @Nullable Double value) {
        if (value != null) {
            line.append(String.format(Locale.ROOT, format, value));
        }
    }

    private static void put(Map<String, Object> figures, String name, @Nullable Object value) {
        if (value != null) {
            figures.put(name, value);
        }
    }

    private static CompletionStats stats(Completion run) {
        CompletionStats stats = run.stats().block();
        return stats == null ? CompletionStats.unknown() : stats;
    }

    private static ServedBy servedBy(Completion run) {
        ServedBy server = run.servedBy().block();
        return server == null ? ServedBy.local() : server;
    }
}
