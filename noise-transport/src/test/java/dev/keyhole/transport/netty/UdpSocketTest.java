package dev.keyhole.transport.netty;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects.Packet;
import dev.keyhole.transport.netty.EventLoopThread.Kind;
import dev.keyhole.transport.wire.Bytes;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.DatagramSocket;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UdpSocketTest {

    private static final int SOL_SOCKET = 1;
    private static final int SO_NO_CHECK = 11;

    /** Without checksums, a socket must not have its datagrams cut. */
    private static final ChannelOption<Integer> NO_CHECKSUMS =
            new IntegerUnixChannelOption("SO_NO_CHECK", SOL_SOCKET, SO_NO_CHECK);

    private final Map<UdpSocket, EventLoopThread> threads = new HashMap<>();

    @AfterEach
    void release() {
        threads.values().forEach(EventLoopThread::release);
    }

    @Test
    void packetsInARowArriveOneByOneAsTheyWereSent() throws Exception {
        for (Kind from : kinds()) {
            for (Kind to : kinds()) {
                assertArrives(from, to, 1172, 1172, 1172, 500, 1172, 20, 20, 21, 1, 1, 1);
            }
        }
    }

    @Test
    void moreThanTheKernelCutsAtATimeArrivesToo() throws Exception {
        int[] lengths = new int[2 * EpollSocket.MAX_SEGMENTS + 1];
        Arrays.fill(lengths, 1172);
        for (Kind from : kinds()) {
            for (Kind to : kinds()) {
                assertArrives(from, to, lengths);
            }
        }
    }

    @Test
    void packetsForSeveralDestinationsFindThem() throws Exception {
        for (Kind kind : kinds()) {
            Receiver first = new Receiver();
            Receiver second = new Receiver();
            UdpSocket from = bind(kind, new SilentListener());
            Address one = bind(kind, first).local();
            Address two = bind(kind, second).local();

            onLoop(
                    from,
                    () -> {
                        from.send(one, packet(Bytes.of(1, 1)));
                        from.send(two, packet(Bytes.of(2, 1)));
                        from.send(one, packet(Bytes.of(1, 2)));
                        from.send(one, packet(Bytes.of(1, 3)));
                        from.flush();
                    });

            assertThat(first.next(3))
                    .containsExactly(Bytes.of(1, 1), Bytes.of(1, 2), Bytes.of(1, 3));
            assertThat(second.next(1)).containsExactly(Bytes.of(2, 1));
        }
    }

    @Test
    void aSocketThatMayNotHaveItsDatagramsCutLosesNoneAndGoesOnWithoutThat() throws Exception {
        assumeThat(Epoll.isAvailable()).isTrue();
        Receiver receiver = new Receiver();
        EpollSocket from = (EpollSocket) bind(Kind.EPOLL, new SilentListener());
        Address to = bind(Kind.EPOLL, receiver).local();
        assertThat(from.channel().config().setOption(NO_CHECKSUMS, 1)).isTrue();

        onLoop(from, () -> sendAll(from, to, 900, 900, 900, 10));
        assertThat(receiver.next(4)).containsExactlyElementsOf(payloads(900, 900, 900, 10));
        assertThat(from.isSegmenting()).isFalse();

        onLoop(from, () -> sendAll(from, to, 800, 800, 700));
        assertThat(receiver.next(3)).containsExactlyElementsOf(payloads(800, 800, 700));
    }

    @Test
    void whatIsTooLongToBeAPacketIsCut() throws Exception {
        for (Kind kind : kinds()) {
            Receiver receiver = new Receiver();
            UdpSocket from = bind(kind, new SilentListener());
            Address to = bind(kind, receiver).local();

            onLoop(from, () -> sendAll(from, to, 3000, 4));

            assertThat(receiver.next(2)).extracting(Bytes::length).containsExactly(2048, 4);
        }
    }

    @Test
    void aSendThatFailsIsCountedAndTheSocketGoesOn() throws Exception {
        for (Kind kind : kinds()) {
            Receiver receiver = new Receiver();
            AtomicInteger unsent = new AtomicInteger();
            UdpSocket from =
                    bind(
                            kind,
                            new SilentListener() {
                                @Override
                                public void unsent(int datagrams) {
                                    unsent.addAndGet(datagrams);
                                }
                            });
            Address to = bind(kind, receiver).local();

            onLoop(
                    from,
                    () -> {
                        sendAll(from, Address.of("255.255.255.255", 9), 10, 10, 10); // EACCES
                        sendAll(from, Address.of("192.0.2.1", 9), 10, 10); // EINVAL from loopback
                        sendAll(from, to, 66_000); // EMSGSIZE
                        sendAll(from, to, 5, 5);
                    });

            assertThat(receiver.next(2)).containsExactlyElementsOf(payloads(5, 5));
            assertThat(unsent.get()).isEqualTo(6);
            if (from instanceof EpollSocket epoll) {
                assertThat(epoll.isSegmenting()).isTrue();
            }
        }
    }

    @Test
    void aLargePacketThatIsToStayWholeIsSentSoAndTheNextOneMayBeCut() throws Exception {
        for (Kind kind : kinds()) {
            Receiver receiver = new Receiver();
            UdpSocket from = bind(kind, new SilentListener());
            Address to = bind(kind, receiver).local();
            if (kind == Kind.PORTABLE && from.mtu() == 0) {
                continue; // a Java that cannot forbid it
            }
            assertThat(from.mtu()).isEqualTo(1500);

            onLoop(from, () -> sendAll(from, to, true, 1472, 1472, 1172, 1472));
            assertThat(mayBeCut(from)).isFalse();
            onLoop(from, () -> sendAll(from, to, false, 1172));
            assertThat(mayBeCut(from)).isFalse(); // it is small
            onLoop(from, () -> sendAll(from, to, false, 1472, 1172));
            assertThat(mayBeCut(from)).isTrue();

            assertThat(receiver.next(7))
                    .extracting(Bytes::length)
                    .containsExactly(1472, 1472, 1172, 1472, 1172, 1472, 1172);
        }
    }

    @Test
    void whatIsToStayWholeAndDoesNotFitTheLinkIsLostAndTheSocketGoesOnAsBefore() throws Exception {
        assumeThat(Epoll.isAvailable()).isTrue();
        AtomicInteger unsent = new AtomicInteger();
        Receiver receiver = new Receiver();
        UdpSocket from =
                bind(
                        Kind.EPOLL,
                        new SilentListener() {
                            @Override
                            public void unsent(int datagrams) {
                                unsent.addAndGet(datagrams);
                            }
                        });
        Address to = bind(Kind.EPOLL, receiver).local();

        onLoop(from, () -> sendAll(from, to, true, 65_520)); // with headers, above that of loopback
        onLoop(from, () -> sendAll(from, to, true, 20, 20));

        assertThat(receiver.next(2)).containsExactlyElementsOf(payloads(20, 20));
        assertThat(unsent.get()).isEqualTo(1);
        assertThat(((EpollSocket) from).isSegmenting()).isTrue();
    }

    private boolean mayBeCut(UdpSocket socket) throws Exception {
        if (socket instanceof EpollSocket epoll) {
            Integer option = epoll.channel().config().getOption(Fragmentation.LINUX);
            return requireNonNull(option) == 0;
        }
        DatagramChannel channel = ((PortableSocket) socket).channel();
        SocketOption<Boolean> option = requireNonNull(Fragmentation.portableOption(channel));
        return !channel.getOption(option);
    }

    @Test
    void aClosedSocketLeavesItsPort() throws Exception {
        for (Kind kind : kinds()) {
            UdpSocket socket = bind(kind, new SilentListener());
            Address local = socket.local();

            onLoop(socket, socket::close).get(5, SECONDS);

            new DatagramSocket(local.toSocketAddress()).close();
        }
    }

    private void assertArrives(Kind fromKind, Kind toKind, int... lengths) throws Exception {
        Receiver receiver = new Receiver();
        Address to = bind(toKind, receiver).local();
        UdpSocket from = bind(fromKind, new SilentListener());

        onLoop(from, () -> sendAll(from, to, lengths));

        assertThat(receiver.next(lengths.length)).containsExactlyElementsOf(payloads(lengths));
    }

    private static List<Kind> kinds() {
        return Epoll.isAvailable() ? List.of(Kind.values()) : List.of(Kind.PORTABLE);
    }

    private UdpSocket bind(Kind kind, UdpSocket.Listener listener) {
        EventLoopThread thread = EventLoopThread.start("socket-test", kind);
        UdpSocket socket = thread.bind(Address.loopback(0), listener).join();
        threads.put(socket, thread);
        return socket;
    }

    private void onLoop(UdpSocket socket, Runnable task) throws Exception {
        onLoop(socket, Executors.callable(task));
    }

    /** Does something where a socket is used. */
    private <T> T onLoop(UdpSocket socket, Callable<T> task) throws Exception {
        EventLoopThread thread = requireNonNull(threads.get(socket));
        return thread.eventLoop().submit(task).get(5, SECONDS);
    }

    private static void sendAll(UdpSocket from, Address to, int... lengths) {
        sendAll(from, to, false, lengths);
    }

    private static void sendAll(UdpSocket from, Address to, boolean whole, int... lengths) {
        for (Bytes payload : payloads(lengths)) {
            from.send(to, packet(payload, whole));
        }
        from.flush();
    }

    /** Each different from the others of the same length. */
    private static List<Bytes> payloads(int... lengths) {
        List<Bytes> payloads = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            byte[] payload = new byte[lengths[i]];
            Arrays.fill(payload, (byte) i);
            payloads.add(Bytes.wrap(payload));
        }
        return payloads;
    }

    private static Packet packet(Bytes payload) {
        return packet(payload, false);
    }

    private static Packet packet(Bytes payload, boolean whole) {
        return new Packet() {
            @Override
            public boolean isWhole() {
                return whole;
            }

            @Override
            public int length() {
                return payload.length();
            }

            @Override
            public void writeTo(ByteBuffer target) {
                payload.copyTo(target);
            }
        };
    }

    /** Keeps copies of what comes in. */
    private static final class Receiver extends SilentListener {

        private final BlockingQueue<Bytes> received = new LinkedBlockingQueue<>();

        @Override
        public void received(Address source, Bytes payload) {
            received.add(Bytes.wrap(payload.toArray()));
        }

        List<Bytes> next(int count) throws InterruptedException {
            List<Bytes> next = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Bytes payload = received.poll(5, SECONDS);
                assertThat(payload).as("datagram %s of %s", i + 1, count).isNotNull();
                next.add(payload);
            }
            return next;
        }
    }
}
