package dev.keyhole.transport.netty;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.BindException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
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

    /** How many datagrams were not sent because the operating system took no more. */
    private final AtomicLong unsent = new AtomicLong();

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(UdpLoop.class);
    private static final AtomicInteger SOCKET_IDS = new AtomicInteger();
    private static final int MAX_CACHED_DESTINATIONS = 4096;

    private final EventLoopThread thread;
    private final EventLoop eventLoop;
    private final long startNanos = System.nanoTime();
    private final SecureRandom entropy = new SecureRandom();
    private final Map<Integer, Channel> channels = new HashMap<>();
    private final Map<Integer, LocalSocket> suspended = new LinkedHashMap<>();
    private final Set<Channel> unflushed = new LinkedHashSet<>();
    private final Queue<Runnable> notices = new ArrayDeque<>();
    private final Map<Address, java.net.InetSocketAddress> destinations = new HashMap<>();
    private final Effects effects = new SocketEffects();

    private @Nullable Machine machine;
    private Consumer<Throwable> onFailure = failure -> {};
    private @Nullable Address bindHost;
    private @Nullable Future<?> wakeUp;
    private long wakeUpNanos = Machine.NEVER;
    private boolean settling;
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

    /**
     * Binds a UDP socket before the machine starts. Blocks; not for the loop's own thread.
     *
     * @param local port 0 takes any free port
     * @throws BindException if the address is in use or not ours; the message names it
     */
    public LocalSocket bind(Address local) throws BindException {
        ChannelFuture bound = thread.bootstrap(new Inlet()).bind(local.toSocketAddress());
        bound.awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw bindFailure(local, bound);
        }
        LocalSocket socket = adopt(bound.channel());
        if (bindHost == null) {
            bindHost = local.withPort(0);
        }
        return socket;
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
        executor().execute(() -> suspendChannels(done));
        return done;
    }

    private void suspendChannels(CompletableFuture<Void> done) {
        settle();
        CompletableFuture<?>[] closing =
                channels.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(
                                entry -> {
                                    suspended.put(entry.getKey(), socketOf(entry.getValue()));
                                    return whenDone(entry.getValue().close());
                                })
                        .toArray(CompletableFuture<?>[]::new);
        channels.clear();
        unflushed.clear();
        CompletableFuture.allOf(closing).thenRun(() -> done.complete(null));
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
        ChannelFuture bound = thread.bootstrap(new Inlet()).bind(at.toSocketAddress());
        bound.addListener(
                result -> {
                    if (result.isSuccess() && closed) {
                        bound.channel().close();
                    } else if (result.isSuccess()) {
                        rebound.put(socket, adopt(bound.channel(), socket.id()));
                        rebindNext(rebound, done);
                    } else if (at.port() != 0) {
                        rebind(socket, at.withPort(0), rebound, done);
                    } else {
                        rebound.keySet().forEach(other -> closeChannel(other.id()));
                        done.completeExceptionally(bindFailure(at, bound));
                    }
                });
    }

    private static LocalSocket socketOf(Channel channel) {
        LocalSocket socket = channel.pipeline().get(Inlet.class).socket;
        if (socket == null) {
            throw new IllegalStateException("a channel without a socket");
        }
        return socket;
    }

    private static CompletableFuture<Void> whenDone(ChannelFuture future) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        future.addListener(result -> done.complete(null));
        return done;
    }

    /** Closes the sockets and, with the last loop that shares it, the thread. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        eventLoop.execute(this::closeChannels);
        thread.release();
    }

    private void closeChannels() {
        machine = null;
        if (wakeUp != null) {
            wakeUp.cancel(false);
        }
        for (Channel channel : channels.values()) {
            channel.close();
        }
        channels.clear();
        notices.clear();
    }

    private LocalSocket adopt(Channel channel) {
        return adopt(channel, SOCKET_IDS.incrementAndGet());
    }

    private LocalSocket adopt(Channel channel, int id) {
        java.net.InetSocketAddress at = (java.net.InetSocketAddress) channel.localAddress();
        LocalSocket socket = new LocalSocket(id, Address.of(at));
        channel.pipeline().get(Inlet.class).socket = socket;
        Runnable register = () -> channels.put(socket.id(), channel);
        if (eventLoop.inEventLoop()) {
            register.run();
        } else {
            eventLoop.execute(register);
        }
        return socket;
    }

    /** Lets the machine say what the last input caused, tells the application, and looks ahead. */
    private void settle() {
        if (machine == null || settling) {
            return;
        }
        settling = true;
        try {
            machine.drain(effects, nowNanos());
            Runnable notice;
            while ((notice = notices.poll()) != null) {
                guarded(notice);
                if (notices.isEmpty() && machine != null) {
                    machine.drain(effects, nowNanos());
                }
            }
            for (Channel channel : unflushed) {
                channel.flush();
            }
            unflushed.clear();
            if (machine != null) {
                scheduleWakeUp(machine.deadlineNanos());
            }
        } catch (RuntimeException | AssertionError failure) {
            fail(failure);
        } finally {
            settling = false;
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
        closeChannels();
        guarded(() -> listener.accept(failure));
    }

    private void closeChannel(int socketId) {
        Channel channel = channels.remove(socketId);
        if (channel != null) {
            channel.flush();
            unflushed.remove(channel);
            channel.close();
        }
    }

    private static BindException bindFailure(Address local, ChannelFuture failed) {
        BindException failure = new BindException("cannot bind UDP " + local + why(failed));
        failure.initCause(failed.cause());
        return failure;
    }

    private static String why(ChannelFuture failed) {
        Throwable cause = failed.cause();
        return cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage();
    }

    /** What the machine asks for, done with sockets. */
    private final class SocketEffects implements Effects {

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            Channel channel = channels.get(socket.id());
            if (channel == null || !channel.isWritable()) {
                unsent.incrementAndGet();
                return;
            }
            ByteBuf buffer = channel.alloc().directBuffer(payload.length());
            buffer.writeBytes(payload.array(), payload.offset(), payload.length());
            channel.write(new DatagramPacket(buffer, socketAddress(destination)));
            unflushed.add(channel);
        }

        @Override
        public void sendNearby(LocalSocket socket, Address destination, Bytes payload, int hops) {
            Channel channel = channels.get(socket.id());
            if (channel == null) {
                send(socket, destination, payload);
                return;
            }
            // The limit is the socket's, so what goes before and after is kept out of it.
            channel.flush();
            boolean limited = HopLimit.set(channel, hops);
            send(socket, destination, payload);
            if (limited) {
                channel.flush();
                HopLimit.lift(channel);
            }
        }

        @Override
        public void open(int request) {
            Address host = bindHost == null ? new Address(0, 0) : bindHost;
            ChannelFuture bound = thread.bootstrap(new Inlet()).bind(host.toSocketAddress());
            bound.addListener(
                    done -> {
                        if (done.isSuccess()) {
                            LocalSocket socket = adopt(bound.channel());
                            feed(m -> m.opened(request, socket, nowNanos()));
                        } else {
                            feed(m -> m.openFailed(request, why(bound), nowNanos()));
                        }
                        eventLoop.execute(UdpLoop.this::settle);
                    });
        }

        @Override
        public void close(LocalSocket socket) {
            suspended.remove(socket.id());
            closeChannel(socket.id());
        }

        @Override
        public void deliver(Runnable notice) {
            notices.add(notice);
        }

        private java.net.InetSocketAddress socketAddress(Address address) {
            if (destinations.size() >= MAX_CACHED_DESTINATIONS) {
                destinations.clear();
            }
            return destinations.computeIfAbsent(address, Address::toSocketAddress);
        }
    }

    /** Where the datagrams of one socket come in. */
    private final class Inlet extends SimpleChannelInboundHandler<DatagramPacket> {

        private @Nullable LocalSocket socket;

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            LocalSocket at = socket;
            if (at == null
                    || packet.sender() == null
                    || packet.sender().getAddress().getAddress().length != 4) {
                return;
            }
            ByteBuf content = packet.content();
            byte[] payload = new byte[content.readableBytes()];
            content.readBytes(payload);
            Address source = Address.of(packet.sender());
            feed(m -> m.receive(new Datagram(at, source, Bytes.wrap(payload)), nowNanos()));
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            settle();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (cause instanceof IOException) {
                // An ICMP error of some earlier datagram; the machine's own timers notice.
                LOG.debug("UDP socket error", cause);
            } else {
                LOG.warn("reading a UDP socket failed", cause);
            }
        }
    }
}
