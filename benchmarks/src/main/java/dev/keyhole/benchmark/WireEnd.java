package dev.keyhole.benchmark;

import static java.util.Objects.requireNonNull;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.EncryptedStream;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.net.BindException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One encrypted stream without a network around it: whoever starts it says where its other end is,
 * which may be a wire. The keys are no secret.
 */
final class WireEnd extends StreamsMachine implements EncryptedStream.Listener, Link {

    private final UdpLoop loop = UdpLoop.open("wire-end");
    private final LocalSocket socket;
    private final UdxStream raw;
    private final EncryptedStream stream;
    private final Session session;
    private final Queue<Consumer<Receiver>> events = new ArrayDeque<>();
    private @Nullable Receiver receiver;

    WireEnd(boolean client) throws BindException, HandshakeException {
        this.socket = loop.bind(Address.loopback(0));
        this.session = session(client);
        Inlet inlet = new Inlet();
        this.raw = streams.open(inlet);
        this.stream = new EncryptedStream(session, raw, this, new Random(), 0);
        inlet.stream = stream;
        loop.start(this, Throwable::printStackTrace);
    }

    int port() {
        return socket.local().port();
    }

    int id() {
        return raw.localId();
    }

    void join(int port, int remoteId) {
        loop.command(now -> raw.connect(socket, Address.loopback(port), remoteId, now));
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

    // As an application sees it.

    @Override
    public PublicKey localPublicKey() {
        return session.localPublicKey();
    }

    @Override
    public PublicKey remotePublicKey() {
        return session.remotePublicKey();
    }

    @Override
    public Executor loop() {
        return loop.executor();
    }

    @Override
    public void start(Receiver newReceiver) {
        receiver = newReceiver;
    }

    @Override
    public boolean write(Bytes message) {
        return stream.write(message, loop.nowNanos());
    }

    @Override
    public void pause() {
        stream.pause(loop.nowNanos());
    }

    @Override
    public void resume() {
        stream.resume(loop.nowNanos());
    }

    @Override
    public void end() {
        stream.end(loop.nowNanos());
    }

    @Override
    public void destroy(CloseReason reason) {
        stream.destroy(reason, loop.nowNanos());
    }

    // As the machines see it.

    @Override
    public void verified(long nowNanos) {}

    @Override
    public void message(Bytes bytes, long nowNanos) {
        events.add(reader -> reader.message(bytes));
    }

    @Override
    public void ended(long nowNanos) {
        events.add(Receiver::ended);
    }

    @Override
    public void writable(long nowNanos) {
        events.add(Receiver::writable);
    }

    @Override
    public void closed(CloseReason reason, long nowNanos) {
        events.add(reader -> reader.closed(reason));
    }

    private void tell() {
        Consumer<Receiver> event;
        while (receiver != null && (event = events.poll()) != null) {
            event.accept(receiver);
        }
    }

    @Override
    public void expire(long nowNanos) {
        super.expire(nowNanos);
        stream.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        super.drain(effects, nowNanos);
        if (!events.isEmpty()) {
            effects.deliver(this::tell);
        }
    }

    @Override
    public long deadlineNanos() {
        return Math.min(super.deadlineNanos(), stream.deadlineNanos());
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
