package dev.keyhole.dht.mux;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** One end of a link in memory, which keeps a copy of everything that was written to it. */
public final class MemoryLink implements Link {

    private final PublicKey local;
    private final PublicKey remote;
    public final List<Bytes> written = new ArrayList<>();
    private final Queue<Bytes> underWay = new ArrayDeque<>();
    private @Nullable MemoryLink other;
    private @Nullable Receiver receiver;
    public boolean full;
    public boolean paused;
    public boolean ended;
    public @Nullable CloseReason reason;
    private boolean told;

    private MemoryLink(PublicKey local, PublicKey remote) {
        this.local = local;
        this.remote = remote;
    }

    /** Two ends between two keys. */
    public static MemoryLink[] between(PublicKey first, PublicKey second) {
        MemoryLink a = new MemoryLink(first, second);
        MemoryLink b = new MemoryLink(second, first);
        a.other = b;
        b.other = a;
        return new MemoryLink[] {a, b};
    }

    public static MemoryLink[] pair() {
        return between(key(1), key(2));
    }

    public static PublicKey key(int seed) {
        return KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), 32))).publicKey();
    }

    /** Delivers what is under way between the two, until nothing is. */
    public void pump() {
        boolean busy = true;
        while (busy) {
            busy = deliver();
            busy |= other.deliver();
        }
    }

    private boolean deliver() {
        boolean any = false;
        Bytes frame;
        while (!other.paused
                && other.receiver != null
                && other.reason == null
                && (frame = underWay.poll()) != null) {
            other.receiver.message(frame);
            any = true;
        }
        if (receiver != null && reason != null && !told) {
            told = true;
            receiver.closed(reason);
            any = true;
        }
        return any;
    }

    /** Has the other side see a frame that nobody wrote. */
    public void forge(Bytes frame) {
        underWay.add(frame);
        pump();
    }

    /** Says that the link takes more. */
    public void becomeWritable() {
        full = false;
        receiver.writable();
    }

    @Override
    public PublicKey localPublicKey() {
        return local;
    }

    @Override
    public PublicKey remotePublicKey() {
        return remote;
    }

    @Override
    public Executor loop() {
        return Runnable::run;
    }

    @Override
    public void start(Receiver newReceiver) {
        receiver = newReceiver;
    }

    @Override
    public boolean write(Bytes message) {
        written.add(message);
        underWay.add(message);
        return !full;
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
    }

    @Override
    public void end() {
        if (!ended) {
            ended = true;
            if (other.ended) {
                destroy(new CloseReason.Ended());
            } else if (other.receiver != null) {
                pump();
                other.receiver.ended();
            }
        }
    }

    @Override
    public void destroy(CloseReason why) {
        if (reason == null) {
            reason = why;
        }
        if (other.reason == null) {
            other.reason = new CloseReason.ByPeer();
        }
    }
}
