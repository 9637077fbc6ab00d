package dev.keyhole.benchmark;

import static java.util.Objects.requireNonNull;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.EncryptedStream;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One end of a transfer, in a process of its own: {@code send|receive WARM_UP_BYTES BYTES
 * MESSAGE_BYTES}.
 *
 * <p>Prints the port and the stream id it can be reached at, and reads those of the other end. Once
 * everything has moved it prints how many nanoseconds that took after the warm-up, and how much
 * processor time. The keys are no secret.
 */
final class BulkPeer implements Machine, EncryptedStream.Listener {

    private final boolean sending;
    private final long warmUp;
    private final long total;
    private final Bytes message;
    private final UdpLoop loop = UdpLoop.open("bulk");
    private final LocalSocket socket;
    private final StreamMultiplexer streams = new StreamMultiplexer(new Random());
    private final UdxStream raw;
    private final EncryptedStream stream;
    private final CountDownLatch done = new CountDownLatch(1);
    private long moved;
    private long firstNanos;
    private long processorAtFirst;
    private long lastNanos;

    private BulkPeer(boolean sending, long warmUp, long bytes, int messageBytes)
            throws BindException, HandshakeException {
        this.sending = sending;
        this.warmUp = warmUp;
        this.total = warmUp + bytes;
        this.message = Bytes.random(new Random(1), messageBytes);
        this.socket = loop.bind(Address.loopback(0));
        Inlet inlet = new Inlet();
        this.raw = streams.open(inlet);
        this.stream = new EncryptedStream(session(sending), raw, this, new Random(), 0);
        inlet.stream = stream;
    }

    public static void main(String[] args) throws Exception {
        boolean sending = args[0].equals("send");
        BulkPeer peer =
                new BulkPeer(
                        sending,
                        Long.parseLong(args[1]),
                        Long.parseLong(args[2]),
                        Integer.parseInt(args[3]));
        peer.loop.start(peer, Throwable::printStackTrace);
        System.out.println(
                peer.socket.local().port() + " " + Integer.toUnsignedString(peer.raw.localId()));
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String[] other = String.valueOf(in.readLine()).split(" ");
        Address remote = Address.loopback(Integer.parseInt(other[0]));
        peer.loop.command(now -> peer.begin(remote, Integer.parseUnsignedInt(other[1]), now));
        peer.done.await();
        long processor = Bulk.processorNanos() - peer.processorAtFirst;
        System.out.println((peer.lastNanos - peer.firstNanos) + " " + processor);
        in.readLine(); // the other end may still need our acks
        System.exit(0);
    }

    /** Both ends make the same handshake out of the same numbers. */
    private static Session session(boolean initiator) throws HandshakeException {
        Random random = new Random(7);
        KeyPair a = KeyPair.fromSeed(Seed.of(Bytes.random(random, Seed.LENGTH)));
        KeyPair b = KeyPair.fromSeed(Seed.of(Bytes.random(random, Seed.LENGTH)));
        IkInitiator asking = IkInitiator.write(a, b.publicKey(), Bytes.EMPTY, Bytes.EMPTY, random);
        var answer = IkResponder.read(b, Bytes.EMPTY, asking.message()).reply(Bytes.EMPTY, random);
        return initiator ? asking.read(answer.message()).session() : answer.session();
    }

    private void begin(Address remote, int remoteId, long now) {
        raw.connect(socket, remote, remoteId, now);
        if (sending) {
            writable(now);
        }
    }

    @Override
    public void verified(long nowNanos) {}

    @Override
    public void message(Bytes bytes, long nowNanos) {
        if (sending) {
            lastNanos = nowNanos;
            done.countDown();
            return;
        }
        moved(bytes.length(), nowNanos);
        if (moved >= total) {
            lastNanos = nowNanos;
            stream.write(Bytes.utf8("all here"), nowNanos);
            done.countDown();
        }
    }

    private void moved(int bytes, long nowNanos) {
        moved += bytes;
        if (firstNanos == 0 && moved >= warmUp) {
            firstNanos = nowNanos;
            processorAtFirst = Bulk.processorNanos();
        }
    }

    @Override
    public void ended(long nowNanos) {}

    @Override
    public void writable(long nowNanos) {
        while (moved < total) {
            moved(message.length(), nowNanos);
            if (!stream.write(message, nowNanos)) {
                return;
            }
        }
    }

    @Override
    public void closed(CloseReason reason, long nowNanos) {
        System.err.println(reason.text());
        System.exit(1);
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        streams.receive(datagram, nowNanos);
    }

    @Override
    public void opened(int request, LocalSocket opened, long nowNanos) {
        throw new IllegalStateException("nobody asked for a socket");
    }

    @Override
    public void openFailed(int request, String why, long nowNanos) {
        throw new IllegalStateException("nobody asked for a socket");
    }

    @Override
    public void expire(long nowNanos) {
        streams.expire(nowNanos);
        stream.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        streams.drain(effects, nowNanos);
    }

    @Override
    public long deadlineNanos() {
        return Math.min(streams.deadlineNanos(), stream.deadlineNanos());
    }

    /** Passes on what the raw stream says, once there is somebody to hear it. */
    private static final class Inlet implements UdxStream.Listener {

        private @Nullable EncryptedStream stream;

        private EncryptedStream to() {
            return requireNonNull(stream);
        }

        @Override
        public void data(Bytes data, long nowNanos) {
            to().data(data, nowNanos);
        }

        @Override
        public void ended(long nowNanos) {
            to().ended(nowNanos);
        }

        @Override
        public void writable(long nowNanos) {
            to().writable(nowNanos);
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            to().closed(reason, nowNanos);
        }
    }
}
