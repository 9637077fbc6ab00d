package dev.keyhole.benchmark;

import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.ListenConfig;
import dev.keyhole.dht.Listener;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.Link;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keyhole at one end of a measurement, in a process of its own: {@code server BOOTSTRAP}, {@code
 * client BOOTSTRAP}, or {@code wire-server} and {@code wire-client} for a stream without a network.
 * The script {@code peer.mjs} is the original at the same work.
 *
 * <p>It is told what to do on standard input and answers each line with one.
 */
final class Peer {

    private static final int UNLIMITED = 1_000_000;

    private final Traffic.Totals totals = new Traffic.Totals();
    private final List<Traffic> held = new ArrayList<>();
    private final List<Connection> links = new ArrayList<>();
    private final @Nullable Dht dht;
    private final @Nullable WireEnd wire;
    private @Nullable PublicKey key;
    private @Nullable Traffic traffic;
    private @Nullable Link link;
    private long[] marks = new long[0];

    private Peer(@Nullable Dht dht, @Nullable WireEnd wire) {
        this.dht = dht;
        this.wire = wire;
    }

    public static void main(String[] args) throws Exception {
        Peer peer;
        if (args[0].startsWith("wire")) {
            boolean client = args[0].equals("wire-client");
            WireEnd end = new WireEnd(client);
            peer = new Peer(null, end);
            say("READY " + end.port() + " " + Integer.toUnsignedString(end.id()));
        } else {
            DhtConfig config =
                    DhtConfig.of(args[1]).withHost("127.0.0.1").withPort(0).withEphemeral(true);
            Dht dht = Dht.bind(config);
            dht.bootstrapped().block();
            peer = new Peer(dht, null);
            if (args[0].equals("server")) {
                say("READY " + peer.serve(dht));
            } else {
                say("READY");
            }
        }
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = in.readLine()) != null) {
            try {
                say(peer.answer(line.split(" ", -1)));
            } catch (RuntimeException e) {
                e.printStackTrace();
                say("FAILED " + e);
            }
        }
        System.exit(0);
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private String serve(Dht dht) {
        ListenConfig config =
                ListenConfig.of(Firewall.open())
                        .withMaxConnections(UNLIMITED)
                        .withMaxConnectionsPerKey(UNLIMITED);
        Listener listener = dht.listen(KeyPair.random(new SecureRandom()), config, this::accepted);
        listener.ready().block();
        return listener.publicKey().toString();
    }

    private void accepted(Connection connection) {
        Traffic accepted = Traffic.server(connection, totals);
        synchronized (held) {
            held.add(accepted);
            if (held.size() % 1024 == 0) {
                held.removeIf(Traffic::isClosed);
            }
        }
    }

    private Dht dht() {
        if (dht == null) {
            throw new IllegalStateException("no network");
        }
        return dht;
    }

    private PublicKey key() {
        if (key == null) {
            throw new IllegalStateException("no key");
        }
        return key;
    }

    private String answer(String[] words) {
        return switch (words[0]) {
            case "key" -> {
                key = PublicKey.ofHex(words[1]);
                yield "KEY";
            }
            case "join" -> join(words);
            case "run" -> run(String.join(" ", Arrays.asList(words).subList(1, words.length)));
            case "count" -> count();
            case "latency" -> latency();
            case "connects" -> connects(Integer.parseInt(words[1]), Long.parseLong(words[2]));
            case "hold" -> hold(Integer.parseInt(words[1]));
            case "mark" -> mark();
            case "shares" -> shares();
            case "spread" -> spread(Integer.parseInt(words[1]), words[2]);
            case "open" -> open();
            case "memory" -> memory();
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    /** Takes the other end of a wire, which there may be a way to. */
    private String join(String[] words) {
        WireEnd end = wire;
        if (end == null) {
            throw new IllegalStateException("no wire");
        }
        end.join(Integer.parseInt(words[1]), Integer.parseUnsignedInt(words[2]));
        CompletableFuture<Traffic> made = new CompletableFuture<>();
        boolean client = words[3].equals("client");
        CountDownLatch greeted = new CountDownLatch(client ? 1 : 0);
        end.loop()
                .execute(
                        () ->
                                made.complete(
                                        client
                                                ? Traffic.client(end, totals, greeted::countDown)
                                                : Traffic.server(end, totals)));
        link = end;
        traffic = made.join();
        await(greeted);
        return "JOINED";
    }

    /** Begins work over a connection of its own, or over the wire. */
    private String run(String work) {
        if (link == null) {
            CountDownLatch greeted = new CountDownLatch(1);
            CompletableFuture<Traffic> made = new CompletableFuture<>();
            dht().connect(key())
                    .subscribe(
                            connection -> {
                                link = connection;
                                made.complete(
                                        Traffic.client(connection, totals, greeted::countDown));
                            },
                            made::completeExceptionally);
            traffic = made.join();
            await(greeted);
        }
        Traffic to = traffic;
        Link over = link;
        if (to == null || over == null) {
            throw new IllegalStateException("not connected");
        }
        over.loop().execute(() -> to.begin(work));
        return "RUNS";
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String count() {
        return "COUNT " + System.nanoTime() + " " + totals.messages + " " + totals.bytes;
    }

    private String latency() {
        Traffic of = traffic;
        Link over = link;
        if (of == null || over == null) {
            throw new IllegalStateException("not connected");
        }
        CompletableFuture<int[]> taken = new CompletableFuture<>();
        over.loop().execute(() -> taken.complete(of.takeLatencies()));
        int[] sorted = taken.join();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0
                ? "LATENCY 0 0 0"
                : "LATENCY " + n + " " + sorted[n / 2] + " " + sorted[(int) (n * 0.99)];
    }

    /** Connects again and again for so long, so many at a time, each until the server's greeting. */
    private String connects(int parallel, long millis) {
        long begin = System.nanoTime();
        long until = begin + millis * 1_000_000;
        AtomicLong made = new AtomicLong();
        AtomicLong failed = new AtomicLong();
        CountDownLatch workers = new CountDownLatch(parallel);
        for (int i = 0; i < parallel; i++) {
            connectAgain(until, made, failed, workers);
        }
        await(workers);
        return "CONNECTS " + (System.nanoTime() - begin) + " " + made + " " + failed;
    }

    private void connectAgain(
            long until, AtomicLong made, AtomicLong failed, CountDownLatch workers) {
        if (System.nanoTime() >= until) {
            workers.countDown();
            return;
        }
        Runnable next = () -> connectAgain(until, made, failed, workers);
        dht().connect(key())
                .subscribe(
                        connection ->
                                Traffic.client(
                                        connection,
                                        totals,
                                        () -> {
                                            made.incrementAndGet();
                                            connection.close();
                                            next.run();
                                        }),
                        failure -> {
                            failed.incrementAndGet();
                            next.run();
                        });
    }

    /** Connects so many more times, and keeps the connections. */
    private String hold(int count) {
        CountDownLatch missing = new CountDownLatch(count);
        AtomicLong toStart = new AtomicLong(count);
        for (int i = 0; i < Math.min(16, count); i++) {
            holdNext(toStart, missing);
        }
        await(missing);
        synchronized (held) {
            return "HELD " + held.size();
        }
    }

    private void holdNext(AtomicLong toStart, CountDownLatch missing) {
        if (toStart.getAndDecrement() <= 0) {
            return;
        }
        dht().connect(key())
                .subscribe(
                        connection -> {
                            Traffic one =
                                    Traffic.client(
                                            connection,
                                            totals,
                                            () -> {
                                                missing.countDown();
                                                holdNext(toStart, missing);
                                            });
                            synchronized (held) {
                                held.add(one);
                                links.add(connection);
                            }
                        },
                        failure -> {
                            System.err.println(failure);
                            missing.countDown();
                            holdNext(toStart, missing);
                        });
    }

    /** Begins work on some of the connections that are held. */
    private String spread(int count, String bytes) {
        synchronized (held) {
            int step = Math.max(1, held.size() / count);
            for (int i = 0; i < count; i++) {
                Traffic one = held.get(i * step);
                links.get(i * step).loop().execute(() -> one.begin("send " + bytes));
            }
        }
        return "SPREAD " + count;
    }

    /** Notes how much each connection has received. */
    private String mark() {
        synchronized (held) {
            marks = held.stream().mapToLong(Traffic::received).toArray();
            return "MARK " + System.nanoTime() + " " + marks.length;
        }
    }

    /** What each connection that received anything since the mark received. */
    private String shares() {
        long[] shares;
        synchronized (held) {
            shares = new long[marks.length];
            for (int i = 0; i < shares.length; i++) {
                shares[i] = held.get(i).received() - marks[i];
            }
        }
        long now = System.nanoTime();
        long[] busy = Arrays.stream(shares).filter(share -> share > 0).sorted().toArray();
        int n = busy.length;
        return n == 0
                ? "SHARES " + now + " 0 0 0 0 0"
                : String.format(
                        "SHARES %d %d %d %d %d %d",
                        now, n, busy[0], busy[n / 2], busy[n - 1], Arrays.stream(busy).sum());
    }

    private String open() {
        synchronized (held) {
            return "OPEN " + held.stream().filter(one -> !one.isClosed()).count();
        }
    }

    /** The live heap, and what the process takes up. */
    private static String memory() {
        long live = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            live =
                    Math.min(
                            live,
                            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return "MEMORY " + live + " " + residentBytes();
    }

    private static long residentBytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmRSS"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
