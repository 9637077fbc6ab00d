package dev.keyhole.transport.netty;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs one machine: owns its sockets, its thread, its clock and its entropy.
 *
 * <p>Every input, whether datagram, deadline or command, is followed by {@link #settle}: the machine
 * is drained, then the notices it delivered run, until there are none. Datagrams that arrive in one
 * burst count as one input, so that a machine can answer them with one acknowledgement.
 *
 * <p>Several loops may share one thread ({@link #sharing}); a machine never notices.
 */
public final class UdpLoop implements AutoCloseable {

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(UdpLoop.class);
    private static final AtomicInteger SOCKET_IDS = new AtomicInteger();

    /**
     * What leaves before the loop looks again at what has come in. If it were much, the acks of many
     * streams would wait behind what they are to pace.
     */
    private static final int MAX_BYTES_OUT_PER_TURN = 64 << 10;

    /** What comes in before the loop answers. */
    private static final int MAX_BYTES_IN_PER_TURN = 64 << 10;

    /**
     * How long answers may wait for the rest of what has come in. Handshakes are long to answer, and
     * the first of many must not wait for the last.
     */
    private static final long MAX_NANOS_IN_PER_TURN = MICROSECONDS.toNanos(250);

    /** Errors of one socket in a row, with nothing received in between, after which it is replaced. */
    private static final int MAX_ERRORS = 32;

    /** How long to wait before a socket that could not be bound again is tried once more. */
    private static final long REVIVAL_NANOS = SECONDS.toNanos(1);

    /** How many datagrams were not sent because the operating system took no more. */
    private final AtomicLong unsent = new AtomicLong();

    /** How many sockets were lost, each time they were. */
    private final AtomicLong lost = new AtomicLong();

    private final EventLoopThread thread;
    private final EventLoop eventLoop;
    private final long startNanos = System.nanoTime();
    private final SecureRandom entropy = new SecureRandom();
    private final Map<Integer, Bound> sockets = new HashMap<>();
    private final Map<Integer, LocalSocket> suspended = new LinkedHashMap<>();

    /** Sockets that were lost and are to come back under their names. */
    private final Map<Integer, LocalSocket> reviving = new LinkedHashMap<>();

    private final List<Bound> unflushed = new ArrayList<>();
    private final Queue<Runnable> notices = new ArrayDeque<>();
    private final SocketEffects effects = new SocketEffects();

    /** The end of all attempts at that; one may find that nobody wants its socket any more. */
    private CompletableFuture<Void> revivals = CompletableFuture.completedFuture(null);

    private @Nullable Machine machine;
    private Consumer<Throwable> onFailure = failure -> {};
    private @Nullable Address bindHost;
    private @Nullable Future<?> wakeUp;
    private long wakeUpNanos = Machine.NEVER;
    private boolean settling;
    private int bytesSinceSettled;
    private long firstSinceSettled;
    private volatile boolean closed;

    private UdpLoop(EventLoopThread thread) {
        this.thread = thread;
        this.eventLoop = thread.eventLoop();
    }

    /** A loop with a thread of its own. */
    public static UdpLoop open(String threadName) {
        return new UdpLoop(EventLoopThread.start(threadName));
    }

    /** A loop on the thread of another one; the thread ends with the last of them. */
    public static UdpLoop sharing(UdpLoop other) {
        return new UdpLoop(other.thread.retain());
    }

    /** Nanoseconds since this loop was made: the time its machine lives in. */
    public long nowNanos() {
        return System.nanoTime() - startNanos;
    }

    public SecureRandom entropy() {
        return entropy;
    }

    /** Datagrams given up because the operating system took no more. */
    public long unsentDatagrams() {
        return unsent.get();
    }

    /** How often a socket was taken from us and had to be bound again. */
    public long lostSockets() {
        return lost.get();
    }

    /** The socket of that name, if it is open; used on the loop's thread. */
    @Nullable UdpSocket find(LocalSocket name) {
        Bound bound = sockets.get(name.id());
        return bound == null ? null : bound.socket();
    }

    /**
     * Binds a UDP socket before the machine starts. Blocks; not for the loop's own thread.
     *
     * @param local port 0 takes any free port
     * @throws BindException if the address is in use or not ours; the message names it
     */
    public LocalSocket bind(Address local) throws BindException {
        try {
            LocalSocket socket = bind(local, SOCKET_IDS.incrementAndGet()).join();
            if (bindHost == null) {
                bindHost = local.withPort(0);
            }
            return socket;
        } catch (CompletionException failure) {
            throw bindFailure(local, failure);
        }
    }

    /** Binds a socket and takes it in; completes on the loop's thread. */
    private CompletableFuture<LocalSocket> bind(Address local, int id) {
        Bound bound = new Bound();
        return thread.bind(local, bound)
                .thenApplyAsync(socket -> adopt(bound, socket, id), eventLoop);
    }

    /**
     * Begins to feed a machine. Called once.
     *
     * @param onFailure told when the machine throws, which is a fault of ours; the loop is then closed
     */
    public void start(Machine newMachine, Consumer<Throwable> onFailure) {
        eventLoop.execute(
                () -> {
                    this.onFailure = onFailure;
                    this.machine = newMachine;
                    settle();
                });
    }

    /** Runs a command for the machine on the loop's thread, with the time it is then. */
    public void command(LongConsumer command) {
        executor().execute(() -> command.accept(nowNanos()));
    }

    /** Runs tasks on the loop's thread, in order; what they cause in the machine goes out after each. */
    public Executor executor() {
        return task -> {
            try {
                eventLoop.execute(
                        () -> {
                            guarded(task);
                            settle();
                        });
            } catch (RejectedExecutionException e) {
                if (!closed) {
                    throw e;
                }
            }
        };
    }

    public boolean isLoopThread() {
        return eventLoop.inEventLoop();
    }

    /**
     * Closes the sockets and keeps them in mind: nothing comes in and nothing goes out until {@link
     * #resume}, while machine and deadlines go on.
     */
    public CompletableFuture<Void> suspend() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        executor().execute(() -> suspendSockets(done));
        return done;
    }

    private void suspendSockets(CompletableFuture<Void> done) {
        settle();
        suspended.putAll(reviving);
        reviving.clear();
        Stream<CompletableFuture<Void>> closing =
                sockets.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(
                                entry -> {
                                    Bound bound = entry.getValue();
                                    suspended.put(entry.getKey(), bound.name());
                                    return bound.close();
                                });
        CompletableFuture<?>[] all =
                Stream.concat(closing, Stream.of(revivals)).toArray(CompletableFuture<?>[]::new);
        sockets.clear();
        unflushed.clear();
        CompletableFuture.allOf(all).whenComplete((closed, failure) -> done.complete(null));
    }

    /**
     * Binds the sockets that were suspended again, each to the port it had or, if that is taken by
     * now, to any that is free; a socket that moved is another one, with the id it had.
     *
     * @return what became of each socket; fails with a {@link BindException} if one cannot be bound,
     *     and then none is
     */
    public CompletableFuture<Map<LocalSocket, LocalSocket>> resume() {
        CompletableFuture<Map<LocalSocket, LocalSocket>> done = new CompletableFuture<>();
        executor().execute(() -> rebindNext(new LinkedHashMap<>(), done));
        return done;
    }

    private void rebindNext(
            Map<LocalSocket, LocalSocket> rebound,
            CompletableFuture<Map<LocalSocket, LocalSocket>> done) {
        for (LocalSocket socket : suspended.values()) {
            if (!rebound.containsKey(socket)) {
                rebind(socket, socket.local(), rebound, done);
                return;
            }
        }
        suspended.clear();
        done.complete(rebound);
    }

    private void rebind(
            LocalSocket socket,
            Address at,
            Map<LocalSocket, LocalSocket> rebound,
            CompletableFuture<Map<LocalSocket, LocalSocket>> done) {
        bind(at, socket.id())
                .whenComplete(
                        (bound, failure) -> {
                            if (bound != null) {
                                rebound.put(socket, bound);
                                rebindNext(rebound, done);
                            } else if (at.port() != 0) {
                                rebind(socket, at.withPort(0), rebound, done);
                            } else {
                                rebound.keySet().forEach(other -> closeSocket(other.id()));
                                done.completeExceptionally(bindFailure(at, failure));
                            }
                        });
    }

    /** Closes the sockets and, with the last loop that shares it, the thread. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        eventLoop.execute(this::closeSockets);
        thread.release();
    }

    private void closeSockets() {
        machine = null;
        if (wakeUp != null) {
            wakeUp.cancel(false);
        }
        for (Bound bound : sockets.values()) {
            bound.close();
        }
        sockets.clear();
        reviving.clear();
        unflushed.clear();
        notices.clear();
    }

    private LocalSocket adopt(Bound bound, UdpSocket socket, int id) {
        return adopt(bound, socket, new LocalSocket(id, socket.local(), socket.mtu()));
    }

    private LocalSocket adopt(Bound bound, UdpSocket socket, LocalSocket name) {
        if (closed) {
            socket.close();
            throw new IllegalStateException("the loop is closed");
        }
        bound.opened(name, socket);
        sockets.put(name.id(), bound);
        return name;
    }

    /**
     * Binds a socket again that was lost, at its port or, if that is gone, at another. It comes back
     * under its name, so that the machine and its streams go on; their peers follow.
     */
    private void revive(LocalSocket name, Address at) {
        Bound bound = new Bound();
        CompletableFuture<Void> attempt =
                thread.bind(at, bound)
                        .handleAsync(
                                (socket, failure) -> {
                                    if (socket != null && !reviving.containsKey(name.id())) {
                                        return socket.close();
                                    } else if (socket != null) {
                                        reviving.remove(name.id());
                                        adopt(bound, socket, name);
                                        LOG.info("{} is back at {}", name, socket.local());
                                    } else if (at.port() != 0) {
                                        revive(name, at.withPort(0));
                                    } else if (reviving.containsKey(name.id())) {
                                        LOG.warn("{} cannot be bound again{}", name, why(failure));
                                        eventLoop.schedule(
                                                () -> revive(name, name.local()),
                                                REVIVAL_NANOS,
                                                NANOSECONDS);
                                    }
                                    return CompletableFuture.<Void>completedFuture(null);
                                },
                                eventLoop)
                        .thenCompose(closed -> closed);
        revivals = revivals.isDone() ? attempt : CompletableFuture.allOf(revivals, attempt);
    }

    /** Lets the machine say what the last input caused, tells the application, and looks ahead. */
    private void settle() {
        if (machine == null || settling) {
            return;
        }
        settling = true;
        bytesSinceSettled = 0;
        effects.beginTurn();
        try {
            machine.drain(effects, nowNanos());
            Runnable notice;
            while ((notice = notices.poll()) != null) {
                guarded(notice);
                if (notices.isEmpty() && machine != null) {
                    machine.drain(effects, nowNanos());
                }
            }
            flush();
            if (effects.turnIsOver) {
                // A task would have its turn before the sockets have theirs; a timer comes after.
                eventLoop.schedule(this::settle, 1, NANOSECONDS);
            }
            if (machine != null) {
                scheduleWakeUp(machine.deadlineNanos());
            }
        } catch (RuntimeException | AssertionError failure) {
            fail(failure);
        } finally {
            settling = false;
        }
    }

    private void flush() {
        while (!unflushed.isEmpty()) { // a flush may show that a socket is gone, and remove it
            Bound bound = unflushed.remove(unflushed.size() - 1);
            bound.unflushed = false;
            bound.socket().flush();
        }
    }

    private void scheduleWakeUp(long deadlineNanos) {
        if (deadlineNanos >= wakeUpNanos && wakeUp != null) {
            return;
        }
        if (wakeUp != null) {
            wakeUp.cancel(false);
            wakeUp = null;
        }
        wakeUpNanos = deadlineNanos;
        if (deadlineNanos != Machine.NEVER) {
            long delay = Math.max(0, deadlineNanos - nowNanos());
            wakeUp = eventLoop.schedule(this::wakeUp, delay, NANOSECONDS);
        }
    }

    private void wakeUp() {
        wakeUp = null;
        wakeUpNanos = Machine.NEVER;
        feed(m -> m.expire(nowNanos()));
        settle();
    }

    private void feed(Consumer<Machine> input) {
        Machine current = machine;
        if (current == null) {
            return;
        }
        try {
            input.accept(current);
        } catch (RuntimeException | AssertionError failure) {
            fail(failure);
        }
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | AssertionError failure) {
            LOG.warn("a task of the loop failed", failure);
        }
    }

    private void fail(Throwable failure) {
        LOG.error("the machine of the loop failed", failure);
        Consumer<Throwable> listener = onFailure;
        close();
        closeSockets();
        guarded(() -> listener.accept(failure));
    }

    private void closeSocket(int socketId) {
        Bound bound = sockets.remove(socketId);
        if (bound != null) {
            unflushed.remove(bound);
            bound.close();
        }
    }

    private static BindException bindFailure(Address local, Throwable cause) {
        BindException failure = new BindException("cannot bind UDP " + local + why(cause));
        failure.initCause(cause);
        return failure;
    }

    private static String why(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage();
    }

    /** What the machine asks for, done with sockets. */
    private final class SocketEffects implements Effects {

        private final Written written = new Written();
        private @Nullable Bound last;
        private int bytesInTurn;
        private boolean turnIsOver;

        private void beginTurn() {
            bytesInTurn = 0;
            turnIsOver = false;
        }

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            written.payload = payload;
            send(socket, destination, written);
            written.payload = Bytes.EMPTY;
        }

        @Override
        public void send(LocalSocket socket, Address destination, Packet packet) {
            Bound bound = find(socket);
            if (bound == null) {
                unsent.incrementAndGet();
                return;
            }
            bound.socket().send(destination, packet);
            bytesInTurn += packet.length();
            if (!bound.unflushed) {
                bound.unflushed = true;
                unflushed.add(bound);
            }
        }

        @Override
        public boolean isBusy() {
            if (bytesInTurn > MAX_BYTES_OUT_PER_TURN) {
                turnIsOver = true;
                return true;
            }
            Bound bound = last;
            return bound != null && bound.open && bound.socket().isBusy();
        }

        private @Nullable Bound find(LocalSocket socket) {
            Bound bound = last;
            if (bound == null || !bound.isOpenAs(socket)) {
                bound = sockets.get(socket.id());
                last = bound;
            }
            return bound;
        }

        @Override
        public void sendNearby(LocalSocket socket, Address destination, Bytes payload, int hops) {
            Bound bound = find(socket);
            // The limit is the socket's, so what goes before and after is kept out of it.
            boolean limited = bound != null && bound.socket().limitHops(hops);
            send(socket, destination, payload);
            if (bound != null && limited) {
                bound.socket().liftHops();
            }
        }

        @Override
        public void open(int request) {
            Address host = bindHost == null ? new Address(0, 0) : bindHost;
            bind(host, SOCKET_IDS.incrementAndGet())
                    .whenComplete(
                            (socket, failure) -> {
                                if (socket != null) {
                                    feed(m -> m.opened(request, socket, nowNanos()));
                                } else {
                                    feed(m -> m.openFailed(request, why(failure), nowNanos()));
                                }
                                settle();
                            });
        }

        @Override
        public void close(LocalSocket socket) {
            suspended.remove(socket.id());
            reviving.remove(socket.id());
            closeSocket(socket.id());
        }

        @Override
        public void deliver(Runnable notice) {
            notices.add(notice);
        }
    }

    /** A datagram that is there already. */
    private static final class Written implements Effects.Packet {

        private Bytes payload = Bytes.EMPTY;

        @Override
        public int length() {
            return payload.length();
        }

        @Override
        public void writeTo(ByteBuffer target) {
            payload.copyTo(target);
        }
    }

    /** A socket of this loop, and where its datagrams come in. */
    private final class Bound implements UdpSocket.Listener {

        private @Nullable LocalSocket name;
        private @Nullable UdpSocket socket;
        private boolean open;
        private boolean unflushed;
        private int errors;

        /** What came in last; the next one is often just as long, and from the same peer. */
        private @Nullable Datagram last;

        void opened(LocalSocket newName, UdpSocket newSocket) {
            name = newName;
            socket = newSocket;
            open = true;
        }

        CompletableFuture<Void> close() {
            open = false;
            return socket().close();
        }

        LocalSocket name() {
            return requireNonNull(name);
        }

        UdpSocket socket() {
            return requireNonNull(socket);
        }

        boolean isOpenAs(LocalSocket other) {
            return open && name().id() == other.id();
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // The same view of a buffer, whatever is in it now.
        public void received(Address source, Bytes payload) {
            LocalSocket at = name;
            Machine current = machine;
            if (at == null || current == null) {
                return;
            }
            errors = 0;
            Datagram datagram = last;
            if (datagram == null
                    || datagram.payload() != payload
                    || !datagram.source().equals(source)) {
                datagram = new Datagram(at, source, payload);
                last = datagram;
            }
            long now = nowNanos();
            if (bytesSinceSettled == 0) {
                firstSinceSettled = now;
            }
            try {
                current.receive(datagram, now);
            } catch (RuntimeException | AssertionError failure) {
                fail(failure);
            }
            bytesSinceSettled += payload.length();
            if (bytesSinceSettled > MAX_BYTES_IN_PER_TURN
                    || now - firstSinceSettled > MAX_NANOS_IN_PER_TURN) {
                settle(); // so that nobody waits until everything has been read
            }
        }

        @Override
        public void receivedAll() {
            settle();
        }

        @Override
        public void writable() {
            // Not at once: this may come out of a flush, in the middle of settling.
            eventLoop.execute(UdpLoop.this::settle);
        }

        @Override
        public void failed(IOException cause) {
            // An ICMP error of some earlier datagram, say; the machine's own timers notice.
            LOG.debug("UDP socket error", cause);
            errors++;
            if (errors == MAX_ERRORS) {
                lost();
            }
        }

        @Override
        public void lost() {
            LocalSocket at = name;
            if (at == null || !open || closed) {
                return;
            }
            LOG.warn("{} was lost and is bound again", at);
            lost.incrementAndGet();
            reviving.put(at.id(), at);
            UdpLoop.this.unflushed.remove(this);
            sockets.remove(at.id());
            close().thenRun(() -> revive(at, at.local()));
        }

        @Override
        public void unsent(int datagrams) {
            unsent.addAndGet(datagrams);
        }
    }
}
