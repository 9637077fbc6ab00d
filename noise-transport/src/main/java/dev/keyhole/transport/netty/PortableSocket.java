package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects.Packet;
import dev.keyhole.transport.wire.Bytes;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A socket of the Java platform, which takes one datagram at a time. */
final class PortableSocket implements UdpSocket {

    private static final int DATAGRAMS_PER_READ = 64;
    private static final int MAX_UNSENT_BYTES = 4 << 20;

    private final DatagramChannel channel;
    private final IoEventLoop eventLoop;
    private final Listener listener;
    private final Intake intake;
    private final Address local;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(Intake.MAX_DATAGRAM_BYTES);
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(Intake.MAX_DATAGRAM_BYTES);

    /** What the operating system took no more of. */
    private final Queue<Waiting> waiting = new ArrayDeque<>();

    private final @Nullable SocketOption<Boolean> dontFragment;

    /** Whether what is sent now must not be cut, once that was asked for. */
    private boolean whole;

    private int waitingBytes;
    private boolean closing;
    private @Nullable IoRegistration registration;
    private @Nullable Address destination;
    private @Nullable InetSocketAddress destinationAddress;

    private record Waiting(InetSocketAddress to, Bytes payload, boolean whole) {}

    private PortableSocket(
            DatagramChannel channel, IoEventLoop eventLoop, Listener listener, Intake intake)
            throws IOException {
        this.channel = channel;
        this.eventLoop = eventLoop;
        this.listener = listener;
        this.intake = intake;
        this.local = Address.of((InetSocketAddress) channel.getLocalAddress());
        this.dontFragment = Fragmentation.portableOption(channel);
    }

    /** Binds a socket that is read on an event loop, which is where this is called. */
    static PortableSocket bind(
            IoEventLoop eventLoop, Address local, Listener listener, Intake intake)
            throws IOException {
        DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
        try {
            channel.configureBlocking(false);
            channel.setOption(
                    StandardSocketOptions.SO_RCVBUF, EventLoopThread.RECEIVE_BUFFER_BYTES);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, EventLoopThread.SEND_BUFFER_BYTES);
            channel.bind(local.toSocketAddress());
            PortableSocket socket = new PortableSocket(channel, eventLoop, listener, intake);
            socket.register();
            return socket;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void register() {
        eventLoop
                .register(new Handle())
                .addListener(
                        done -> {
                            if (done.isSuccess()) {
                                IoRegistration registered = (IoRegistration) done.getNow();
                                registration = registered;
                                registered.submit(NioIoOps.READ);
                            } else {
                                listener.failed(new IOException(done.cause()));
                            }
                        });
    }

    DatagramChannel channel() {
        return channel;
    }

    @Override
    public Address local() {
        return local;
    }

    @Override
    public int mtu() {
        return dontFragment == null ? 0 : Fragmentation.mtu(local);
    }

    @Override
    public void send(Address to, Packet packet) {
        InetSocketAddress address = destinationAddress;
        if (address == null || !to.equals(destination)) {
            address = to.toSocketAddress();
            destination = to;
            destinationAddress = address;
        }
        ByteBuffer buffer = outgoing;
        int length = packet.length();
        if (length > buffer.capacity()) {
            buffer = ByteBuffer.allocateDirect(length);
        }
        clear(buffer);
        packet.writeTo(buffer);
        flip(buffer);
        boolean keepsWhole = packet.isWhole();
        if (!waiting.isEmpty() || !trySend(buffer, address, keepsWhole)) {
            queue(address, Bytes.copyOf(buffer), keepsWhole);
        }
    }

    /** False if the operating system takes no more for now. */
    private boolean trySend(ByteBuffer buffer, InetSocketAddress to, boolean keepsWhole) {
        int length = buffer.remaining();
        try {
            if (length > Packet.UNCUT_BYTES && keepsWhole != whole && dontFragment != null) {
                channel.setOption(dontFragment, keepsWhole);
                whole = keepsWhole;
            }
            return channel.send(buffer, to) > 0 || length == 0;
        } catch (IOException | RuntimeException e) {
            listener.unsent(1);
            noteLoss();
            return true;
        }
    }

    /** The channel says so only to whoever uses it. */
    private void noteLoss() {
        if (!closing && !channel.isOpen()) {
            closing = true;
            // Not in the middle of whatever is being sent.
            eventLoop.execute(listener::lost);
        }
    }

    private void queue(InetSocketAddress to, Bytes payload, boolean keepsWhole) {
        if (waitingBytes + payload.length() > MAX_UNSENT_BYTES) {
            listener.unsent(1);
            return;
        }
        if (waiting.isEmpty()) {
            submit(NioIoOps.READ_AND_WRITE);
        }
        waiting.add(new Waiting(to, payload, keepsWhole));
        waitingBytes += payload.length();
    }

    // Through the type that has had these methods in every version of Android.

    private static void clear(Buffer buffer) {
        buffer.clear();
    }

    private static void flip(Buffer buffer) {
        buffer.flip();
    }

    private void sendWaiting() {
        for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
            clear(outgoing);
            ByteBuffer buffer =
                    next.payload.length() > outgoing.capacity()
                            ? ByteBuffer.allocateDirect(next.payload.length())
                            : outgoing;
            next.payload.copyTo(buffer);
            flip(buffer);
            if (!trySend(buffer, next.to, next.whole)) {
                return;
            }
            waiting.remove();
            waitingBytes -= next.payload.length();
        }
        submit(NioIoOps.READ);
        listener.writable();
    }

    private void submit(NioIoOps ops) {
        if (registration != null && registration.isValid()) {
            registration.submit(ops);
        }
    }

    @Override
    public void flush() {
        // Nothing waits that could be sent.
    }

    @Override
    public boolean isBusy() {
        return !waiting.isEmpty();
    }

    @Override
    public boolean limitHops(int hops) {
        return false;
    }

    @Override
    public void liftHops() {
        // There was no limit.
    }

    @Override
    public CompletableFuture<Void> close() {
        closing = true;
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (registration != null) {
            registration.cancel();
        }
        closeChannel();
        // The port is free once the selector has noticed.
        eventLoop.schedule(() -> done.complete(null), 1, TimeUnit.MILLISECONDS);
        return done;
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            listener.failed(e);
        }
    }

    private void read() {
        try {
            for (int i = 0; i < DATAGRAMS_PER_READ && readOne(); i++) {
                // Until there is nothing more.
            }
        } catch (IOException e) {
            listener.failed(e);
            noteLoss();
        }
        listener.receivedAll();
    }

    private boolean readOne() throws IOException {
        clear(incoming);
        if (!channel.isOpen()) {
            return false;
        }
        InetSocketAddress sender = (InetSocketAddress) channel.receive(incoming);
        if (sender == null) {
            return false;
        }
        flip(incoming);
        Address source = intake.source(sender);
        if (source != null) {
            listener.received(source, intake.take(incoming));
        }
        return true;
    }

    /** What the event loop calls when the socket is ready. */
    private final class Handle extends NioSelectableChannelIoHandle<DatagramChannel> {

        Handle() {
            super(channel);
        }

        @Override
        public void close() {
            closeChannel();
        }

        @Override
        protected void handle(DatagramChannel ready, SelectionKey key) {
            if (key.isValid() && key.isWritable()) {
                sendWaiting();
            }
            if (key.isValid() && key.isReadable()) {
                read();
            }
        }
    }
}
