package dev.keyhole.cli;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A link as a pair of blocking streams, with back-pressure both ways. */
final class LinkStreams {

    /** What may wait for the reader before the peer is slowed down. */
    private static final int UNREAD_BYTES = 1 << 20;

    private static final int CHUNK_BYTES = 64 << 10;

    private final Link link;
    private final Object lock = new Object();
    private final Deque<Bytes> unread = new ArrayDeque<>();
    private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
    private int unreadBytes;
    private boolean paused;
    private boolean peerEnded;
    private boolean writable = true;
    private @Nullable CloseReason reason;

    LinkStreams(Link link) {
        this.link = link;
        link.loop().execute(() -> link.start(new Inbox()));
    }

    /** Completes when the link is gone, also by our own doing. */
    CompletableFuture<CloseReason> closed() {
        return closed;
    }

    /** Copies everything that comes in until the peer ends or goes away. */
    void copyTo(OutputStream out) throws IOException {
        Bytes chunk;
        while ((chunk = take()) != null) {
            out.write(chunk.array(), chunk.offset(), chunk.length());
            out.flush();
        }
    }

    /** Sends everything that the stream has, and then the end. */
    void copyFrom(InputStream in) throws IOException {
        byte[] buffer = new byte[CHUNK_BYTES];
        int length;
        while ((length = in.read(buffer)) >= 0) {
            if (length > 0 && !write(Bytes.copyOf(buffer, 0, length))) {
                return;
            }
        }
        end();
    }

    /**
     * Sends a chunk, and waits while the link takes none.
     *
     * @return whether the link was still there
     */
    boolean write(Bytes chunk) throws InterruptedIOException {
        synchronized (lock) {
            while (!writable && reason == null) {
                await();
            }
            if (reason != null) {
                return false;
            }
            writable = false;
        }
        onLoop(
                l -> {
                    boolean more = l.write(chunk);
                    synchronized (lock) {
                        writable |= more;
                        lock.notifyAll();
                    }
                });
        return true;
    }

    /** The next chunk; null when the peer has ended or is gone. */
    @Nullable Bytes take() throws InterruptedIOException {
        Bytes chunk;
        boolean resume;
        synchronized (lock) {
            while (unread.isEmpty() && !peerEnded && reason == null) {
                await();
            }
            chunk = unread.poll();
            if (chunk == null) {
                return null;
            }
            unreadBytes -= chunk.length();
            resume = paused && unreadBytes < UNREAD_BYTES / 2;
            paused &= !resume;
        }
        if (resume) {
            onLoop(Link::resume);
        }
        return chunk;
    }

    void end() {
        onLoop(Link::end);
    }

    void destroy() {
        onLoop(l -> l.destroy(new CloseReason.ByUs("closed")));
    }

    private void onLoop(Consumer<Link> action) {
        link.loop().execute(() -> action.accept(link));
    }

    @SuppressWarnings("WaitNotInLoop") // every caller is one
    private void await() throws InterruptedIOException {
        try {
            lock.wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the peer");
        }
    }

    /** Runs on the loop. */
    private final class Inbox implements Link.Receiver {

        @Override
        public void message(Bytes message) {
            synchronized (lock) {
                unread.add(message);
                unreadBytes += message.length();
                if (unreadBytes >= UNREAD_BYTES && !paused) {
                    paused = true;
                    link.pause();
                }
                lock.notifyAll();
            }
        }

        @Override
        public void writable() {
            synchronized (lock) {
                writable = true;
                lock.notifyAll();
            }
        }

        @Override
        public void ended() {
            synchronized (lock) {
                peerEnded = true;
                lock.notifyAll();
            }
        }

        @Override
        public void closed(CloseReason why) {
            synchronized (lock) {
                reason = why;
                lock.notifyAll();
            }
            closed.complete(why);
        }
    }
}
