package dev.keyhole.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** The end of standard input as a wish to stop, for programs that drive us. */
final class StandardInput {

    private StandardInput() {}

    /** Runs the action, once, when standard input ends or brings the line QUIT. */
    static void onQuit(Runnable action) {
        Thread reader =
                new Thread(
                        () -> {
                            waitForQuit();
                            action.run();
                        },
                        "keyhole-stdin");
        reader.setDaemon(true);
        reader.start();
    }

    private static void waitForQuit() {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            String line;
            do {
                line = lines.readLine();
            } while (line != null && !line.strip().equals("QUIT"));
        } catch (IOException e) {
            // Unreadable input is over.
        }
    }
}
