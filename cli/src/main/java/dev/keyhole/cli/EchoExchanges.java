package dev.keyhole.cli;

import dev.keyhole.dht.Connection;
import dev.keyhole.dht.DhtException;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** Sends a payload over each of a number of connections and checks that the same comes back. */
final class EchoExchanges {

    private static final int CHUNK_BYTES = 32 << 10;

    private final Supplier<Mono<Connection>> connections;
    private final Work work;
    private final InteropEndpointCommand.Lines lines;
    private final AtomicInteger oks = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();

    EchoExchanges(
            Supplier<Mono<Connection>> connections, Work work, InteropEndpointCommand.Lines lines) {
        this.connections = connections;
        this.work = work;
        this.lines = lines;
    }

    /**
     * What each connection does.
     *
     * @param halfClose end our side before the echo is in
     * @param hold keep the connection until the peer ends it
     */
    record Work(int bytes, int payloadSeed, boolean halfClose, boolean hold) {}

    /** Does so many exchanges, so many at a time; says whether all went well. */
    boolean run(int count, int concurrency) throws InterruptedException {
        long begin = System.nanoTime();
        ExecutorService workers = Executors.newFixedThreadPool(Math.max(1, concurrency));
        for (int i = 0; i < count; i++) {
            workers.execute(this::exchange);
        }
        workers.shutdown();
        boolean done = workers.awaitTermination(1, TimeUnit.DAYS);
        lines.print("DONE " + oks + " " + failures + " " + millisSince(begin));
        return done && failures.get() == 0;
    }

    private void exchange() {
        long asked = System.nanoTime();
        try {
            Connection connection = connections.get().block();
            if (connection == null) {
                throw new Failed("ERROR", "no connection");
            }
            long opened = System.nanoTime();
            lines.print("OPEN " + millisSince(asked));
            LinkStreams streams = new LinkStreams(connection);
            String hash = echoed(streams);
            oks.incrementAndGet();
            lines.print("OK " + hash + " " + millisSince(opened));
            finish(streams);
        } catch (DhtException e) {
            failed(e.code(), asked, Failures.text(e));
        } catch (Failed e) {
            failed(e.code, asked, Failures.text(e));
        } catch (InterruptedIOException | RuntimeException e) {
            failed("ERROR", asked, Failures.text(e));
        }
    }

    private String echoed(LinkStreams streams) throws InterruptedIOException {
        Thread writer = new Thread(() -> send(streams), "keyhole-echo-writer");
        writer.setDaemon(true);
        writer.start();
        Payload expected = new Payload(work.payloadSeed());
        MessageDigest digest = sha256();
        int received = 0;
        while (received < work.bytes()) {
            Bytes chunk = streams.take();
            if (chunk == null) {
                throw ended(streams, received);
            }
            if (!chunk.equals(expected.next(chunk.length()))) {
                streams.destroy();
                throw new Failed(
                        "ECHO_DIFFERS", "within " + chunk.length() + " bytes from " + received);
            }
            digest.update(chunk.array(), chunk.offset(), chunk.length());
            received += chunk.length();
        }
        return Bytes.wrap(digest.digest()).toHex();
    }

    private Failed ended(LinkStreams streams, int received) {
        String text = received + " of " + work.bytes() + " bytes came back";
        if (!streams.closed().isDone()) {
            streams.end();
        }
        CloseReason reason = streams.closed().join();
        boolean orderly = reason.code().equals("-");
        return new Failed(orderly ? "ECHO_SHORT" : reason.code(), text);
    }

    private void send(LinkStreams streams) {
        Payload payload = new Payload(work.payloadSeed());
        try {
            for (int left = work.bytes(); left > 0; left -= CHUNK_BYTES) {
                if (!streams.write(payload.next(Math.min(left, CHUNK_BYTES)))) {
                    return;
                }
            }
            if (work.halfClose()) {
                streams.end();
            }
        } catch (InterruptedIOException e) {
            streams.destroy();
        }
    }

    private void finish(LinkStreams streams) {
        if (work.hold()) {
            lines.print("HELD");
            lines.print("CLOSE " + streams.closed().join().code());
        } else {
            streams.end();
            streams.closed().join();
        }
    }

    private void failed(String code, long asked, String text) {
        failures.incrementAndGet();
        lines.print("ERR " + code + " " + millisSince(asked) + " " + text);
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** An echo that was not one. */
    private static final class Failed extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final String code;

        Failed(String code, String text) {
            super(text);
            this.code = code;
        }
    }
}
