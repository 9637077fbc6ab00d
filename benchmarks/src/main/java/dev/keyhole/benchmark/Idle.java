package dev.keyhole.benchmark;

import dev.keyhole.dht.Testnet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Thousands of idle connections in a virtual machine with a small heap, and then traffic on many of
 * them at once: what a connection holds, and whether all get their share.
 *
 * <p>The clients live in another virtual machine with as small a heap.
 */
final class Idle {

    private static final long SLICE_MILLIS = 1000;

    private int connections = 10_000;
    private int busy = 1000;
    private int heapMegabytes = 512;
    private int seconds = 30;
    private String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    public static void main(String[] args) throws Exception {
        Idle idle = new Idle();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--connections" -> idle.connections = Integer.parseInt(args[++i]);
                case "--busy" -> idle.busy = Integer.parseInt(args[++i]);
                case "--heap" -> idle.heapMegabytes = Integer.parseInt(args[++i]);
                case "--seconds" -> idle.seconds = Integer.parseInt(args[++i]);
                case "--java" -> idle.java = args[++i];
                default -> {
                    System.err.println("unknown option " + args[i]);
                    System.exit(2);
                }
            }
        }
        idle.run();
        System.exit(0);
    }

    private void run() throws IOException, InterruptedException {
        List<String> options = List.of("-Xmx" + heapMegabytes + "m");
        try (Testnet testnet = Testnet.start(6)) {
            String bootstrap = testnet.bootstrap().get(0);
            Ends ends = new Ends(java, options, Path.of(""), Path.of(""), bootstrap);
            try (Flow flow = Flow.start(ends, Ends.Who.KEYHOLE, null)) {
                flow.client.ask("hold " + Math.min(500, connections));
                long server = flow.server.numbers("memory")[0];
                long client = flow.client.numbers("memory")[0];
                long begin = System.nanoTime();
                int held = Math.min(500, connections);
                int warm = held;
                while (held < connections) {
                    int more = Math.min(1000, connections - held);
                    flow.client.ask("hold " + more);
                    held += more;
                }
                double took = (System.nanoTime() - begin) / 1e9;
                Thread.sleep(2000);
                print("%,d connections, made in %.1f s%n", held, took);
                print(
                        "live heap for each: %.1f KiB at the server, %.1f KiB at the client%n",
                        kib(flow.server.numbers("memory")[0] - server, held - warm),
                        kib(flow.client.numbers("memory")[0] - client, held - warm));

                flow.client.ask("spread " + busy + " 16384");
                Thread.sleep(15_000); // rates settle slowly among so many
                long[] mark = flow.server.numbers("mark");
                Thread.sleep(SLICE_MILLIS * seconds);
                long[] shares = flow.server.numbers("shares");
                double between = (shares[0] - mark[0]) / 1e9;
                print(
                        "%,d of them busy for %.1f s: %.1f MB/s in all; each got %.2f MB in the"
                                + " median, the least %.2f, the most %.2f%n",
                        shares[1],
                        between,
                        shares[5] / 1e6 / between,
                        shares[3] / 1e6,
                        shares[2] / 1e6,
                        shares[4] / 1e6);
                print(
                        "the slowest got %.2f of the median%n",
                        shares[1] < busy ? 0.0 : (double) shares[2] / shares[3]);
                print("still open: %s%n", flow.client.ask("open")[1]);
            }
        }
    }

    private static double kib(long bytes, int connections) {
        return bytes / 1024.0 / Math.max(1, connections);
    }

    private static void print(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format, arguments);
    }
}
