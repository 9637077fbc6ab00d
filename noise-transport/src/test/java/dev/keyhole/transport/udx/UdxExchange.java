package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Two hosts and a stream between them, on which both sides say something, and then end. */
final class UdxExchange {

    final Side a;
    final Side b;

    private UdxExchange(
            SimNetwork net,
            Settings settings,
            int bytesFromA,
            int bytesFromB,
            Consumer<Side> preparation) {
        a = new Side(net, "10.0.0.1", settings, bytesFromA);
        b = new Side(net, "10.0.0.2", settings, bytesFromB);
        for (Side side : List.of(a, b)) {
            preparation.accept(side);
            side.host.run(side.machine);
        }
        a.other = b;
        b.other = a;
        int seqOfA = settings.firstSeq;
        int seqOfB = settings.firstSeq ^ 0x5a5a;
        a.startAt(seqOfA, seqOfB);
        b.startAt(seqOfB, seqOfA);
        net.invariant(a::check);
        net.invariant(b::check);
    }

    /**
     * How both sides behave.
     *
     * @param firstSeq where the numbers of packets begin
     * @param windowBytes how much a reader buffers
     * @param readerPauses how often a reader stops reading, from 0 to 1
     * @param writerPauses how often a writer has nothing to say for a while, from 0 to 1
     * @param trusting whether to take bytes for what they are, since the network changes some
     * @param mtu the largest IP packet that is tried
     */
    record Settings(
            int firstSeq,
            int windowBytes,
            double readerPauses,
            double writerPauses,
            boolean trusting,
            int mtu) {

        Settings whateverArrives() {
            return new Settings(firstSeq, windowBytes, readerPauses, writerPauses, true, mtu);
        }

        Settings withMtu(int newMtu) {
            return new Settings(
                    firstSeq, windowBytes, readerPauses, writerPauses, trusting, newMtu);
        }

        static Settings plain() {
            return new Settings(0, UdxStream.DEFAULT_WINDOW_BYTES, 0, 0, false, 0);
        }

        /** Just before the numbers wrap, or before their sign changes, or anywhere. */
        private static int drawSeq(Random random) {
            return switch (random.nextInt(4)) {
                case 0 -> -1 - random.nextInt(200);
                case 1 -> Integer.MAX_VALUE - random.nextInt(200);
                default -> random.nextInt();
            };
        }

        static Settings draw(Random random) {
            int seq = drawSeq(random);
            boolean narrow = random.nextInt(3) == 0;
            int window =
                    narrow
                            ? UdxStream.MIN_WINDOW_BYTES + random.nextInt(20_000)
                            : UdxStream.DEFAULT_WINDOW_BYTES;
            boolean pauses = random.nextInt(3) == 0;
            double readerPauses = pauses ? 0.05 * random.nextDouble() : 0;
            int mtu = random.nextBoolean() ? 0 : PathMtu.BASE_BYTES + random.nextInt(400);
            return new Settings(seq, window, readerPauses, 0.05, false, mtu);
        }
    }

    /** Connects both sides and has them write. */
    static UdxExchange between(SimNetwork net, Settings settings, int bytesFromA, int bytesFromB) {
        return between(net, settings, bytesFromA, bytesFromB, side -> {});
    }

    /** The same, with something done to each side before it begins. */
    static UdxExchange between(
            SimNetwork net,
            Settings settings,
            int bytesFromA,
            int bytesFromB,
            Consumer<Side> preparation) {
        UdxExchange exchange = new UdxExchange(net, settings, bytesFromA, bytesFromB, preparation);
        exchange.a.begin();
        exchange.b.begin();
        return exchange;
    }

    /** Has both sides write over a path that leads through somebody else. */
    static UdxExchange through(
            SimNetwork net, Settings settings, int bytesFromA, int bytesFromB, Detour detour) {
        UdxExchange exchange = new UdxExchange(net, settings, bytesFromA, bytesFromB, side -> {});
        detour.arrange(exchange.a, exchange.b);
        return exchange;
    }

    /** Connects both sides of an exchange, with {@link Side#begin(Address, int)}. */
    @FunctionalInterface
    interface Detour {
        void arrange(Side a, Side b);
    }

    boolean closed() {
        return a.closed != null && b.closed != null;
    }

    /** One end of the stream. */
    static final class Side implements UdxStream.Listener {

        final SimNetwork net;
        final SimHost host;
        final LocalSocket socket;
        final LocalSocket otherSocket;
        final UdxMachine machine;
        final UdxStream stream;
        final Settings settings;
        final Bytes toSend;
        private final Random random;
        private @Nullable Side other;
        private int written;
        int received;
        private int unread;
        private boolean pausing;
        private boolean stopped;
        int remoteChanges;
        boolean ended;
        @Nullable CloseReason closed;
        long closedAt;

        /** When it closed, by the clock of the network. */
        long closedAtNet;

        private int firstSeq;

        Side(SimNetwork net, String address, Settings settings, int bytes) {
            this.net = net;
            this.settings = settings;
            this.random = new Random(net.random().nextLong());
            this.host = net.host(address);
            this.socket = host.bind(1000, settings.mtu);
            this.otherSocket = host.bind(2000, settings.mtu);
            this.machine = new UdxMachine(random);
            this.stream = machine.streams.open(this, settings.windowBytes);
            this.toSend = Bytes.random(random, bytes);
        }

        void startAt(int seq, int remoteSeq) {
            firstSeq = seq;
            stream.startAt(seq, remoteSeq);
        }

        int firstSeq() {
            return firstSeq;
        }

        /** Whether everything has been written. */
        boolean isSaid() {
            return written == toSend.length();
        }

        Side other() {
            Side side = other;
            if (side == null) {
                throw new AssertionError("alone");
            }
            return side;
        }

        void begin() {
            begin(other().socket.local(), other().stream.localId());
        }

        void begin(Address remote, int remoteId) {
            host.command(
                    now -> {
                        stream.connect(socket, remote, remoteId, now);
                        write(now);
                    });
        }

        /** Goes on without a detour. */
        void goStraight() {
            host.command(
                    now -> {
                        Side to = other();
                        if (closed == null) {
                            int id = to.stream.localId();
                            stream.changeRemote(socket, to.socket.local(), id, now);
                        }
                    });
        }

        /** Goes on from either socket, to either socket of the other side. */
        void roam() {
            LocalSocket from = random.nextBoolean() ? socket : otherSocket;
            LocalSocket to = random.nextBoolean() ? other().socket : other().otherSocket;
            host.command(
                    now -> {
                        if (closed == null) {
                            int id = other().stream.localId();
                            stream.changeRemote(from, to.local(), id, now);
                        }
                    });
        }

        /** Writes until told to wait, in pieces of any size; says later when there is more. */
        private void write(long now) {
            while (written < toSend.length()) {
                int most = random.nextInt(4) == 0 ? 50_000 : 2_000;
                int piece = Math.min(1 + random.nextInt(most), toSend.length() - written);
                boolean more = stream.write(toSend.slice(written, written + piece), now);
                written += piece;
                if (!more) {
                    return;
                }
                if (random.nextDouble() < settings.writerPauses) {
                    later(this::write);
                    return;
                }
            }
            stream.end(now);
        }

        private void later(SimHost.Command command) {
            long wait = MILLISECONDS.toNanos(random.nextInt(3_000));
            net.after(
                    wait,
                    () -> {
                        if (closed == null) {
                            host.command(command);
                        }
                    });
        }

        @Override
        public boolean firewall(LocalSocket at, Address source, long now) {
            return stream.isConnected() && source.host() == other().host.address();
        }

        private void check() {
            Bounds.check(machine.deadlineNanos(), stream, settings.windowBytes);
        }

        @Override
        public void data(Bytes data, long now) {
            if (ended || closed != null) {
                throw new AssertionError("data after the end");
            }
            received += data.length();
            unread += data.length();
            if (!settings.trusting) {
                compare(data);
            }
            if (pausing) {
                return;
            }
            if (random.nextDouble() < settings.readerPauses) {
                pausing = true;
                later(this::read);
            } else {
                read(now);
            }
        }

        private void compare(Bytes data) {
            int from = received - data.length();
            if (!data.equals(other().toSend.slice(from, received))) {
                throw new AssertionError("wrong bytes at " + from);
            }
        }

        /** Has the reader read nothing for a while. */
        void stopReading(long nanos) {
            stopped = true;
            net.after(
                    nanos,
                    () ->
                            host.command(
                                    now -> {
                                        stopped = false;
                                        read(now);
                                    }));
        }

        private void read(long now) {
            if (stopped) {
                return;
            }
            pausing = false;
            int all = unread;
            unread = 0;
            stream.consumed(all, now);
        }

        @Override
        public void ended(long now) {
            ended = true;
            if (!settings.trusting && received != other().toSend.length()) {
                throw new AssertionError("ended after " + received + " bytes");
            }
        }

        @Override
        public void writable(long now) {
            write(now);
        }

        @Override
        public void remoteChanged(long now) {
            remoteChanges++;
        }

        @Override
        public void closed(CloseReason reason, long now) {
            if (closed != null) {
                throw new AssertionError("closed twice");
            }
            closed = reason;
            closedAt = now;
            closedAtNet = net.now();
        }
    }

    /** What must be so at any time. */
    static final class Bounds {

        private Bounds() {}

        static void check(long deadlineNanos, UdxStream stream, int windowBytes) {
            UdxStats stats = stream.stats();
            if (stats.keptBytes() > 2L * windowBytes) {
                throw new AssertionError(stats.keptBytes() + " bytes kept");
            }
            long held = stats.unreadBytes() + stats.keptBytes();
            if (held > (long) UdxStream.MAX_HELD_WINDOWS * windowBytes) {
                throw new AssertionError(held + " bytes held");
            }
            if (stats.windowPackets() > Bbr.MAX_PACKETS) {
                throw new AssertionError("a window of " + stats.windowPackets() + " packets");
            }
            if (stats.inFlightPackets() > ReceiveQueue.MAX_PACKETS_AHEAD) {
                throw new AssertionError(stats.inFlightPackets() + " packets in flight");
            }
            boolean waits = stream.isConnected() && !stream.isClosed() && !stream.isQuiet();
            if (waits && deadlineNanos == Long.MAX_VALUE) {
                throw new AssertionError("unfinished and no deadline");
            }
        }
    }
}
