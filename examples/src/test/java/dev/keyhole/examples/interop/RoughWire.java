package dev.keyhole.examples.interop;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.transport.net.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What stands between all programs of a test, and loses, repeats and delays datagrams.
 *
 * <p>The programs are bound to {@link #BEHIND} and know each other at {@link #BEFORE}, each at the
 * port that it has: whatever comes to such a port goes to the program, from the port of whoever sent
 * it. Nothing in the datagrams is looked at or changed.
 */
final class RoughWire implements AutoCloseable {

    /** Where the programs are bound. */
    static final String BEHIND = "127.0.0.2";

    /** Where they see each other. */
    static final String BEFORE = "127.0.0.1";

    private static final int MAX_DATAGRAM = 2048;
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;
    private static final int MAX_LATER = 100_000;
    private static final long MOST_LATE_NANOS = MILLISECONDS.toNanos(5);

    private final Random random;
    private final double share;
    private final Selector selector;
    private final Map<Integer, DatagramChannel> doors = new HashMap<>();
    private final PriorityQueue<Late> late = new PriorityQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private final Thread thread;
    private volatile boolean closed;
    private long order;
    private final AtomicLong passed = new AtomicLong();
    private final Map<Integer, Integer> longest = new ConcurrentHashMap<>();
    private final int mostBytes;

    /** A datagram that others overtake. */
    private record Late(long nanos, long order, int from, int to, ByteBuffer datagram)
            implements Comparable<Late> {
        @Override
        public int compareTo(Late other) {
            return nanos != other.nanos
                    ? Long.compare(nanos, other.nanos)
                    : Long.compare(order, other.order);
        }
    }

    private RoughWire(long seed, double share, int mostBytes) throws IOException {
        this.random = new Random(seed);
        this.share = share;
        this.mostBytes = mostBytes;
        this.selector = Selector.open();
        this.thread = new Thread(this::run, "rough wire");
        thread.setDaemon(true);
    }

    /**
     * Begins.
     *
     * @param share of datagrams that get lost, of those that arrive twice, and of those that are late
     * @param ports at which programs will be that are spoken to before they have said anything
     */
    static RoughWire start(long seed, double share, int... ports) {
        return start(seed, share, MAX_DATAGRAM, ports);
    }

    /** Begins on a clean wire, on which only what is longer than so many bytes gets lost. */
    static RoughWire narrow(int mostBytes, int... ports) {
        return start(0, 0, mostBytes, ports);
    }

    private static RoughWire start(long seed, double share, int mostBytes, int... ports) {
        try {
            RoughWire wire = new RoughWire(seed, share, mostBytes);
            for (int port : ports) {
                wire.door(port);
            }
            wire.thread.start();
            return wire;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InetSocketAddress at(String host, int port) {
        return Address.parse(host + ":" + port).toSocketAddress();
    }

    /** A port that is free on both sides. */
    static int freePort() {
        try (DatagramSocket socket = new DatagramSocket(at(BEFORE, 0))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many datagrams came. */
    long passed() {
        return passed.get();
    }

    /** The longest datagrams that passed, each from another port, the longest of all first. */
    List<Integer> longest() {
        return longest.values().stream().sorted(Comparator.reverseOrder()).toList();
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    private void run() {
        try (selector) {
            while (!closed) {
                selector.select(millisToWait());
                for (SelectionKey key : selector.selectedKeys()) {
                    receiveAll((DatagramChannel) key.channel());
                }
                selector.selectedKeys().clear();
                sendLate();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            doors.values().forEach(RoughWire::closeQuietly);
        }
    }

    private long millisToWait() {
        Late next = late.peek();
        if (next == null) {
            return 0;
        }
        return Math.max(1, NANOSECONDS.toMillis(next.nanos - System.nanoTime()));
    }

    private void receiveAll(DatagramChannel door) throws IOException {
        int to = ((InetSocketAddress) door.getLocalAddress()).getPort();
        for (int i = 0; i < 64; i++) {
            buffer.clear();
            InetSocketAddress source = (InetSocketAddress) door.receive(buffer);
            if (source == null) {
                return;
            }
            passed.incrementAndGet();
            buffer.flip();
            pass(source.getPort(), to);
        }
    }

    private void pass(int from, int to) throws IOException {
        if (buffer.remaining() > mostBytes || random.nextDouble() < share) {
            return;
        }
        longest.merge(from, buffer.remaining(), Math::max);
        int copies = random.nextDouble() < share ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            if (random.nextDouble() < share && late.size() < MAX_LATER) {
                ByteBuffer copy = ByteBuffer.allocate(buffer.remaining()).put(buffer.duplicate());
                late.add(new Late(dueNanos(), order++, from, to, copy.flip()));
            } else {
                send(from, to, buffer.duplicate());
            }
        }
    }

    private long dueNanos() {
        long least = MICROSECONDS.toNanos(500);
        return System.nanoTime() + least + (long) (random.nextDouble() * MOST_LATE_NANOS);
    }

    private void sendLate() throws IOException {
        long now = System.nanoTime();
        for (Late next = late.peek(); next != null && next.nanos <= now; next = late.peek()) {
            late.remove();
            send(next.from, next.to, next.datagram);
        }
    }

    private void send(int from, int to, ByteBuffer datagram) throws IOException {
        try {
            door(from).send(datagram, at(BEHIND, to));
        } catch (PortUnreachableException e) {
            // Nobody is there, as happens.
        }
    }

    private DatagramChannel door(int port) throws IOException {
        DatagramChannel door = doors.get(port);
        if (door == null) {
            door = DatagramChannel.open();
            door.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
            door.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
            door.bind(at(BEFORE, port));
            door.configureBlocking(false);
            door.register(selector, SelectionKey.OP_READ);
            doors.put(port, door);
        }
        return door;
    }

    private static void closeQuietly(DatagramChannel door) {
        try {
            door.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }
}
