package dev.keyhole.transport.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** The thread behind one or more loops, and the kind of sockets it can serve best here. */
final class EventLoopThread {

    private static final int RECEIVE_BUFFER_BYTES = 1 << 20;
    private static final int SEND_BUFFER_BYTES = 1 << 20;

    /** Longer datagrams are cut, and then fail to decode, as in the original. */
    private static final int MAX_DATAGRAM_BYTES = 2048;

    private static final int DATAGRAMS_PER_READ = 64;
    private static final int MAX_UNSENT_BYTES = 4 << 20;

    private final MultiThreadIoEventLoopGroup group;
    private final boolean epoll;
    private final AtomicInteger users = new AtomicInteger(1);

    private EventLoopThread(String name, boolean epoll) {
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        this.epoll = epoll;
        this.group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), io);
    }

    static EventLoopThread start(String name) {
        return new EventLoopThread(name, Epoll.isAvailable());
    }

    EventLoop eventLoop() {
        return group.next();
    }

    EventLoopThread retain() {
        users.incrementAndGet();
        return this;
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            group.shutdownGracefully(0, 2, java.util.concurrent.TimeUnit.SECONDS);
        }
    }

    Bootstrap bootstrap(ChannelHandler inlet) {
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(group)
                        .handler(inlet)
                        .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                        .option(ChannelOption.SO_SNDBUF, SEND_BUFFER_BYTES)
                        .option(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                new WriteBufferWaterMark(MAX_UNSENT_BYTES / 2, MAX_UNSENT_BYTES));
        return epoll ? epoll(bootstrap) : nio(bootstrap);
    }

    private static Bootstrap epoll(Bootstrap bootstrap) {
        return bootstrap
                .channelFactory(
                        () -> (DatagramChannel) new EpollDatagramChannel(SocketProtocolFamily.INET))
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(MAX_DATAGRAM_BYTES * DATAGRAMS_PER_READ))
                .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, MAX_DATAGRAM_BYTES);
    }

    private static Bootstrap nio(Bootstrap bootstrap) {
        FixedRecvByteBufAllocator buffers = new FixedRecvByteBufAllocator(MAX_DATAGRAM_BYTES);
        buffers.maxMessagesPerRead(DATAGRAMS_PER_READ);
        return bootstrap
                .channelFactory(
                        () -> (DatagramChannel) new NioDatagramChannel(SocketProtocolFamily.INET))
                .option(ChannelOption.RECVBUF_ALLOCATOR, buffers);
    }
}
