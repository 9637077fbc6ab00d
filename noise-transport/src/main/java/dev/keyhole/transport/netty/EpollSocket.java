package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects.Packet;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A socket of Linux, which takes many datagrams at a time in both directions.
 *
 * <p>Packets in a row for one destination, equally long but for the last, lie next to each other in
 * one buffer, and the kernel, or the network card, cuts it. A socket may refuse that, for what its
 * route or its options are; then they go one by one, those refused first, and if these are taken
 * that is how this socket goes on. What comes in may have been put together in the same way by the
 * kernel.
 */
final class EpollSocket extends ChannelInboundHandlerAdapter implements UdpSocket {

    /** So many at a time every kernel takes that can cut at all. */
    static final int MAX_SEGMENTS = 64;

    /** The most that one UDP datagram holds, and with it what is to be cut. */
    static final int MAX_BATCH_BYTES = 65_507;

    /** What the kernel may have put together, at most. */
    private static final int MAX_COALESCED_BYTES = 1 << 16;

    /** After so many, whatever they have caused is sent before more is read. */
    private static final int DATAGRAMS_PER_READ = 256;

    private static final int MAX_UNSENT_BYTES = 4 << 20;

    /** EIO, EINVAL, EMSGSIZE and EOPNOTSUPP: what Linux says to something that it cannot cut. */
    private static final Set<Integer> CUTTING_REFUSED = Set.of(5, 22, 90, 95);

    /** What may wait for the operating system before everybody is asked to wait. */
    private static final int BUSY_BYTES = 512 << 10;

    private final Listener listener;
    private final Intake intake;
    private final EpollDatagramChannel channel =
            new EpollDatagramChannel(SocketProtocolFamily.INET);
    private final ChannelFutureListener lossCounter = this::countIfLost;
    private boolean segmenting = EpollDatagramChannel.isSegmentedDatagramPacketSupported();

    private @Nullable ByteBuf batch;
    private int segmentBytes;
    private int segments;
    private boolean unflushed;

    /** Whether what is sent now must not be cut, once that was asked for. */
    private boolean whole;

    private boolean closing;
    private @Nullable Address destination;
    private @Nullable InetSocketAddress destinationAddress;

    EpollSocket(Listener listener, Intake intake) {
        this.listener = listener;
        this.intake = intake;
    }

    Bootstrap bootstrap() {
        return new Bootstrap()
                .channelFactory(() -> channel)
                .handler(this)
                .option(ChannelOption.SO_RCVBUF, EventLoopThread.RECEIVE_BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, EventLoopThread.SEND_BUFFER_BYTES)
                .option(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(BUSY_BYTES / 4, BUSY_BYTES))
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(MAX_COALESCED_BYTES)
                                .maxMessagesPerRead(DATAGRAMS_PER_READ))
                // One buffer at a time: reading into several loses where to cut what is in them.
                .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, 0)
                .option(EpollChannelOption.UDP_GRO, true);
    }

    EpollDatagramChannel channel() {
        return channel;
    }

    /** Whether packets still go in one piece. */
    boolean isSegmenting() {
        return segmenting;
    }

    @Override
    public Address local() {
        return Address.of(channel.localAddress());
    }

    @Override
    public int mtu() {
        return Fragmentation.canForbid(channel) ? Fragmentation.mtu(local()) : 0;
    }

    @Override
    public void send(Address to, Packet packet) {
        int length = packet.length();
        if (length == 0) {
            listener.unsent(1); // the channel confuses what is behind an empty one
            return;
        }
        if (length > Packet.UNCUT_BYTES && packet.isWhole() != whole) {
            keepWhole(!whole);
        }
        ByteBuf open = batch;
        if (open != null && !fits(to, length)) {
            handOver();
            open = null;
        }
        if (open == null) {
            if (channel.bytesBeforeWritable() > MAX_UNSENT_BYTES) {
                listener.unsent(1);
                return;
            }
            open = begin(to, length);
        }
        int at = open.writerIndex();
        packet.writeTo(open.internalNioBuffer(at, length));
        open.writerIndex(at + length);
        segments++;
        boolean full =
                !segmenting
                        || length < segmentBytes
                        || segments == MAX_SEGMENTS
                        || at + length + segmentBytes > MAX_BATCH_BYTES;
        if (full) {
            handOver();
        }
    }

    @Override
    public void flush() {
        handOver();
        if (unflushed) {
            unflushed = false;
            channel.flush();
        }
    }

    @Override
    public boolean isBusy() {
        if (!channel.isWritable()) {
            flush();
        }
        return !channel.isWritable();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (channel.isWritable()) {
            listener.writable();
        }
    }

    @Override
    public boolean limitHops(int hops) {
        flush();
        return HopLimit.set(channel, hops);
    }

    @Override
    public void liftHops() {
        flush();
        HopLimit.lift(channel);
    }

    @Override
    public CompletableFuture<Void> close() {
        flush();
        closing = true;
        CompletableFuture<Void> done = new CompletableFuture<>();
        channel.close().addListener(result -> done.complete(null));
        return done;
    }

    /** The option is the socket's, so what goes before leaves first. */
    private void keepWhole(boolean newWhole) {
        flush();
        whole = newWhole;
        Fragmentation.allow(channel, !newWhole);
    }

    private boolean fits(Address to, int length) {
        return length <= segmentBytes && to.equals(destination);
    }

    private ByteBuf begin(Address to, int length) {
        if (!to.equals(destination)) {
            destination = to;
            destinationAddress = to.toSocketAddress();
        }
        int capacity = segmenting ? Math.min(MAX_SEGMENTS * length, MAX_BATCH_BYTES) : length;
        ByteBuf open = channel.alloc().directBuffer(Math.max(capacity, length));
        batch = open;
        segmentBytes = length;
        segments = 0;
        return open;
    }

    /** Gives the packets that lie in the buffer to the channel. */
    private void handOver() {
        ByteBuf whole = batch;
        InetSocketAddress to = destinationAddress;
        if (whole == null || to == null) {
            return;
        }
        batch = null;
        unflushed = true;
        if (segments == 1) {
            channel.write(new DatagramPacket(whole, to)).addListener(lossCounter);
            return;
        }
        int cut = segmentBytes;
        int length = whole.writerIndex();
        int count = segments;
        whole.retain();
        channel.write(new SegmentedDatagramPacket(whole, cut, to))
                .addListener(
                        result -> {
                            if (mayBeTheCutting(result.cause()) && channel.isOpen()) {
                                sendApart(whole.setIndex(0, length), cut, to);
                            } else if (!result.isSuccess()) {
                                listener.unsent(count);
                            }
                            whole.release();
                        });
    }

    /** Whether a send may have failed for no other reason than that it was to be cut. */
    private static boolean mayBeTheCutting(@Nullable Throwable failure) {
        return failure instanceof NativeIoException refused
                && CUTTING_REFUSED.contains(-refused.expectedErr());
    }

    /**
     * Sends one by one what was refused together. If that works, it is how to go on; unless they
     * are large, and went where the system has to cut each of them.
     */
    private void sendApart(ByteBuf whole, int cut, InetSocketAddress to) {
        ByteBuf first = whole.readRetainedSlice(cut);
        channel.writeAndFlush(new DatagramPacket(first, to))
                .addListener(
                        result -> {
                            if (result.isSuccess()) {
                                segmenting &= cut > Packet.UNCUT_BYTES;
                            } else {
                                listener.unsent(1);
                            }
                        });
        while (whole.isReadable()) {
            ByteBuf piece = whole.readRetainedSlice(Math.min(cut, whole.readableBytes()));
            channel.writeAndFlush(new DatagramPacket(piece, to)).addListener(lossCounter);
        }
    }

    private void countIfLost(ChannelFuture result) {
        if (!result.isSuccess()) {
            listener.unsent(1);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (message instanceof DatagramPacket packet && packet.sender() != null) {
                Address source = intake.source(packet.sender());
                if (source != null) {
                    listener.received(source, intake.take(packet.content()));
                }
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        listener.receivedAll();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (!closing) {
            closing = true;
            listener.lost();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        listener.failed(cause instanceof IOException e ? e : new IOException(cause));
    }
}
