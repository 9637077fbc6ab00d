package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a connection holds while nothing happens on it. */
class IdleMemoryTest {

    private static final int CONNECTIONS = 250;
    private static final long MAX_BYTES_EACH = 8 * 1024;

    private final Host left = new Host(1, 10_001);
    private final Host right = new Host(2, 10_002);
    private long now;

    @Test
    void aConnectionThatHasNothingToDoTakesLittleMemory() {
        connect();
        long before = liveBytes();

        for (int i = 0; i < CONNECTIONS; i++) {
            connect();
        }
        run(SECONDS.toNanos(12));

        assertThat((liveBytes() - before) / (2 * CONNECTIONS)).isLessThan(MAX_BYTES_EACH);
        assertThat(left.streams).hasSize(CONNECTIONS + 1).allMatch(EncryptedStream::isVerified);
    }

    @Test
    void aConnectionThatWasBusyLetsGoOfWhatThatTook() {
        connect();
        long before = liveBytes();

        for (int i = 0; i < CONNECTIONS; i++) {
            connect();
        }
        Bytes message = Bytes.wrap(new byte[60_000]);
        left.streams.forEach(stream -> stream.write(message, now));
        right.streams.forEach(stream -> stream.write(message, now));
        run(SECONDS.toNanos(12));

        assertThat(left.received).isEqualTo((CONNECTIONS + 1) * 60_000L);
        assertThat(right.received).isEqualTo(left.received);
        assertThat((liveBytes() - before) / (2 * CONNECTIONS)).isLessThan(MAX_BYTES_EACH);
    }

    private void connect() {
        Sessions sessions = Sessions.of(left.streams.size());
        UdxStream one = left.open(sessions.initiator());
        UdxStream other = right.open(sessions.responder());
        one.connect(left.socket, right.socket.local(), other.localId(), now);
        other.connect(right.socket, left.socket.local(), one.localId(), now);
    }

    /** Carries everything at once, for so long. */
    private void run(long nanos) {
        long until = now + nanos;
        while (now < until) {
            while (left.carryTo(right) || right.carryTo(left)) {
                // until both are silent
            }
            now = Math.min(until, Math.max(now + 1, Math.min(left.deadline(), right.deadline())));
            left.expire();
            right.expire();
        }
    }

    private static long liveBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            least = Math.min(least, used);
        }
        return least;
    }

    /** One end of all connections. */
    private final class Host implements Effects {

        private final LocalSocket socket;
        private final StreamMultiplexer multiplexer;
        private final List<EncryptedStream> streams = new ArrayList<>();
        private final Queue<Bytes> sent = new ArrayDeque<>();
        private final Random entropy;
        private long received;

        private Host(long seed, int port) {
            socket = new LocalSocket(port, Address.loopback(port));
            entropy = new Random(seed);
            multiplexer = new StreamMultiplexer(entropy);
        }

        private UdxStream open(Session session) {
            Inlet inlet = new Inlet();
            UdxStream raw = multiplexer.open(inlet);
            inlet.stream = new EncryptedStream(session, raw, inlet, entropy, now);
            streams.add(inlet.stream);
            return raw;
        }

        private boolean carryTo(Host other) {
            multiplexer.drain(this, now);
            boolean any = !sent.isEmpty();
            for (Bytes datagram = sent.poll(); datagram != null; datagram = sent.poll()) {
                other.multiplexer.receive(
                        new Datagram(other.socket, socket.local(), datagram), now);
            }
            return any;
        }

        private long deadline() {
            long next = multiplexer.deadlineNanos();
            for (EncryptedStream stream : streams) {
                next = Math.min(next, stream.deadlineNanos());
            }
            return next;
        }

        private void expire() {
            multiplexer.expire(now);
            streams.forEach(stream -> stream.expire(now));
        }

        @Override
        public void send(LocalSocket from, Address destination, Bytes payload) {
            sent.add(payload);
        }

        @Override
        public void open(int request) {
            throw new IllegalStateException("nobody needs a socket");
        }

        @Override
        public void close(LocalSocket closed) {
            throw new IllegalStateException("nobody closes a socket");
        }

        @Override
        public void deliver(Runnable notice) {
            throw new IllegalStateException("there is no application");
        }

        /** Connects a raw stream with the encrypted one above it, and counts what that says. */
        private final class Inlet implements UdxStream.Listener, EncryptedStream.Listener {

            private EncryptedStream stream;

            @Override
            public void data(Bytes data, long nowNanos) {
                stream.data(data, nowNanos);
            }

            @Override
            public void heard(LocalSocket from, Address source, long nowNanos) {}

            @Override
            public void message(Bytes message, long nowNanos) {
                received += message.length();
            }

            @Override
            public void verified(long nowNanos) {}

            @Override
            public void ended(long nowNanos) {}

            @Override
            public void writable(long nowNanos) {}

            @Override
            public void closed(CloseReason reason, long nowNanos) {
                throw new IllegalStateException(reason.text());
            }
        }
    }
}
