package dev.keyhole.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.Map;

/**
 * The lines that programs read: on standard output, flushed at once.
 *
 * <p>What people read goes to standard error.
 */
final class Output {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrintStream out;
    private final PrintStream err;
    private final boolean json;

    Output(PrintStream out, PrintStream err, boolean json) {
        this.out = out;
        this.err = err;
        this.json = json;
    }

    static Output standard(boolean json) {
        return new Output(System.out, System.err, json);
    }

    boolean isJson() {
        return json;
    }

    /** One line for programs, in words or as an object. */
    void line(String text, Map<String, ?> object) {
        out.println(json ? toJson(object) : text);
        out.flush();
    }

    /** A piece of a running text; nothing when objects were asked for. */
    void piece(String text) {
        if (!json) {
            out.print(text);
            out.flush();
        }
    }

    /** An object, when objects were asked for. */
    void object(Map<String, ?> object) {
        if (json) {
            out.println(toJson(object));
            out.flush();
        }
    }

    /** Asks a person for a line, where one is watching. */
    @SuppressWarnings("SystemConsoleNull") // the launcher asks newer JDKs for the old meaning
    void prompt(String text) {
        if (System.console() != null) {
            err.print(text);
            err.flush();
        }
    }

    /** A line for people. */
    void note(String text) {
        err.println(text);
        err.flush();
    }

    private static String toJson(Map<String, ?> object) {
        try {
            return JSON.writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of plain values is always JSON", e);
        }
    }
}
