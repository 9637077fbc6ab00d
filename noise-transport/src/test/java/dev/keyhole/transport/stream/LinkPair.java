package dev.keyhole.transport.stream;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Two links that are connected to each other, in memory.
 *
 * <p>{@link #stepped} links live on a loop that moves only when {@link #run} or {@link #step} is
 * called; {@link #threaded} links live on a thread of their own. Both refuse to be used off their
 * loop. The test may cut them, hold back what is on its way, and tear messages apart.
 */
public final class LinkPair implements AutoCloseable {

    /** What may be on its way in one direction before the writer is told to wait. */
    public static final int DEFAULT_WINDOW_BYTES = 256 << 10;

    private final End left;
    private final End right;
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final ExecutorService thread;
    private final Random cuts;

    private volatile Thread runner;
    private volatile int windowBytes = DEFAULT_WINDOW_BYTES;
    private volatile boolean held;

    private LinkPair(PublicKey leftKey, PublicKey rightKey, boolean threaded, Random cuts) {
        left = new End(leftKey, rightKey);
        right = new End(rightKey, leftKey);
        left.peer = right;
        right.peer = left;
        this.cuts = cuts;
        thread = threaded ? Executors.newSingleThreadExecutor(LinkPair::daemon) : null;
    }

    /** Links between keys drawn from the seed, which move only when told to. */
    public static LinkPair stepped(long seed) {
        Random random = new Random(seed);
        return new LinkPair(key(random), key(random), false, null);
    }

    /** The same, with every message torn into pieces of random lengths. */
    public static LinkPair steppedWithCuts(long seed) {
        Random random = new Random(seed);
        return new LinkPair(key(random), key(random), false, random);
    }

    /** Links with a thread of their own. */
    public static LinkPair threaded(long seed) {
        Random random = new Random(seed);
        return threaded(key(random), key(random));
    }

    /** Links with a thread of their own, between the given peers. */
    public static LinkPair threaded(PublicKey leftKey, PublicKey rightKey) {
        return new LinkPair(leftKey, rightKey, true, null);
    }

    public Link left() {
        return left;
    }

    public Link right() {
        return right;
    }

    /** Does one thing; says whether there was one to do. */
    public boolean step() {
        Runnable task;
        synchronized (tasks) {
            task = tasks.poll();
        }
        if (task == null) {
            return false;
        }
        runner = Thread.currentThread();
        task.run();
        runner = null;
        return true;
    }

    /** Goes on until nothing is left to do. */
    public void run() {
        long steps = 0;
        while (step()) {
            if (++steps > 10_000_000) {
                throw new AssertionError("the loop does not come to rest");
            }
        }
    }

    /** Runs a task on the loop, and in stepped mode everything that follows from it. */
    public void run(Runnable task) {
        execute(task);
        if (thread == null) {
            run();
        }
    }

    /** How much may be on its way in one direction before the writer is told to wait. */
    public void window(int bytes) {
        windowBytes = bytes;
    }

    /** Holds back everything that is on its way, from now on. */
    public void hold() {
        held = true;
    }

    /** Lets everything arrive that was held back, and what follows it. */
    public void release() {
        held = false;
        execute(left::deliver);
        execute(right::deliver);
    }

    /** Cuts the connection: both sides hear of it, and what was on its way is lost. */
    public void cut(CloseReason reason) {
        execute(
                () -> {
                    left.close(reason);
                    right.close(reason);
                });
    }

    /** Every message the left side has written so far. */
    public List<Bytes> writtenByLeft() {
        return List.copyOf(left.written);
    }

    /** Every message the right side has written so far. */
    public List<Bytes> writtenByRight() {
        return List.copyOf(right.written);
    }

    /** Stops the thread, if there is one. */
    @Override
    public void close() {
        if (thread != null) {
            thread.shutdownNow();
        }
    }

    private void execute(Runnable task) {
        if (thread != null) {
            thread.execute(
                    () -> {
                        runner = Thread.currentThread();
                        task.run();
                    });
            return;
        }
        synchronized (tasks) {
            tasks.add(task);
        }
    }

    private void checkOnLoop() {
        if (Thread.currentThread() != runner) {
            throw new IllegalStateException("a link is used off its loop");
        }
    }

    private static PublicKey key(Random random) {
        return new PublicKey(Bytes.random(random, PublicKey.LENGTH));
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "links");
        thread.setDaemon(true);
        return thread;
    }

    /** One side. */
    private final class End implements Link {

        private final PublicKey localKey;
        private final PublicKey remoteKey;
        private final Deque<Bytes> arriving = new ArrayDeque<>();
        private final List<Bytes> written = Collections.synchronizedList(new ArrayList<>());

        private End peer;
        private Receiver receiver;
        private long arrivingBytes;
        private boolean paused;
        private boolean full;
        private boolean ended;
        private boolean endDelivered;
        private CloseReason closed;
        private boolean closedDelivered;

        End(PublicKey localKey, PublicKey remoteKey) {
            this.localKey = localKey;
            this.remoteKey = remoteKey;
        }

        @Override
        public PublicKey localPublicKey() {
            return localKey;
        }

        @Override
        public PublicKey remotePublicKey() {
            return remoteKey;
        }

        @Override
        public Executor loop() {
            return LinkPair.this::execute;
        }

        @Override
        public void start(Receiver newReceiver) {
            checkOnLoop();
            if (receiver != null) {
                throw new IllegalStateException("started before");
            }
            receiver = newReceiver;
            execute(this::deliver);
        }

        @Override
        public boolean write(Bytes message) {
            checkOnLoop();
            if (message.length() > Frames.MAX_MESSAGE) {
                throw new IllegalArgumentException("message of " + message.length() + " bytes");
            }
            if (ended) {
                throw new IllegalStateException("written after the end");
            }
            if (closed != null) {
                return false;
            }
            written.add(message);
            peer.arrive(message);
            full = peer.arrivingBytes > windowBytes;
            return !full;
        }

        @Override
        public void pause() {
            checkOnLoop();
            paused = true;
        }

        @Override
        public void resume() {
            checkOnLoop();
            paused = false;
            execute(this::deliver);
        }

        @Override
        public void end() {
            checkOnLoop();
            ended = true;
            execute(peer::deliver);
        }

        @Override
        public void destroy(CloseReason reason) {
            checkOnLoop();
            close(reason);
            peer.close(new CloseReason.ByPeer());
        }

        private void arrive(Bytes message) {
            if (closed != null) {
                return;
            }
            Bytes rest = message;
            while (cuts != null && rest.length() > 1) {
                int length = 1 + cuts.nextInt(rest.length());
                add(rest.slice(0, length));
                rest = rest.slice(length);
            }
            add(rest);
            execute(this::deliver);
        }

        private void add(Bytes piece) {
            if (!piece.isEmpty()) {
                arriving.add(piece);
                arrivingBytes += piece.length();
            }
        }

        private void deliver() {
            while (receiver != null && !paused && !held && closed == null && !arriving.isEmpty()) {
                Bytes piece = arriving.remove();
                arrivingBytes -= piece.length();
                receiver.message(piece);
            }
            if (peer.full && arrivingBytes <= windowBytes / 2 && peer.closed == null) {
                peer.full = false;
                execute(peer::tellWritable);
            }
            if (receiver != null
                    && !held
                    && closed == null
                    && peer.ended
                    && !endDelivered
                    && arriving.isEmpty()) {
                endDelivered = true;
                receiver.ended();
            }
            if (endDelivered && peer.endDelivered) {
                close(new CloseReason.Ended());
                peer.close(new CloseReason.Ended());
            }
        }

        private void tellWritable() {
            if (closed == null && receiver != null) {
                receiver.writable();
            }
        }

        private void close(CloseReason reason) {
            if (closed == null) {
                closed = reason;
                arriving.clear();
                arrivingBytes = 0;
                execute(this::tellClosed);
            }
        }

        private void tellClosed() {
            if (receiver != null && !closedDelivered) {
                closedDelivered = true;
                receiver.closed(closed);
            }
        }
    }
}
