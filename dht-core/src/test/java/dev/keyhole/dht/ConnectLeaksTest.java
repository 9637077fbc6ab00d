package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.wire.Bytes;
import java.io.File;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Connects over and over between real nodes on loopback, and looks at what stays behind.
 *
 * <p>Measured are live heap after a collection, open files (sockets among them), threads, and what
 * both nodes hold: streams, attempts, requests, timers, punch sockets and stored entries.
 */
class ConnectLeaksTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Bytes MESSAGE = Bytes.random(new Random(1), 4096);

    /** Handshakes are remembered for ten seconds, streams for fourteen. */
    private static final Duration SETTLED = Duration.ofSeconds(20);

    @Test
    void connectionsThatAreOverLeaveNothingOpen() {
        try (Bench bench = new Bench()) {
            bench.connects(20, Duration.ZERO);
            Footprint first = bench.footprint();

            bench.connects(80, Duration.ZERO);

            Footprint last = bench.footprint();
            assertThat(last.attempts).isZero();
            assertThat(last.threads).isLessThanOrEqualTo(first.threads);
            assertThat(last.files).isLessThanOrEqualTo(first.files + 2);
        }
    }

    /** {@code mvn -Psoak test -Dtest=ConnectLeaksTest -Dsoak.minutes=30}. */
    @Test
    @Tag("soak")
    void aConnectASecondForHalfAnHourLeaksNothing() {
        int minutes = Integer.getInteger("soak.minutes", 30);
        List<Footprint> footprints = new ArrayList<>();
        try (Bench bench = new Bench()) {
            System.out.println(Footprint.HEADING);
            for (int minute = 1; minute <= minutes; minute++) {
                bench.connects(60, Duration.ofSeconds(1));
                footprints.add(bench.footprint());
                System.out.println(footprints.get(minute - 1).row(minute));
            }
            Mono.delay(SETTLED).block();
            Footprint settled = bench.footprint();
            System.out.println(settled.row(minutes));

            Footprint early = footprints.get(Math.min(2, minutes - 1));
            assertThat(settled.streams).isZero();
            assertThat(settled.attempts).isZero();
            assertThat(settled.punchSockets).isZero();
            assertThat(settled.files).isLessThanOrEqualTo(early.files);
            assertThat(settled.threads).isLessThanOrEqualTo(early.threads);
            assertThat(settled.stored).isLessThanOrEqualTo(early.stored);
            assertThat(settled.timers).isLessThanOrEqualTo(early.timers);
            int third = (minutes + 2) / 3;
            assertThat(leastHeap(footprints.subList(minutes - third, minutes)))
                    .isLessThan(leastHeap(footprints.subList(0, third)) + (512 << 10));
        }
    }

    /** Each measurement finds some of the last seconds' work on top of what stays. */
    private static long leastHeap(List<Footprint> footprints) {
        return footprints.stream().mapToLong(Footprint::heapBytes).min().orElseThrow();
    }

    /** What there is at one time. */
    private record Footprint(
            long heapBytes,
            int files,
            int threads,
            int streams,
            int attempts,
            int requests,
            int timers,
            int punchSockets,
            int stored) {

        private static final String HEADING =
                "minute  heap KiB  files  threads  streams  attempts  requests  timers"
                        + "  punch sockets  stored";

        private String row(int minute) {
            return String.format(
                    "%6d  %8d  %5d  %7d  %7d  %8d  %8d  %6d  %13d  %6d",
                    minute,
                    heapBytes >> 10,
                    files,
                    threads,
                    streams,
                    attempts,
                    requests,
                    timers,
                    punchSockets,
                    stored);
        }
    }

    /** A network, a server and a client. */
    private static final class Bench implements AutoCloseable {

        private final Testnet testnet = Testnet.start(5);
        private final Dht server = Dht.bind(testnet.config());
        private final Dht client = Dht.bind(testnet.config());
        private final Listener listener =
                server.listen(
                        KeyPair.random(new SecureRandom()),
                        ListenConfig.of(Firewall.open()),
                        Echo::serve);

        private Bench() {
            listener.ready().block(LIMIT);
        }

        private void connects(int count, Duration pause) {
            for (int i = 0; i < count; i++) {
                long began = System.nanoTime();
                Connection connection = client.connect(listener.publicKey()).block(LIMIT);
                assertThat(Echo.ask(connection, MESSAGE).block(LIMIT)).isEqualTo(MESSAGE);
                connection.closed().block(LIMIT);
                Duration left = pause.minusNanos(System.nanoTime() - began);
                if (!left.isNegative() && !left.isZero()) {
                    Mono.delay(left).block();
                }
            }
        }

        private Footprint footprint() {
            Integer[] inside =
                    Flux.just(server, client)
                            .concatMap(this::count)
                            .reduce(ConnectLeaksTest::sum)
                            .block(LIMIT);
            return new Footprint(
                    liveHeap(),
                    openFiles(),
                    Thread.activeCount(),
                    inside[0],
                    inside[1],
                    inside[2],
                    inside[3],
                    inside[4],
                    inside[5]);
        }

        private Mono<Integer[]> count(Dht dht) {
            return Mono.create(
                    sink ->
                            dht.command(
                                    now ->
                                            sink.success(
                                                    new Integer[] {
                                                        dht.node().openStreams(),
                                                        dht.node().connecting(),
                                                        dht.node().rpc().requestsInFlight(),
                                                        dht.node().timers(),
                                                        dht.node().punchSockets(),
                                                        dht.node().rpc().storedEntries()
                                                    })));
        }

        @Override
        public void close() {
            client.close();
            server.close();
            testnet.close();
        }
    }

    private static Integer[] sum(Integer[] a, Integer[] b) {
        Integer[] sums = new Integer[a.length];
        for (int i = 0; i < a.length; i++) {
            sums[i] = a[i] + b[i];
        }
        return sums;
    }

    private static long liveHeap() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Open file descriptors, where the system tells. */
    private static int openFiles() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }
}
