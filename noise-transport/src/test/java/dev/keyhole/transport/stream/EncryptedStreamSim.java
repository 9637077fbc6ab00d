package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.sim.Forger;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStats;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two peers with an encrypted stream between them, on networks good and bad. */
class EncryptedStreamSim {

    @Seeds(40)
    void everyMessageArrivesInOrderWhateverTheNetworkDoes(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        Pair pair = new Pair(net);

        pair.left.talk(30, 20_000);
        pair.right.talk(30, 20_000);
        net.runUntil(() -> pair.left.isClosed() && pair.right.isClosed(), HOURS.toNanos(2));

        assertThat(pair.left.diary.messages).isEqualTo(pair.right.said);
        assertThat(pair.right.diary.messages).isEqualTo(pair.left.said);
        assertThat(pair.left.diary.closed).isEqualTo(new CloseReason.Ended());
        assertThat(pair.right.diary.closed).isEqualTo(new CloseReason.Ended());
    }

    @Seeds(40)
    void flippedBitsEndAStreamButNeverChangeAMessage(long seed) {
        SimNetwork net = new SimNetwork(seed);
        Pair pair = new Pair(net);
        net.link(Link.of(MILLISECONDS.toNanos(20)).withCorruption(0.05));

        pair.left.talk(50, 5_000);
        pair.right.talk(50, 5_000);
        net.run(HOURS.toNanos(1));

        assertIsPrefix(pair.left.diary.messages, pair.right.said);
        assertIsPrefix(pair.right.diary.messages, pair.left.said);
        assertThat(pair.left.isClosed()).isTrue();
        assertThat(pair.right.isClosed()).isTrue();
    }

    @Seeds(60)
    void forgedPacketsEndAStreamAtWorstButNeverChangeAMessage(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        Pair pair = new Pair(net);
        net.invariant(pair::checkBounds);

        pair.left.talk(40, 20_000);
        pair.right.talk(40, 5_000);
        Forger.join(net, 500 + net.random().nextInt(1_000));
        net.run(HOURS.toNanos(1));

        assertIsPrefix(pair.left.diary.messages, pair.right.said);
        assertIsPrefix(pair.right.diary.messages, pair.left.said);
        assertThat(pair.left.host.wakes()).isLessThan(20_000);
    }

    @Seeds(20)
    void aPeerWhoseHostSleptBrieflyHearsEverything(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(5 + net.random().nextInt(100))).withLoss(0.01));
        Pair pair = new Pair(net);
        pair.left.talk(60, 20_000);
        pair.right.talk(60, 20_000);

        SimHost.Sleep[] ways = SimHost.Sleep.values();
        for (int i = 0; i < 2; i++) {
            SimHost.Sleep how = ways[net.random().nextInt(ways.length)];
            Peer sleeper = net.random().nextBoolean() ? pair.left : pair.right;
            long nap = MILLISECONDS.toNanos(net.random().nextInt(8_000));
            net.after(SECONDS.toNanos(2 + 20L * i), () -> sleeper.host.sleep(nap, how));
        }
        net.runUntil(() -> pair.left.isClosed() && pair.right.isClosed(), HOURS.toNanos(1));

        assertThat(pair.left.diary.messages).isEqualTo(pair.right.said);
        assertThat(pair.right.diary.messages).isEqualTo(pair.left.said);
    }

    /** As when the machine that both are on is suspended: nobody has missed anything. */
    @Seeds(20)
    void anIdleStreamSurvivesANightInWhichBothHostsSleep(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(20)));
        Pair pair = new Pair(net);
        net.run(SECONDS.toNanos(20) + MILLISECONDS.toNanos(net.random().nextInt(10_000)));

        SimHost.Sleep[] ways = SimHost.Sleep.values();
        pair.left.host.sleep(HOURS.toNanos(8), ways[net.random().nextInt(ways.length)]);
        pair.right.host.sleep(
                HOURS.toNanos(8) + MILLISECONDS.toNanos(net.random().nextInt(3_000)),
                ways[net.random().nextInt(ways.length)]);
        net.run(HOURS.toNanos(8) + SECONDS.toNanos(10));
        long wakes = pair.left.host.wakes() + pair.right.host.wakes();
        pair.left.say(Bytes.utf8("good morning"));
        net.run(SECONDS.toNanos(60));

        assertThat(pair.right.diary.messages).containsExactly(Bytes.utf8("good morning"));
        assertThat(pair.left.host.wakes() + pair.right.host.wakes() - wakes).isLessThan(200);
    }

    @Test
    void anIdleStreamStaysOpen() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = new Pair(net);

        net.run(HOURS.toNanos(2));
        pair.left.say(Bytes.utf8("still there?"));
        net.run(SECONDS.toNanos(1));

        assertThat(pair.right.diary.messages).containsExactly(Bytes.utf8("still there?"));
    }

    @Test
    void aPeerThatFallsSilentIsNoticedByWhatItDoesNotAcknowledge() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = new Pair(net);
        net.run(SECONDS.toNanos(20));

        pair.right.host.kill();
        net.runUntil(pair.left::isClosed, SECONDS.toNanos(60));

        assertThat(pair.left.diary.closed).isInstanceOf(CloseReason.TimedOut.class);
        assertThat(pair.left.diary.ended).isZero();
    }

    @Test
    void aPeerThatDiesAfterWeHaveEndedIsNoticed() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = new Pair(net);
        pair.left.host.command(pair.left.stream::end);
        net.run(SECONDS.toNanos(60));
        assertThat(pair.left.isClosed()).isFalse();

        pair.right.host.kill();
        net.runUntil(pair.left::isClosed, SECONDS.toNanos(30));

        assertThat(pair.left.diary.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void aPeerThatOnlyListensAfterWeHaveEndedIsNotGivenUp() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = new Pair(net);
        pair.right.host.command(now -> pair.right.stream.keepAlive(Machine.NEVER, now));
        pair.left.host.command(pair.left.stream::end);

        net.run(HOURS.toNanos(2));
        pair.right.say(Bytes.utf8("at last"));
        net.run(SECONDS.toNanos(1));

        assertThat(pair.left.diary.messages).containsExactly(Bytes.utf8("at last"));
    }

    @Test
    void aPeerThatNeverSpeaksIsNotVerified() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = Pair.unconnected(net);
        pair.left.connect(pair.right);

        net.runUntil(pair.left::isClosed, SECONDS.toNanos(60));

        assertThat(pair.left.diary.verified).isZero();
        assertThat(pair.left.diary.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Test
    void aStreamCutInAMessageDeliversNoneOfIt() {
        SimNetwork net = new SimNetwork(1);
        Pair pair = new Pair(net);
        net.link(Link.of(MILLISECONDS.toNanos(10)).withRate(100_000, 50_000));
        pair.left.say(Bytes.utf8("short"));
        pair.left.say(Bytes.random(net.random(), 1_000_000));

        net.run(SECONDS.toNanos(3));
        pair.left.host.kill();
        net.runUntil(pair.right::isClosed, SECONDS.toNanos(120));

        assertThat(pair.right.diary.messages).containsExactly(Bytes.utf8("short"));
        assertThat(pair.right.diary.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Seeds(20)
    void closeDeliversEverythingWritten(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.of(MILLISECONDS.toNanos(30)).withLoss(0.05).withRate(500_000, 50_000));
        Pair pair = new Pair(net);
        boolean answersTheEnd = net.random().nextBoolean();
        for (int i = 0; i < 20; i++) {
            pair.left.say(Bytes.random(net.random(), 50_000));
        }

        pair.left.host.command(now -> pair.left.stream.close(SECONDS.toNanos(20), now));
        net.runUntil(() -> pair.right.diary.ended == 1, SECONDS.toNanos(20));
        assertThat(pair.right.diary.messages).isEqualTo(pair.left.said);
        if (answersTheEnd) {
            pair.right.host.command(pair.right.stream::end);
        }
        net.runUntil(pair.left::isClosed, SECONDS.toNanos(21));

        assertThat(pair.left.diary.closed)
                .isInstanceOf(answersTheEnd ? CloseReason.Ended.class : CloseReason.ByUs.class);
    }

    private static void assertIsPrefix(List<Bytes> heard, List<Bytes> said) {
        assertThat(said.subList(0, heard.size())).isEqualTo(heard);
    }

    /** Both peers, connected. */
    private static final class Pair {

        final Peer left;
        final Peer right;

        static Pair unconnected(SimNetwork net) {
            return new Pair(net, false);
        }

        Pair(SimNetwork net) {
            this(net, true);
        }

        /** What a stream may hold, whoever fills it. */
        void checkBounds() {
            for (Peer peer : List.of(left, right)) {
                UdxStats stats = peer.rawStream.stats();
                long held = stats.unreadBytes() + stats.keptBytes();
                if (held > 3L * UdxStream.DEFAULT_WINDOW_BYTES) {
                    throw new AssertionError(held + " bytes held");
                }
                if (peer.stream.frameCapacity() > Frames.MAX_BODY) {
                    throw new AssertionError("a frame takes " + peer.stream.frameCapacity());
                }
            }
        }

        private Pair(SimNetwork net, boolean connected) {
            Sessions sessions = Sessions.of(net.random().nextLong());
            left = new Peer(net, "10.0.0.1", sessions.initiator());
            right = new Peer(net, "10.0.0.2", sessions.responder());
            if (connected) {
                left.connect(right);
                right.connect(left);
            }
        }
    }

    /** A host with one stream. */
    private static final class Peer implements Machine {

        final SimNetwork net;
        final SimHost host;
        final LocalSocket socket;
        final Random random;
        final Diary diary = new Diary();
        final List<Bytes> said = new ArrayList<>();
        private final StreamMultiplexer streams;
        private final RawListener raw = new RawListener();
        private final UdxStream rawStream;
        private final EncryptedStream stream;

        Peer(SimNetwork net, String address, Session session) {
            this.net = net;
            random = new Random(net.random().nextLong());
            host = net.host(address);
            socket = host.bind(1000);
            streams = new StreamMultiplexer(random);
            rawStream = streams.open(raw);
            stream = new EncryptedStream(session, rawStream, diary, random, net.now());
            raw.target = stream;
            host.run(this);
        }

        void connect(Peer other) {
            host.command(
                    now ->
                            rawStream.connect(
                                    socket, other.socket.local(), other.rawStream.localId(), now));
        }

        boolean isClosed() {
            return diary.closed != null;
        }

        void say(Bytes message) {
            said.add(message);
            host.command(now -> stream.write(message, now));
        }

        /** Says so many things at random times, pauses and resumes reading, and ends. */
        void talk(int count, int longest) {
            long at = net.now();
            for (int i = 0; i < count; i++) {
                at += MILLISECONDS.toNanos(random.nextInt(500));
                Bytes message = Bytes.random(random, 1 + random.nextInt(longest));
                net.at(at, () -> sayIfOpen(message));
                if (random.nextInt(5) == 0) {
                    net.at(at, () -> host.command(stream::pause));
                    long until = at + MILLISECONDS.toNanos(random.nextInt(3000));
                    net.at(until, () -> host.command(stream::resume));
                }
            }
            net.at(at + SECONDS.toNanos(3), () -> host.command(stream::end));
        }

        private void sayIfOpen(Bytes message) {
            if (!isClosed()) {
                say(message);
            }
        }

        @Override
        public void receive(Datagram datagram, long now) {
            streams.receive(datagram, now);
        }

        @Override
        public void opened(int request, LocalSocket opened, long now) {
            throw new AssertionError("nobody asked for a socket");
        }

        @Override
        public void openFailed(int request, String why, long now) {
            throw new AssertionError("nobody asked for a socket");
        }

        @Override
        public void expire(long now) {
            streams.expire(now);
            stream.expire(now);
        }

        @Override
        public void drain(Effects effects, long now) {
            streams.drain(effects, now);
        }

        @Override
        public long deadlineNanos() {
            return Math.min(streams.deadlineNanos(), stream.deadlineNanos());
        }
    }

    /** Passes on what the raw stream says, once there is somebody to hear it. */
    private static final class RawListener implements UdxStream.Listener {

        private EncryptedStream target;

        @Override
        public void data(Bytes data, long now) {
            target.data(data, now);
        }

        @Override
        public void message(Bytes message, long now) {
            target.message(message, now);
        }

        @Override
        public void ended(long now) {
            target.ended(now);
        }

        @Override
        public void writable(long now) {
            target.writable(now);
        }

        @Override
        public void closed(CloseReason reason, long now) {
            target.closed(reason, now);
        }
    }
}
