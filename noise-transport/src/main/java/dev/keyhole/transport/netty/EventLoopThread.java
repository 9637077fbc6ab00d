package dev.keyhole.transport.netty;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** The thread behind one or more loops, and the kind of sockets it can serve best here. */
final class EventLoopThread {

    /** Set to {@code portable}, it keeps every loop from using what only one platform has. */
    static final String KIND_PROPERTY = "keyhole.udp";

    static final int RECEIVE_BUFFER_BYTES = 4 << 20;
    static final int SEND_BUFFER_BYTES = 1 << 20;

    private final MultiThreadIoEventLoopGroup group;
    private final Kind kind;
    private final Intake intake = new Intake();
    private final AtomicInteger users = new AtomicInteger(1);

    /** How sockets are read and written. */
    enum Kind {

        /** By what Linux has for many datagrams at a time. */
        EPOLL,

        /** By what every platform has, one datagram at a time. */
        PORTABLE
    }

    private EventLoopThread(String name, Kind kind) {
        IoHandlerFactory io =
                switch (kind) {
                    case EPOLL -> EpollIoHandler.newFactory();
                    case PORTABLE -> NioIoHandler.newFactory();
                };
        this.kind = kind;
        this.group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), io);
    }

    static EventLoopThread start(String name) {
        boolean portable =
                "portable".equals(System.getProperty(KIND_PROPERTY)) || !Epoll.isAvailable();
        return start(name, portable ? Kind.PORTABLE : Kind.EPOLL);
    }

    static EventLoopThread start(String name, Kind kind) {
        return new EventLoopThread(name, kind);
    }

    Kind kind() {
        return kind;
    }

    IoEventLoop eventLoop() {
        return group.next();
    }

    EventLoopThread retain() {
        users.incrementAndGet();
        return this;
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            group.shutdownGracefully(0, 2, SECONDS);
        }
    }

    /** Binds a socket; completes on the thread, and not before this has returned. */
    CompletableFuture<UdpSocket> bind(Address local, UdpSocket.Listener listener) {
        CompletableFuture<UdpSocket> bound = new CompletableFuture<>();
        switch (kind) {
            case EPOLL -> bindEpoll(local, listener, bound);
            case PORTABLE -> eventLoop().execute(() -> bindPortable(local, listener, bound));
        }
        return bound;
    }

    private void bindEpoll(
            Address local, UdpSocket.Listener listener, CompletableFuture<UdpSocket> bound) {
        EpollSocket socket = new EpollSocket(listener, intake);
        Bootstrap bootstrap = socket.bootstrap().group(group);
        ChannelFuture future = bootstrap.bind(local.toSocketAddress());
        // One that is done already would tell its listener at once, in the middle of a drain.
        Runnable tell =
                () ->
                        future.addListener(
                                done -> {
                                    if (done.isSuccess()) {
                                        bound.complete(socket);
                                    } else {
                                        bound.completeExceptionally(done.cause());
                                    }
                                });
        eventLoop().execute(tell);
    }

    private void bindPortable(
            Address local, UdpSocket.Listener listener, CompletableFuture<UdpSocket> bound) {
        try {
            bound.complete(PortableSocket.bind(eventLoop(), local, listener, intake));
        } catch (IOException e) {
            bound.completeExceptionally(e);
        }
    }
}
