package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A program in a process of its own that says what it does line by line: theirs, or ours. */
public final class Peer implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Path SCRIPTS = Path.of("src/test/js").toAbsolutePath();
    private static final String END = "(end of output)";

    private final String name;
    private final Process process;
    private final Writer input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> seen = new ArrayList<>();

    private Peer(String name, List<String> command) {
        this.name = name;
        try {
            this.process =
                    new ProcessBuilder(command)
                            .directory(SCRIPTS.toFile())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
        this.input =
                new BufferedWriter(
                        new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        Thread reader = new Thread(this::readLines, "lines of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    /** A program on the original packages, from {@code src/test/js}. */
    public static Peer original(String script, Object... arguments) {
        return original(List.of(), script, arguments);
    }

    /**
     * The same, started by another program.
     *
     * @param through the beginning of the command line
     */
    public static Peer original(List<String> through, String script, Object... arguments) {
        requireNode();
        List<String> line = new ArrayList<>(through);
        line.addAll(List.of("node", script));
        Stream.of(arguments).map(Object::toString).forEach(line::add);
        return new Peer(script, line);
    }

    /** Our command, as a user would run it. */
    public static Peer keyhole(String command, Object... arguments) {
        return keyhole(List.of(), command, arguments);
    }

    /** The same, started by another program. */
    public static Peer keyhole(List<String> through, String command, Object... arguments) {
        Object[] all = Stream.concat(Stream.of(command), Stream.of(arguments)).toArray();
        return java(through, "dev.keyhole.cli.Keyhole", all);
    }

    /** A main class of ours, started by another program. */
    public static Peer java(List<String> through, String main, Object... arguments) {
        List<String> line = new ArrayList<>(through);
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC", "-Xmx512m"));
        line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        line.add(main);
        Stream.of(arguments).map(Object::toString).forEach(line::add);
        return new Peer(main + " " + Arrays.toString(arguments), line);
    }

    /** Skips the test where the original cannot run; in CI that is a failure. */
    public static void requireNode() {
        String missing = null;
        if (!runs("node", "--version")) {
            missing = "Node.js is not installed";
        } else if (!Files.isDirectory(SCRIPTS.resolve("node_modules/hyperdht"))) {
            missing = "the peers are not installed: run npm install in " + SCRIPTS;
        }
        if (missing != null && Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionError(missing);
        }
        Assumptions.assumeTrue(missing == null, missing);
    }

    /** The rest of the next line that begins with a word; lines before it are passed over. */
    public String await(String word) {
        return await(word, LIMIT);
    }

    public String await(String word, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (true) {
                long left = Math.max(0, deadline - System.nanoTime());
                String line = lines.poll(left, TimeUnit.NANOSECONDS);
                assertThat(line)
                        .as("%s should say %s within %s, said %s", name, word, limit, seen)
                        .isNotNull()
                        .isNotEqualTo(END);
                seen.add(line);
                if (line.equals(word)) {
                    return "";
                }
                if (line.startsWith(word + " ") || line.startsWith(word + ":")) {
                    return line.substring(word.length() + 1).strip();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** The next line, whatever it is; empty when there is none within the limit. */
    public Optional<String> next(Duration limit) {
        try {
            String line = lines.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
            if (line == null || line.equals(END)) {
                return Optional.empty();
            }
            seen.add(line);
            return Optional.of(line);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** The rest of the next line that begins with a word; empty if it does not come. */
    public Optional<String> find(String word, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<String> line = next(Duration.ofNanos(deadline - System.nanoTime()));
            if (line.isEmpty() || line.get().startsWith(word + " ")) {
                return line.map(found -> found.substring(word.length() + 1).strip());
            }
        }
    }

    public void send(String line) {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " does not listen", e);
        }
    }

    /** Ends the process as a power cut would. */
    public void kill() {
        process.destroyForcibly();
    }

    /** The exit status, once the process has ended by itself. */
    public int status() {
        try {
            assertThat(process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                    .as("%s should end, said %s", name, seen)
                    .isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public void close() {
        try {
            input.close();
            if (!process.waitFor(4, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    private static boolean runs(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void readLines() {
        try (var reader =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = reader.readLine()) != null) {
                lines.add(line);
            }
        } catch (IOException e) {
            // The process is gone.
        }
        lines.add(END);
    }
}
