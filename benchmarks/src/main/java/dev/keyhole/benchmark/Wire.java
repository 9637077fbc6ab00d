package dev.keyhole.benchmark;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A wire between processes on loopback: {@code RTT_MILLIS LOSS_PERCENT MEGABITS QUEUE_MILLIS SEED}.
 *
 * <p>Each direction loses datagrams at random, then queues them for one bottleneck, whatever flow
 * they belong to, and then delays them. The queue is so long that its last byte waits no longer than
 * told; what does not fit is dropped. A datagram counts with the 28 bytes of its IP and UDP headers.
 *
 * <p>{@code flow A B} adds a pair of ports: it answers {@code FLOW C D}, and what is sent to C comes
 * out at A from D, and what is sent to D at B from C. {@code stats} tells datagrams forwarded, lost
 * at random and dropped at a full queue.
 */
final class Wire {

    private static final int HEADERS = 28;
    private static final int MAX_DATAGRAM = 2048;
    private static final int SOCKET_BUFFER = 4 << 20;

    private final long delayNanos;
    private final double loss;
    private final double nanosPerByte;
    private final long queueNanos;
    private final Random random;
    private final Selector selector = Selector.open();
    private final Direction[] directions = {new Direction(), new Direction()};
    private final ArrayDeque<ByteBuffer> pool = new ArrayDeque<>();
    private final Queue<String[]> commands = new ConcurrentLinkedQueue<>();
    private long forwarded;
    private long lost;
    private long dropped;

    /** Datagrams that leave when their time has come, in the order they came in. */
    private static final class Direction {
        private final ArrayDeque<Parcel> parcels = new ArrayDeque<>();
        private long busyUntilNanos;
    }

    private record Parcel(Port out, ByteBuffer datagram, long atNanos) {}

    /** One end of a flow: its datagrams come in here, and the others' go out to it. */
    private static final class Port {
        private final DatagramChannel channel;
        private final InetSocketAddress end;
        private final int direction;
        private Port other = this;

        private Port(DatagramChannel channel, InetSocketAddress end, int direction) {
            this.channel = channel;
            this.end = end;
            this.direction = direction;
        }
    }

    private Wire(double rttMillis, double percent, double megabits, double queueMillis, long seed)
            throws IOException {
        this.delayNanos = (long) (rttMillis * 1e6 / 2);
        this.loss = percent / 100;
        this.nanosPerByte = 8e3 / megabits;
        this.queueNanos = (long) (queueMillis * 1e6);
        this.random = new Random(seed);
    }

    public static void main(String[] args) throws IOException {
        Wire wire =
                new Wire(
                        Double.parseDouble(args[0]),
                        Double.parseDouble(args[1]),
                        Double.parseDouble(args[2]),
                        Double.parseDouble(args[3]),
                        Long.parseLong(args[4]));
        Thread thread = new Thread(wire::run, "wire");
        thread.start();
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("READY");
        String line;
        while ((line = in.readLine()) != null) {
            wire.commands.add(line.split(" ", -1));
            wire.selector.wakeup();
        }
        System.exit(0);
    }

    private void run() {
        try {
            while (true) {
                selector.selectNow(this::receive);
                for (String[] words = commands.poll(); words != null; words = commands.poll()) {
                    answer(words);
                }
                long now = System.nanoTime();
                long next = Math.min(release(directions[0], now), release(directions[1], now));
                if (next > MILLISECONDS.toNanos(3)) {
                    selector.select(this::receive, Math.min(1000, next / 1_000_000 - 1));
                } else {
                    LockSupport.parkNanos(Math.min(next, MICROSECONDS.toNanos(100)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer(String[] words) throws IOException {
        if (words[0].equals("flow")) {
            Port a = port(Integer.parseInt(words[1]), 0);
            Port b = port(Integer.parseInt(words[2]), 1);
            a.other = b;
            b.other = a;
            System.out.println("FLOW " + localPort(b) + " " + localPort(a));
        } else {
            System.out.println("STATS " + forwarded + " " + lost + " " + dropped);
        }
    }

    private Port port(int end, int direction) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        DatagramChannel channel = DatagramChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
        channel.bind(new InetSocketAddress(loopback, 0));
        channel.configureBlocking(false);
        Port port = new Port(channel, new InetSocketAddress(loopback, end), direction);
        channel.register(selector, SelectionKey.OP_READ, port);
        return port;
    }

    private static int localPort(Port port) throws IOException {
        return ((InetSocketAddress) port.channel.getLocalAddress()).getPort();
    }

    private void receive(SelectionKey key) {
        Port port = (Port) key.attachment();
        try {
            while (true) {
                ByteBuffer buffer =
                        pool.isEmpty() ? ByteBuffer.allocateDirect(MAX_DATAGRAM) : pool.pop();
                if (port.channel.receive(buffer) == null) {
                    pool.push(buffer.clear());
                    return;
                }
                take(port, buffer.flip());
            }
        } catch (IOException e) {
            // An end that is gone.
        }
    }

    private void take(Port port, ByteBuffer datagram) {
        long now = System.nanoTime();
        Direction direction = directions[port.direction];
        long begin = Math.max(now, direction.busyUntilNanos);
        if (random.nextDouble() < loss) {
            lost++;
        } else if (begin - now > queueNanos) {
            dropped++;
        } else {
            direction.busyUntilNanos =
                    begin + (long) ((datagram.remaining() + HEADERS) * nanosPerByte);
            direction.parcels.add(
                    new Parcel(port.other, datagram, direction.busyUntilNanos + delayNanos));
            return;
        }
        pool.push(datagram.clear());
    }

    /** Lets go what is due, and says how long the next one has. */
    private long release(Direction direction, long now) {
        Parcel parcel = direction.parcels.peek();
        while (parcel != null && parcel.atNanos <= now) {
            direction.parcels.remove();
            forwarded++;
            try {
                parcel.out.channel.send(parcel.datagram, parcel.out.end);
            } catch (IOException e) {
                // An end that is gone.
            }
            pool.push(parcel.datagram.clear());
            parcel = direction.parcels.peek();
        }
        return parcel == null ? SECONDS.toNanos(1) : parcel.atNanos - now;
    }
}
