package dev.keyhole.benchmark;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A process that answers lines with lines. It is ended with this one, and ends by itself when its
 * standard input does.
 */
final class Child implements AutoCloseable {

    private static final long ANSWER_SECONDS = 60;
    private static final String GONE = "GONE";
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
    }

    private final String name;
    private final Process process;
    private final PrintStream to;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        this.to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    static Child start(String name, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        ALIVE.add(process);
        Child child = new Child(name, process);
        Thread reader = new Thread(child::read, name + " reader");
        reader.setDaemon(true);
        reader.start();
        return child;
    }

    private void read() {
        try (BufferedReader from = process.inputReader(StandardCharsets.UTF_8)) {
            from.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException e) {
            // It is gone, which the last line says.
        }
        lines.add(GONE);
    }

    /** Says a line and waits for the answer. */
    String[] ask(String line) throws IOException {
        to.println(line);
        return answer();
    }

    /** The next line it says, in words. */
    String[] answer() throws IOException {
        String line;
        try {
            line = lines.poll(ANSWER_SECONDS, SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (line == null) {
            throw new IOException(name + " says nothing for " + ANSWER_SECONDS + " s");
        }
        if (line.equals(GONE) || line.startsWith("FAILED")) {
            throw new IOException(name + ": " + line);
        }
        return line.split(" ", -1);
    }

    /** The numbers in an answer, behind its first word. */
    long[] numbers(String line) throws IOException {
        return Arrays.stream(ask(line)).skip(1).mapToLong(Long::parseLong).toArray();
    }

    /** Processor time so far, of all its threads. */
    long processorNanos() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        ALIVE.remove(process);
    }
}
