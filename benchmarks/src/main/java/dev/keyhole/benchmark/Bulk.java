package dev.keyhole.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How fast one encrypted stream moves bytes between two processes over loopback, with Keyhole at both
 * ends and with the original at both ends, in turn.
 *
 * <p>What it prints is worth as much as the machine is quiet: two processes want two idle cores. The
 * processor time of both ends together tells more where there are none.
 */
final class Bulk {

    private int rounds = 5;
    private long megabytes = 200;
    private long warmUpMegabytes = 100;
    private int messageBytes = 65_536;
    private boolean original = true;
    private @Nullable Path script;
    private Path modules = Path.of("examples/src/test/js/node_modules");

    /** What one transfer took. */
    private record Result(double megabytesPerSecond, double processorSecondsPerGigabyte) {}

    public static void main(String[] args) throws Exception {
        Bulk bulk = new Bulk();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--rounds" -> bulk.rounds = Integer.parseInt(args[++i]);
                case "--megabytes" -> bulk.megabytes = Long.parseLong(args[++i]);
                case "--warm-up" -> bulk.warmUpMegabytes = Long.parseLong(args[++i]);
                case "--message" -> bulk.messageBytes = Integer.parseInt(args[++i]);
                case "--script" -> bulk.script = Path.of(args[++i]);
                case "--modules" -> bulk.modules = Path.of(args[++i]);
                case "--ours-only" -> bulk.original = false;
                default -> {
                    System.err.println("unknown option " + args[i]);
                    System.exit(2);
                }
            }
        }
        bulk.run();
    }

    static long processorNanos() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private void run() throws IOException {
        System.out.printf(
                "%d MB in messages of %d bytes over loopback, %d processors, load %.1f%n",
                megabytes,
                messageBytes,
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        boolean both = original && script != null && Files.isDirectory(modules);
        if (original && !both) {
            System.out.println("without the original: no packages in " + modules);
        }
        List<Result> ours = new ArrayList<>();
        List<Result> theirs = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            ours.add(show("keyhole", round, transfer(this::keyhole)));
            if (both) {
                theirs.add(show("original", round, transfer(this::original)));
            }
        }
        double fast = median(ours.stream().map(Result::megabytesPerSecond).toList());
        double cost = median(ours.stream().map(Result::processorSecondsPerGigabyte).toList());
        System.out.printf("keyhole   median %6.1f MB/s, %5.2f CPU s/GB%n", fast, cost);
        if (both) {
            double fast2 = median(theirs.stream().map(Result::megabytesPerSecond).toList());
            double cost2 =
                    median(theirs.stream().map(Result::processorSecondsPerGigabyte).toList());
            System.out.printf("original  median %6.1f MB/s, %5.2f CPU s/GB%n", fast2, cost2);
            System.out.printf(
                    "keyhole is %.2f times as fast, for %.2f times the processor time%n",
                    fast / fast2, cost / cost2);
        }
    }

    /** How to start one end. */
    private interface Command {
        List<String> of(String role);
    }

    private List<String> keyhole(String role) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        List<String> command = new ArrayList<>(List.of(java, "-Xmx1g", "-cp", classes));
        command.add(BulkPeer.class.getName());
        command.addAll(arguments(role));
        return command;
    }

    private List<String> original(String role) {
        List<String> command = new ArrayList<>(List.of("node", String.valueOf(script)));
        command.addAll(arguments(role));
        command.add(modules.toAbsolutePath().toString());
        return command;
    }

    private List<String> arguments(String role) {
        return List.of(
                role,
                Long.toString(warmUpMegabytes * 1_000_000),
                Long.toString(megabytes * 1_000_000),
                Integer.toString(messageBytes));
    }

    private Result transfer(Command command) throws IOException {
        Process receiver = start(command.of("receive"));
        Process sender = start(command.of("send"));
        try {
            BufferedReader fromReceiver = receiver.inputReader(StandardCharsets.UTF_8);
            BufferedReader fromSender = sender.inputReader(StandardCharsets.UTF_8);
            PrintStream toReceiver = to(receiver);
            PrintStream toSender = to(sender);
            toReceiver.println(String.join(" ", line(fromSender)));
            toSender.println(String.join(" ", line(fromReceiver)));
            String[] received = line(fromReceiver);
            String[] sent = line(fromSender);
            toReceiver.println();
            toSender.println();
            double seconds = Long.parseLong(received[0]) / 1e9;
            double processor = (Long.parseLong(received[1]) + Long.parseLong(sent[1])) / 1e9;
            return new Result(megabytes / seconds, processor * 1000 / megabytes);
        } finally {
            receiver.destroy();
            sender.destroy();
        }
    }

    private static String[] line(BufferedReader from) throws IOException {
        String line = from.readLine();
        if (line == null) {
            throw new IOException("an end of the transfer is gone");
        }
        return line.split(" ", -1);
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static PrintStream to(Process process) {
        return new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    private static Result show(String who, int round, Result result) {
        System.out.printf(
                "%-9s round %d %6.1f MB/s, %5.2f CPU s/GB%n",
                who, round, result.megabytesPerSecond(), result.processorSecondsPerGigabyte());
        return result;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
