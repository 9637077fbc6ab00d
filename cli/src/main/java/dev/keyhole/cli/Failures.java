package dev.keyhole.cli;

import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/** Failures as one line for a person. */
final class Failures {

    private Failures() {}

    static String text(Throwable failure) {
        Throwable cause = Exceptions.unwrap(failure);
        String message = cause.getMessage();
        String text =
                message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
        return firstLine(text);
    }

    private static String firstLine(String text) {
        @Nullable String line = text.lines().findFirst().orElse(null);
        return line == null ? text : line;
    }
}
