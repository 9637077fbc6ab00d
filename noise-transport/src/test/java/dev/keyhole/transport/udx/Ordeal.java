package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One exchange on a network that does whatever the seed says: links that lose one by one or in
 * bursts, reorder, repeat, throttle and change; partitions one way; holes for large datagrams; hosts
 * that wake late, sleep, or go on from another socket; headers that change on the way; and somebody
 * who meddles.
 *
 * <p>Under all of that, bytes arrive in order and once, nothing passes its bound and no timer is
 * lost. Where the hardships are bearable, everything arrives and both sides close in order; else
 * whoever gives up does so for a reason.
 */
final class Ordeal {

    /** What became of an exchange. */
    enum Outcome {
        /** Everything arrived. */
        WHOLE,
        /** A side gave up after its tries, all in vain, where that was to be expected. */
        GAVE_UP,
        /** The same where it was not to be expected, but bad luck. */
        BAD_LUCK,
        /** A side destroyed the stream. */
        DESTROYED
    }

    /** How long a bearable outage lasts: several tries are left after it. */
    private static final long MAX_OUTAGE_NANOS = SECONDS.toNanos(3);

    private static final long OUTAGES_APART_NANOS = SECONDS.toNanos(40);

    /** The least that is between the first of so many timeouts and the last. */
    private static final long GIVES_UP_NANOS = SECONDS.toNanos(2 * Sender.MAX_TIMEOUTS - 2);

    private final SimNetwork net;
    private final Random random;
    private final List<String> story = new ArrayList<>();
    private final UdxExchange exchange;

    /** Whether everything must arrive. */
    private boolean bearable = true;

    private boolean destroyed;

    private Ordeal(long seed) {
        net = new SimNetwork(seed);
        random = net.random();
        net.link(draw());
        int fromA = random.nextInt(4) == 0 ? random.nextInt(400_000) : random.nextInt(60_000);
        int fromB = random.nextInt(3) == 0 ? 0 : random.nextInt(60_000);
        Settings settings = Settings.draw(random);
        story.add(fromA + " and " + fromB + " bytes, " + settings);
        exchange = UdxExchange.between(net, settings, fromA, fromB, this::prepare);
    }

    static Outcome run(long seed) {
        Ordeal ordeal = new Ordeal(seed);
        try {
            return ordeal.run();
        } catch (AssertionError e) {
            throw new AssertionError(ordeal.story + ": " + e.getMessage(), e);
        }
    }

    /** Sets clocks and habits before anything has happened. */
    private void prepare(Side side) {
        if (random.nextBoolean()) {
            side.host.setClock((long) (random.nextDouble() * HOURS.toNanos(1000)));
        }
        if (random.nextInt(4) == 0) {
            long late = MICROSECONDS.toNanos(random.nextInt(20_000));
            side.host.wakeLate(new Random(random.nextLong()), late);
            story.add("wakes " + NANOSECONDS.toMicros(late) + " us late");
        }
    }

    private Outcome run() {
        Witness atA = Witness.of(net, exchange.a, exchange.b);
        Witness atB = Witness.of(net, exchange.b, exchange.a);
        if (random.nextInt(3) == 0) {
            net.link(exchange.b.host, exchange.a.host, draw());
        }
        hardships();
        net.runUntil(this::isOver, HOURS.toNanos(24));
        net.run(MINUTES.toNanos(2));
        checkIdle(exchange.a);
        checkIdle(exchange.b);
        return outcome(atA, atB);
    }

    private void hardships() {
        if (random.nextInt(4) == 0) {
            outages();
        }
        if (random.nextInt(5) == 0) {
            holes();
        }
        if (random.nextInt(4) == 0) {
            sleeps();
        }
        if (random.nextInt(4) == 0) {
            changes();
        }
        if (random.nextInt(5) == 0) {
            roams();
        }
        if (random.nextInt(3) == 0) {
            story.add("meddler " + Meddler.join(net, exchange));
        }
        if (random.nextInt(15) == 0) {
            destroys();
        }
    }

    /** Mostly a link on which nobody has to give up; else one on which that may happen. */
    private Link draw() {
        Link link = Link.swarm(random);
        if (link.loss() > 0.08) {
            link = link.withLoss(link.loss() / 2);
        }
        if (random.nextInt(20) == 0) {
            link = link.withLoss(0.1 + 0.4 * random.nextDouble());
            bearable = false;
        }
        if (random.nextInt(20) == 0) {
            link = slower(link);
        }
        story.add(link.toString());
        return link;
    }

    /** Slower than the first timeout. */
    private Link slower(Link link) {
        Link slow = Link.of(MILLISECONDS.toNanos(400 + random.nextInt(2_500)));
        return slow.withJitter(link.jitterNanos()).withLoss(link.loss() / 4);
    }

    private Side side() {
        return random.nextBoolean() ? exchange.a : exchange.b;
    }

    private long soon() {
        return MILLISECONDS.toNanos(random.nextInt(random.nextBoolean() ? 1_000 : 20_000));
    }

    /** Nothing gets through, in one direction or in both. */
    private void outages() {
        calm();
        long at = soon();
        int outages = 1 + random.nextInt(3);
        for (int i = 0; i < outages; i++) {
            long lasts = lasting("outage");
            SimHost from = side().host;
            SimHost to = from == exchange.a.host ? exchange.b.host : exchange.a.host;
            boolean bothWays = random.nextBoolean();
            net.after(
                    at,
                    () -> {
                        net.cut(from, to);
                        if (bothWays) {
                            net.cut(to, from);
                        }
                    });
            net.after(
                    at + lasts,
                    () -> {
                        net.heal(from, to);
                        net.heal(to, from);
                    });
            at += lasts + OUTAGES_APART_NANOS + soon();
        }
    }

    /** How long an outage lasts; now and then so long that nobody has to bear it. */
    private long lasting(String what) {
        double share = random.nextDouble();
        long lasts = (long) (share * share * MAX_OUTAGE_NANOS);
        if (random.nextInt(10) == 0) {
            bearable = false;
            lasts = (long) (random.nextDouble() * HOURS.toNanos(random.nextBoolean() ? 6 : 1) / 60);
        }
        story.add(what + " of " + NANOSECONDS.toMillis(lasts) + " ms");
        return lasts;
    }

    /** Outages are hard enough without a link that loses much. */
    private void calm() {
        net.link(
                Link.of(MILLISECONDS.toNanos(random.nextInt(100)))
                        .withJitter(MILLISECONDS.toNanos(random.nextInt(20)))
                        .withReordering(0.05 * random.nextDouble())
                        .withLoss(0.01 * random.nextDouble()));
    }

    /** Large packets that must not be cut vanish, sooner or later; or most of all, for a while. */
    private void holes() {
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times; i++) {
            int mtu = PathMtu.BASE_BYTES + random.nextInt(300);
            SimHost from = side().host;
            SimHost to = from == exchange.a.host ? exchange.b.host : exchange.a.host;
            story.add("hole above " + mtu);
            net.after(random.nextBoolean() ? 0 : soon(), () -> net.narrow(from, to, mtu));
        }
        if (random.nextInt(3) != 0) {
            return;
        }
        calm();
        int sometimes = 25 + random.nextInt(1_000);
        long from = net.now() + soon();
        long until = from + lasting("narrows");
        story.add("hole above " + sometimes);
        net.meddle(
                (source, destination, payload) -> {
                    boolean narrow = net.now() >= from && net.now() < until;
                    return narrow && payload.length() > sometimes ? null : payload;
                });
    }

    /** A host does nothing for a while. */
    private void sleeps() {
        calm();
        long at = soon();
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times; i++) {
            long lasts = lasting("sleep");
            SimHost.Sleep[] ways = SimHost.Sleep.values();
            SimHost.Sleep how = ways[random.nextInt(ways.length)];
            SimHost sleeper = side().host;
            net.after(at, () -> sleeper.sleep(lasts, how));
            at += lasts + OUTAGES_APART_NANOS + soon();
        }
    }

    /** Routes change, and with them everything about a link. */
    private void changes() {
        int times = 1 + random.nextInt(4);
        for (int i = 0; i < times; i++) {
            Link later = draw();
            net.after(soon(), () -> net.link(later));
        }
    }

    /** The sides go on from and to other sockets, each for itself. */
    private void roams() {
        int times = 1 + random.nextInt(4);
        story.add("roams " + times + " times");
        for (int i = 0; i < times; i++) {
            Side who = side();
            net.after(soon(), who::roam);
        }
    }

    private void destroys() {
        destroyed = true;
        Side who = side();
        net.after(soon(), () -> who.host.command(who.stream::destroy));
        story.add("destroyed");
    }

    /** Whether both sides are through: closed, or the other is gone and there is nothing to say. */
    private boolean isOver() {
        Side a = exchange.a;
        Side b = exchange.b;
        if (a.host.isAsleep() || b.host.isAsleep()) {
            return false;
        }
        return exchange.closed() || leftAlone(a, b) || leftAlone(b, a);
    }

    private static boolean leftAlone(Side gone, Side other) {
        return gone.closed != null
                && other.closed == null
                && other.isSaid()
                && other.stream.isQuiet();
    }

    private static void checkIdle(Side side) {
        if (side.machine.deadlineNanos() != Machine.NEVER) {
            throw new AssertionError("a deadline after the end: " + side.stream);
        }
        long datagrams = side.host.sent() + side.host.received();
        long seconds = NANOSECONDS.toSeconds(side.net.now());
        if (side.host.wakes() > 3 * datagrams + 2 * seconds + 100) {
            throw new AssertionError(side.host.wakes() + " wakes for " + datagrams + " datagrams");
        }
    }

    private Outcome outcome(Witness atA, Witness atB) {
        boolean whole = true;
        for (Side side : List.of(exchange.a, exchange.b)) {
            whole &= new CloseReason.Ended().equals(side.closed);
            if (new CloseReason.Ended().equals(side.closed)) {
                requireWhole(side);
            }
        }
        if (whole) {
            return Outcome.WHOLE;
        }
        boolean oneGaveUp = atA.check(destroyed, GIVES_UP_NANOS);
        boolean otherGaveUp = atB.check(destroyed, GIVES_UP_NANOS);
        if (destroyed) {
            return Outcome.DESTROYED;
        }
        if (!oneGaveUp && !otherGaveUp) {
            throw new AssertionError(exchange.a.closed + " and " + exchange.b.closed);
        }
        return bearable ? Outcome.BAD_LUCK : Outcome.GAVE_UP;
    }

    private static void requireWhole(Side side) {
        int expected = side.other().toSend.length();
        if (side.received != expected || !side.ended) {
            throw new AssertionError("ended with " + side.received + " of " + expected);
        }
    }

    /** Whoever sees what a side sends and gets, and whether it had a reason to give up. */
    private static final class Witness {

        private final SimNetwork net;
        private final Side side;
        private int acknowledged;
        private long acknowledgedAt;
        private int tries;
        private long triedAt;

        private Witness(SimNetwork net, Side side) {
            this.net = net;
            this.side = side;
        }

        static Witness of(SimNetwork net, Side side, Side other) {
            Witness witness = new Witness(net, side);
            witness.acknowledged = side.firstSeq();
            int own = side.host.address();
            int others = other.host.address();
            net.tapArrivals(
                    (source, destination, payload) -> {
                        if (destination.host() == own && isFor(side, payload)) {
                            witness.arrived(PacketHeader.of(payload));
                        }
                    });
            net.tap(
                    (source, destination, payload) -> {
                        if (source.host() == own
                                && destination.host() == others
                                && isFor(other, payload)) {
                            witness.sent(PacketHeader.of(payload));
                        }
                    });
            return witness;
        }

        private static boolean isFor(Side side, Bytes payload) {
            return PacketHeader.leads(payload)
                    && PacketHeader.streamIdOf(payload) == side.stream.localId();
        }

        private void arrived(PacketHeader header) {
            int ahead = header.ack() - acknowledged;
            boolean possible = header.ack() - side.stream.nextSeq() <= 0;
            boolean awake = side.closed == null && !side.host.isAsleep();
            boolean heeded = !header.has(PacketHeader.HEARTBEAT) && awake;
            if (ahead > 0 && possible && heeded) {
                acknowledged = header.ack();
                acknowledgedAt = net.now();
                tries = 0;
            }
        }

        private void sent(PacketHeader header) {
            boolean asks =
                    header.has(PacketHeader.DATA | PacketHeader.END | PacketHeader.HEARTBEAT);
            if (asks && net.now() > triedAt && side.closed == null) {
                tries++;
                triedAt = net.now();
            }
        }

        /**
         * @return whether the side gave up, for which it then had a reason. It may have done so
         *     when nothing but its end was missing, and then it calls that an orderly close.
         */
        boolean check(boolean destroyed, long leastNanos) {
            CloseReason reason = side.closed;
            boolean endedAlone = reason instanceof CloseReason.Ended && side.other().closed == null;
            if (reason == null || reason instanceof CloseReason.Ended && !endedAlone) {
                return false;
            }
            if (endedAlone || reason instanceof CloseReason.TimedOut) {
                long waited = side.closedAtNet - acknowledgedAt;
                if (waited < leastNanos || tries < Sender.MAX_TIMEOUTS - 1) {
                    throw new AssertionError(
                            "gave up after "
                                    + NANOSECONDS.toMillis(waited)
                                    + " ms and "
                                    + tries
                                    + " tries");
                }
                return true;
            }
            boolean expected =
                    destroyed
                            && (reason instanceof CloseReason.ByUs
                                    || reason instanceof CloseReason.ByPeer);
            if (!expected) {
                throw new AssertionError("closed for " + reason);
            }
            return false;
        }
    }
}
