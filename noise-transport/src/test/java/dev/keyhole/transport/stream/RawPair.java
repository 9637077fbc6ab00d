package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;

/** Two connected UDX streams on a network that carries everything at once, when told to. */
final class RawPair {

    private static final long PATIENCE_NANOS = MILLISECONDS.toNanos(200);

    final Side left = new Side(1, 10_001);
    final Side right = new Side(2, 10_002);
    long now;

    /** Connects both sides. */
    void connect() {
        left.raw.connect(left.socket, right.socket.local(), right.raw.localId(), now);
        right.raw.connect(right.socket, left.socket.local(), left.raw.localId(), now);
    }

    /** Carries datagrams, and waits for paced ones, until there are none for a while. */
    void pump() {
        while (true) {
            boolean more = left.drainTo(right);
            more |= right.drainTo(left);
            long deadline = Math.min(left.streams.deadlineNanos(), right.streams.deadlineNanos());
            if (!more && deadline > now + PATIENCE_NANOS) {
                return;
            }
            if (!more) {
                now = Math.max(now, deadline);
                left.streams.expire(now);
                right.streams.expire(now);
            }
        }
    }

    /** One host. What its raw stream says goes to {@link #listener}. */
    final class Side implements Effects {

        final LocalSocket socket;
        final StreamMultiplexer streams;
        final UdxStream raw;
        UdxStream.Listener listener;
        long sentCount;
        private final Queue<Bytes> sent = new ArrayDeque<>();

        Side(long seed, int port) {
            socket = new LocalSocket(port, Address.loopback(port));
            streams = new StreamMultiplexer(new Random(seed));
            raw = streams.open(new Forwarder());
        }

        Bytes firstSent() {
            return sent.element();
        }

        private boolean drainTo(Side other) {
            streams.drain(this, now);
            boolean any = !sent.isEmpty();
            for (Bytes datagram = sent.poll(); datagram != null; datagram = sent.poll()) {
                other.streams.receive(new Datagram(other.socket, socket.local(), datagram), now);
            }
            return any;
        }

        @Override
        public void send(LocalSocket from, Address destination, Bytes payload) {
            sent.add(payload);
            sentCount++;
        }

        @Override
        public void open(int request) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close(LocalSocket closed) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void deliver(Runnable notice) {
            throw new UnsupportedOperationException();
        }

        private final class Forwarder implements UdxStream.Listener {
            @Override
            public void data(Bytes data, long nowNanos) {
                listener.data(data, nowNanos);
            }

            @Override
            public void message(Bytes message, long nowNanos) {
                listener.message(message, nowNanos);
            }

            @Override
            public void ended(long nowNanos) {
                listener.ended(nowNanos);
            }

            @Override
            public void writable(long nowNanos) {
                listener.writable(nowNanos);
            }

            @Override
            public void closed(CloseReason reason, long nowNanos) {
                listener.closed(reason, nowNanos);
            }
        }
    }

    /** A side without encryption: remembers what comes. */
    static final class Plain implements UdxStream.Listener {

        Bytes received = Bytes.EMPTY;
        Bytes lastMessage;
        boolean ended;
        CloseReason closed;

        @Override
        public void data(Bytes data, long nowNanos) {
            received = Bytes.concat(received, data);
        }

        @Override
        public void message(Bytes message, long nowNanos) {
            lastMessage = message;
        }

        @Override
        public void ended(long nowNanos) {
            ended = true;
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            closed = reason;
        }
    }
}
