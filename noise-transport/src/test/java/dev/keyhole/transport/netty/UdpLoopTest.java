package dev.keyhole.transport.netty;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.sim.PassiveMachine;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class UdpLoopTest {

    private static final Address ANY = Address.loopback(0);

    @Test
    void carriesDatagramsBetweenTwoMachines() throws Exception {
        try (UdpLoop one = UdpLoop.open("one");
                UdpLoop two = UdpLoop.open("two")) {
            LocalSocket from = one.bind(ANY);
            LocalSocket to = two.bind(ANY);
            Recorder sender = Recorder.on(one);
            Recorder receiver = Recorder.on(two);

            sender.ask(one, effects -> effects.send(from, to.local(), Bytes.utf8("hello")));

            Datagram datagram = receiver.received.poll(5, SECONDS);
            assertThat(datagram).isNotNull();
            assertThat(datagram.payload().toUtf8()).isEqualTo("hello");
            assertThat(datagram.source()).isEqualTo(from.local());
            assertThat(datagram.socket()).isEqualTo(to);
        }
    }

    @Test
    void doesNotKeepTheFirstAnswerUntilTheLastOfManySlowOnesIsMade() throws Exception {
        try (UdpLoop one = UdpLoop.open("one");
                UdpLoop two = UdpLoop.open("two")) {
            LocalSocket from = one.bind(ANY);
            LocalSocket to = two.bind(ANY);
            Recorder sender = Recorder.on(one);
            Slow slow = new Slow(10);
            two.start(slow, failure -> {});
            CountDownLatch sent = new CountDownLatch(1);
            CountDownLatch listening = new CountDownLatch(1);
            two.command(
                    now -> {
                        listening.countDown();
                        await(sent);
                    });
            await(listening);

            sender.ask(one, effects -> burst(effects, from, to.local(), 10));
            sender.ask(one, effects -> sent.countDown());

            assertThat(slow.drainsBeforeLast.get(5, SECONDS)).isPositive();
        }
    }

    private static void burst(Effects effects, LocalSocket from, Address to, int datagrams) {
        for (int i = 0; i < datagrams; i++) {
            effects.send(from, to, Bytes.of(i));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(5, SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void wakesTheMachineAtItsDeadlineAndNotBefore() throws Exception {
        try (UdpLoop loop = UdpLoop.open("deadline")) {
            Recorder machine = Recorder.on(loop);

            loop.command(now -> machine.deadline = now + MILLISECONDS.toNanos(20));

            assertThat(machine.expired.await(5, SECONDS)).isTrue();
            assertThat(machine.early).isFalse();
        }
    }

    @Test
    void idleTimersDoNotKeepTheProcessAlive() throws Exception {
        try (UdpLoop loop = UdpLoop.open("idle");
                UdpLoop guest = UdpLoop.sharing(loop)) {
            loop.bind(ANY);
            guest.bind(ANY);
            Recorder machine = Recorder.on(loop);
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            CountDownLatch ran = new CountDownLatch(2);

            loop.command(now -> machine.deadline = now + SECONDS.toNanos(1000));
            for (UdpLoop each : new UdpLoop[] {loop, guest}) {
                each.command(
                        now -> {
                            threads.add(Thread.currentThread());
                            ran.countDown();
                        });
            }

            assertThat(ran.await(5, SECONDS)).isTrue();
            assertThat(threads).hasSize(1).allMatch(Thread::isDaemon);
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().contains("idle"))
                    .allMatch(Thread::isDaemon);
        }
    }

    @Test
    void noticesRunAfterTheDrainAndMayCommandTheMachine() throws Exception {
        try (UdpLoop loop = UdpLoop.open("notices")) {
            Recorder machine = Recorder.on(loop);
            List<String> order = new ArrayList<>();
            var done = new CountDownLatch(1);

            machine.ask(
                    loop,
                    effects -> {
                        effects.deliver(
                                () -> {
                                    order.add("notice");
                                    machine.demands.add(
                                            later -> {
                                                order.add("caused by the notice");
                                                done.countDown();
                                            });
                                });
                        order.add("drained");
                    });

            assertThat(done.await(5, SECONDS)).isTrue();
            assertThat(order).containsExactly("drained", "notice", "caused by the notice");
        }
    }

    @Test
    void opensFurtherSocketsOnTheSameHost() throws Exception {
        try (UdpLoop loop = UdpLoop.open("open")) {
            LocalSocket first = loop.bind(ANY);
            Recorder machine = Recorder.on(loop);

            machine.ask(loop, effects -> effects.open(7));

            LocalSocket second = machine.opened.poll(5, SECONDS);
            assertThat(second).isNotNull();
            assertThat(second.local().host()).isEqualTo(first.local().host());
            assertThat(second.local().port()).isNotEqualTo(first.local().port());
        }
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (UdpLoop loop = UdpLoop.open("taken")) {
            Address taken = loop.bind(ANY).local();

            assertThatThrownBy(() -> loop.bind(taken))
                    .isInstanceOf(BindException.class)
                    .hasMessageContaining(taken.toString());
        }
    }

    @Test
    void suspendedSocketsAreClosedAndComeBackAtTheirPorts() throws Exception {
        try (UdpLoop loop = UdpLoop.open("suspended");
                UdpLoop other = UdpLoop.open("other")) {
            LocalSocket socket = loop.bind(ANY);
            LocalSocket from = other.bind(ANY);
            Recorder machine = Recorder.on(loop);
            Recorder sender = Recorder.on(other);

            loop.suspend().get(5, SECONDS);

            machine.ask(loop, effects -> effects.send(socket, from.local(), Bytes.of(1)));
            new DatagramSocket(socket.local().toSocketAddress()).close();
            assertThat(loop.resume().get(5, SECONDS)).containsExactly(Map.entry(socket, socket));
            machine.ask(loop, effects -> effects.send(socket, from.local(), Bytes.of(2)));
            assertThat(sender.received.poll(5, SECONDS))
                    .isEqualTo(new Datagram(from, socket.local(), Bytes.of(2)));
            sender.ask(other, effects -> effects.send(from, socket.local(), Bytes.of(3)));
            assertThat(machine.received.poll(5, SECONDS))
                    .isEqualTo(new Datagram(socket, from.local(), Bytes.of(3)));
            assertThat(loop.unsentDatagrams()).isEqualTo(1);
        }
    }

    @Test
    void aSuspendedSocketWhosePortWasTakenGetsAnother() throws Exception {
        try (UdpLoop loop = UdpLoop.open("suspended");
                UdpLoop thief = UdpLoop.open("thief")) {
            LocalSocket socket = loop.bind(ANY);
            Recorder.on(loop);
            loop.suspend().get(5, SECONDS);
            thief.bind(socket.local());

            LocalSocket moved = loop.resume().get(5, SECONDS).get(socket);

            assertThat(moved.id()).isEqualTo(socket.id());
            assertThat(moved.local().port()).isNotEqualTo(socket.local().port());
        }
    }

    @Test
    void aSocketThatIsLostComesBackUnderItsName() throws Exception {
        try (UdpLoop loop = UdpLoop.open("lost");
                UdpLoop other = UdpLoop.open("other")) {
            LocalSocket socket = loop.bind(ANY);
            LocalSocket from = other.bind(ANY);
            Recorder machine = Recorder.on(loop);
            Recorder sender = Recorder.on(other);

            takeAway(loop, socket);
            Datagram datagram = null;
            for (int i = 0; i < 50 && datagram == null; i++) {
                machine.ask(loop, effects -> effects.send(socket, from.local(), Bytes.of(2)));
                datagram = sender.received.poll(100, MILLISECONDS);
            }
            assertThat(datagram).isEqualTo(new Datagram(from, socket.local(), Bytes.of(2)));
            sender.ask(other, effects -> effects.send(from, socket.local(), Bytes.of(3)));
            assertThat(machine.received.poll(5, SECONDS))
                    .isEqualTo(new Datagram(socket, from.local(), Bytes.of(3)));
            assertThat(loop.lostSockets()).isEqualTo(1);
        }
    }

    @Test
    void aSocketThatIsLostAndClosedStaysAway() throws Exception {
        try (UdpLoop loop = UdpLoop.open("lost")) {
            LocalSocket socket = loop.bind(ANY);
            Recorder machine = Recorder.on(loop);

            takeAway(loop, socket);
            machine.ask(loop, effects -> effects.close(socket));
            loop.suspend().get(5, SECONDS);

            assertThat(loop.resume().get(5, SECONDS)).isEmpty();
            new DatagramSocket(socket.local().toSocketAddress()).close();
        }
    }

    /** Closes a socket as an operating system does that wants it back. */
    private static void takeAway(UdpLoop loop, LocalSocket socket) throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        loop.command(
                now -> {
                    UdpSocket udp = loop.find(socket);
                    try {
                        if (udp instanceof EpollSocket epoll) {
                            epoll.channel().close();
                        } else if (udp instanceof PortableSocket portable) {
                            portable.channel().close();
                        }
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                    gone.countDown();
                });
        assertThat(gone.await(5, SECONDS)).isTrue();
    }

    @Test
    void aMachineThatThrowsClosesItsLoopAndSaysWhy() throws Exception {
        var failures = new LinkedBlockingQueue<Throwable>();
        try (UdpLoop loop = UdpLoop.open("fault")) {
            Recorder machine = new Recorder();
            loop.start(machine, failures::add);

            machine.ask(
                    loop,
                    effects -> {
                        throw new IllegalStateException("our fault");
                    });

            assertThat(failures.poll(5, SECONDS)).hasMessage("our fault");
        }
    }

    @Test
    void loopsThatShareAThreadStillHaveTheirOwnMachines() throws Exception {
        try (UdpLoop one = UdpLoop.open("shared");
                UdpLoop two = UdpLoop.sharing(one)) {
            LocalSocket from = one.bind(ANY);
            LocalSocket to = two.bind(ANY);
            Recorder sender = Recorder.on(one);
            Recorder receiver = Recorder.on(two);

            sender.ask(one, effects -> effects.send(from, to.local(), Bytes.of(1)));

            assertThat(receiver.received.poll(5, SECONDS)).isNotNull();
            assertThat(sender.received).isEmpty();
        }
    }

    /** Takes a millisecond for each datagram, and counts how often it could answer in between. */
    private static final class Slow extends PassiveMachine {

        final CompletableFuture<Integer> drainsBeforeLast = new CompletableFuture<>();
        private int left;
        private int drains;

        Slow(int datagrams) {
            left = datagrams;
        }

        @Override
        public void receive(Datagram datagram, long nowNanos) {
            long until = System.nanoTime() + MILLISECONDS.toNanos(1);
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            left--;
            if (left == 0) {
                drainsBeforeLast.complete(drains);
            }
            drains = left == 9 ? 0 : drains;
        }

        @Override
        public void drain(Effects effects, long nowNanos) {
            drains++;
        }
    }

    /** Remembers what came in and demands what it is told to; touched on its loop's thread only. */
    private static final class Recorder implements Machine {

        final BlockingQueue<Datagram> received = new LinkedBlockingQueue<>();
        final BlockingQueue<LocalSocket> opened = new LinkedBlockingQueue<>();
        final CountDownLatch expired = new CountDownLatch(1);
        final List<Consumer<Effects>> demands = new ArrayList<>();
        volatile boolean early;
        long deadline = NEVER;

        static Recorder on(UdpLoop loop) {
            var recorder = new Recorder();
            loop.start(recorder, failure -> {});
            CountDownLatch started = new CountDownLatch(1);
            loop.command(now -> started.countDown());
            UdpLoopTest.await(started);
            return recorder;
        }

        void ask(UdpLoop loop, Consumer<Effects> demand) {
            loop.command(now -> demands.add(demand));
        }

        @Override
        public void receive(Datagram datagram, long nowNanos) {
            received.add(datagram.copy());
        }

        @Override
        public void opened(int request, LocalSocket socket, long nowNanos) {
            opened.add(socket);
        }

        @Override
        public void openFailed(int request, String why, long nowNanos) {
            throw new IllegalStateException(why);
        }

        @Override
        public void expire(long nowNanos) {
            early |= nowNanos < deadline;
            deadline = NEVER;
            expired.countDown();
        }

        @Override
        public void drain(Effects effects, long nowNanos) {
            List<Consumer<Effects>> now = List.copyOf(demands);
            demands.clear();
            now.forEach(demand -> demand.accept(effects));
        }

        @Override
        public long deadlineNanos() {
            return deadline;
        }
    }
}
