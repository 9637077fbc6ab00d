package dev.keyhole.benchmark;

import dev.keyhole.benchmark.Ends.Who;
import dev.keyhole.dht.Testnet;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The same work through Keyhole and through the original, in turn, round after round: each time a
 * server and a client in processes of their own. Prints medians and their ratios as a table.
 *
 * <p>Over loopback they meet as they would anywhere, through a network of six nodes in this process.
 * Over a {@link Wire} there is nothing but the stream.
 */
final class Compare {

    private static final Set<String> PARTS =
            new TreeSet<>(
                    List.of(
                            "bulk",
                            "both",
                            "messages",
                            "echo",
                            "connects",
                            "memory",
                            "wire",
                            "share"));
    private static final int IDLE = 1000;
    private static final double MEGABITS = 100;
    private static final double QUEUE_MILLIS = 50;

    private Set<String> only = PARTS;
    private int rounds = 5;
    private double warmUpSeconds = 5;
    private double seconds = 4;
    private double wireSeconds = 4;
    private boolean quick;
    private boolean original = true;
    private boolean portable;
    private int messageBytes = 65_536;
    private int idle = IDLE;
    private String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private Path script = Path.of("peer.mjs");
    private Path modules = Path.of("examples/src/test/js/node_modules");
    private final Table table = new Table();

    public static void main(String[] args) throws Exception {
        Compare compare = new Compare();
        compare.parse(args);
        compare.run();
        System.exit(0);
    }

    private void parse(String[] args) {
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--only" -> only = new TreeSet<>(Arrays.asList(args[++i].split(",", -1)));
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--seconds" -> seconds = Double.parseDouble(args[++i]);
                case "--warm-up" -> warmUpSeconds = Double.parseDouble(args[++i]);
                case "--wire-seconds" -> wireSeconds = Double.parseDouble(args[++i]);
                case "--message" -> messageBytes = Integer.parseInt(args[++i]);
                case "--idle" -> idle = Integer.parseInt(args[++i]);
                case "--java" -> java = args[++i];
                case "--script" -> script = Path.of(args[++i]);
                case "--modules" -> modules = Path.of(args[++i]);
                case "--portable" -> portable = true;
                case "--ours-only" -> original = false;
                case "--quick" -> {
                    quick = true;
                    rounds = 1;
                    warmUpSeconds = 1.5;
                    seconds = 2;
                    wireSeconds = 3;
                    idle = 300;
                }
                default -> usage("unknown option " + args[i]);
            }
        }
        if (!PARTS.containsAll(only)) {
            usage("--only takes some of " + String.join(",", PARTS));
        }
        if (original && !Files.isDirectory(modules)) {
            usage("no packages of the original in " + modules + "; see --modules, --ours-only");
        }
    }

    private static void usage(String why) {
        System.err.println(why);
        System.exit(2);
    }

    private void run() throws IOException {
        try (Testnet testnet = Testnet.start(6)) {
            List<String> options = new ArrayList<>(List.of("-Xmx1g"));
            if (portable) {
                options.add("-Dkeyhole.udp=portable");
            }
            String bootstrap = testnet.bootstrap().get(0);
            Ends ends = new Ends(java, options, script, modules, bootstrap);
            System.err.println(machine() + ", load " + load());
            if (only.contains("bulk")) {
                bulk(ends);
            }
            if (only.contains("both")) {
                both(ends);
            }
            if (only.contains("messages")) {
                messages(ends, 4096, "4 KiB");
                messages(ends, 1024, "1 KiB");
                messages(ends, 60, "60 B");
            }
            if (only.contains("echo")) {
                echo(ends);
            }
            if (only.contains("connects")) {
                connects(ends);
            }
            if (only.contains("memory")) {
                memory(ends);
            }
            if (only.contains("wire")) {
                wires(ends);
            }
            if (only.contains("share")) {
                shares(ends);
            }
        }
        System.err.println("load " + load());
        System.out.println();
        System.out.println(
                machine()
                        + "; medians of up to "
                        + rounds
                        + " rounds"
                        + (portable ? ", portable" : ""));
        System.out.println();
        table.print();
    }

    private String machine() {
        return ManagementFactory.getOperatingSystemMXBean().getAvailableProcessors()
                + " processors, "
                + java;
    }

    private static String load() {
        return String.format(
                Locale.ROOT,
                "%.1f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    /** One measurement by one of them. */
    private interface Measurement {
        double[] by(Who who, int round) throws IOException;
    }

    /** Measures some figures at once, in turn, so many times; one that failed is left out. */
    private void alternate(int times, List<Table.Row> rows, Measurement measurement) {
        for (int round = 1; round <= times; round++) {
            for (Who who : Who.values()) {
                if (who == Who.ORIGINAL && !original) {
                    continue;
                }
                try {
                    double[] figures = measurement.by(who, round);
                    for (int i = 0; i < figures.length; i++) {
                        Table.Row row = rows.get(i);
                        row.add(who, figures[i]);
                        System.err.printf(
                                Locale.ROOT,
                                "%s, round %d, %s: %.1f %s (load %s)%n",
                                row.what(),
                                round,
                                who,
                                figures[i],
                                row.unit(),
                                load());
                    }
                } catch (IOException e) {
                    System.err.println(rows.get(0).what() + " failed: " + e.getMessage());
                    rows.get(0).failed(who);
                }
            }
        }
    }

    private static void sleep(double seconds) {
        try {
            Thread.sleep((long) (seconds * 1000));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void bulk(Ends ends) {
        alternate(
                rounds,
                List.of(
                        table.row("bulk, one way", "MB/s", true),
                        table.row("bulk, one way", "CPU s/GB", false),
                        table.row("messages of 64 KiB", "1/s", true)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        flow.client.ask("run send " + messageBytes);
                        sleep(warmUpSeconds);
                        Flow.Count before = flow.count();
                        sleep(seconds);
                        Flow.Count after = flow.count();
                        return new double[] {
                            after.intoServer(before) / 1e6,
                            after.processorSecondsPerGigabyte(before),
                            after.messagesIntoServer(before)
                        };
                    }
                });
    }

    private void both(Ends ends) {
        alternate(
                Math.min(3, rounds),
                List.of(
                        table.row("bulk, both ways, the sum", "MB/s", true),
                        table.row("bulk, both ways", "CPU s/GB", false)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        flow.client.ask("run both " + messageBytes);
                        sleep(warmUpSeconds);
                        Flow.Count before = flow.count();
                        sleep(seconds);
                        Flow.Count after = flow.count();
                        return new double[] {
                            (after.intoServer(before) + after.intoClient(before)) / 1e6,
                            after.processorSecondsPerGigabyte(before)
                        };
                    }
                });
    }

    private void messages(Ends ends, int bytes, String name) {
        alternate(
                bytes == 60 ? rounds : Math.min(3, rounds),
                List.of(table.row("messages of " + name, "1/s", true)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        flow.client.ask("run send " + bytes);
                        sleep(warmUpSeconds);
                        Flow.Count before = flow.count();
                        sleep(seconds);
                        return new double[] {flow.count().messagesIntoServer(before)};
                    }
                });
    }

    private void echo(Ends ends) {
        alternate(
                rounds,
                List.of(
                        table.row("echo of 60 B, p50", "µs", false),
                        table.row("echo of 60 B, p99", "µs", false),
                        table.row("echoes, one after the other", "1/s", true)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        flow.client.ask("run echo 60");
                        sleep(2 * warmUpSeconds); // there are few in a second to compile code for
                        flow.client.ask("latency");
                        long begin = System.nanoTime();
                        sleep(seconds);
                        long[] latency = flow.client.numbers("latency");
                        long nanos = System.nanoTime() - begin;
                        return new double[] {
                            latency[1] / 1e3, latency[2] / 1e3, latency[0] * 1e9 / nanos
                        };
                    }
                });
    }

    private void connects(Ends ends) {
        alternate(
                Math.min(3, rounds),
                List.of(
                        table.row("warm connects, one after the other", "1/s", true),
                        table.row("warm connects, 50 at a time", "1/s", true),
                        table.row("warm connects, 50 at a time", "CPU ms each", false)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        // Some thousand connects, until all that they touch is compiled.
                        long warmUp = (long) (warmUpSeconds * 1000);
                        long millis = (long) (seconds * 1000);
                        flow.client.ask("connects 1 " + warmUp);
                        flow.client.ask("connects 50 " + 2 * warmUp);
                        double sequential = connects(flow, 1, millis)[0];
                        double[] parallel = connects(flow, 50, millis);
                        return new double[] {sequential, parallel[0], parallel[1]};
                    }
                });
    }

    /** Connects a second, and what each takes of both processors. */
    private static double[] connects(Flow flow, int parallel, long millis) throws IOException {
        long before = flow.processorNanos();
        long[] made = flow.client.numbers("connects " + parallel + " " + millis);
        long processor = flow.processorNanos() - before;
        if (made[2] > 0) {
            System.err.println(made[2] + " connects failed, " + made[1] + " did not");
        }
        return new double[] {made[1] * 1e9 / made[0], processor / 1e6 / Math.max(1, made[1])};
    }

    private void memory(Ends ends) {
        alternate(
                1,
                List.of(
                        table.row("idle connection at the server, heap", "KiB", false),
                        table.row("idle connection at the client, heap", "KiB", false)),
                (who, round) -> {
                    try (Flow flow = Flow.start(ends, who, null)) {
                        flow.client.ask("hold " + Math.max(50, idle / 10));
                        long serverBefore = flow.server.numbers("memory")[0];
                        long clientBefore = flow.client.numbers("memory")[0];
                        flow.client.ask("hold " + idle);
                        sleep(1);
                        long server = flow.server.numbers("memory")[0] - serverBefore;
                        long client = flow.client.numbers("memory")[0] - clientBefore;
                        return new double[] {server / 1024.0 / idle, client / 1024.0 / idle};
                    }
                });
    }

    private void wires(Ends ends) {
        double[] trips = quick ? new double[] {20, 100} : new double[] {20, 100, 200};
        double[] losses = quick ? new double[] {0, 1} : new double[] {0, 0.1, 1, 2};
        for (double rtt : trips) {
            for (double loss : losses) {
                boolean named = rtt == 100 && loss == 1;
                String name =
                        String.format(
                                Locale.ROOT,
                                "wire of 100 Mbit/s, %.0f ms, %s %% lost",
                                rtt,
                                loss == (int) loss ? String.valueOf((int) loss) : loss);
                alternate(
                        named ? Math.min(3, rounds) : 1,
                        List.of(table.row(name, "Mbit/s", true)),
                        (who, round) -> {
                            try (Child wire = ends.wire(rtt, loss, MEGABITS, QUEUE_MILLIS, round);
                                    Flow flow = Flow.start(ends, who, wire)) {
                                flow.client.ask("run send " + messageBytes);
                                sleep(2 + rtt / 100);
                                Flow.Count before = flow.count();
                                sleep(wireSeconds);
                                return new double[] {flow.count().intoServer(before) * 8 / 1e6};
                            }
                        });
            }
        }
    }

    /** Two flows on one wire; what the weaker gets of both. */
    private void shares(Ends ends) {
        Table.Row alike = table.row("two flows on one wire, share of the weaker", "%", true);
        Table.Row used = table.row("two flows on one wire, the sum", "Mbit/s", true);
        alternate(
                rounds,
                List.of(alike, used),
                (who, round) -> {
                    double[] got = share(ends, who, who, round);
                    return new double[] {
                        100 * Math.min(got[0], got[1]) / (got[0] + got[1]), got[0] + got[1]
                    };
                });
        if (!original) {
            return;
        }
        Table.Row mixed = table.row("one flow of each on one wire, shares", "%", true);
        Table.Row sum = table.row("one flow of each on one wire", "Mbit/s", true);
        for (int round = 1; round <= rounds; round++) {
            try {
                double[] got = share(ends, Who.KEYHOLE, Who.ORIGINAL, round);
                mixed.add(Who.KEYHOLE, 100 * got[0] / (got[0] + got[1]));
                mixed.add(Who.ORIGINAL, 100 * got[1] / (got[0] + got[1]));
                sum.add(Who.KEYHOLE, got[0]);
                sum.add(Who.ORIGINAL, got[1]);
                System.err.printf(
                        Locale.ROOT,
                        "one flow of each, round %d: Keyhole %.1f, original %.1f Mbit/s%n",
                        round,
                        got[0],
                        got[1]);
            } catch (IOException e) {
                System.err.println("one flow of each failed: " + e.getMessage());
                mixed.failed(Who.KEYHOLE);
            }
        }
    }

    private double[] share(Ends ends, Who one, Who other, int round) throws IOException {
        try (Child wire = ends.wire(100, 0, MEGABITS, QUEUE_MILLIS, round);
                Flow first = Flow.start(ends, one, wire);
                Flow second = Flow.start(ends, other, wire)) {
            // Whoever begins first has the wire for itself, in one round this one, in the next
            // that.
            Flow earlier = round % 2 == 1 ? first : second;
            Flow later = round % 2 == 1 ? second : first;
            earlier.client.ask("run send " + messageBytes);
            sleep(1);
            later.client.ask("run send " + messageBytes);
            sleep(4);
            Flow.Count firstBefore = first.count();
            Flow.Count secondBefore = second.count();
            sleep(2 * wireSeconds);
            return new double[] {
                first.count().intoServer(firstBefore) * 8 / 1e6,
                second.count().intoServer(secondBefore) * 8 / 1e6
            };
        }
    }
}
