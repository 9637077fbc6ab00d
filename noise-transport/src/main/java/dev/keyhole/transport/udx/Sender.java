package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The sending end of a stream: what to send, when, and when to send it again.
 *
 * <p>Three deadlines look after packets in flight ({@code docs/protocol.md}, "UDX loss"). Suspects
 * are checked when they have had their time. When acks stop coming, a probe asks for one after two
 * round trips. And when that fails too, the timeout starts over with a tiny window; the seventh in a
 * row gives the peer up. A fourth deadline asks a peer whose window is closed whether it still is, and
 * gives up one that leaves as many questions unanswered.
 */
final class Sender {

    /** The peer is given up at this many timeouts without progress. */
    static final int MAX_TIMEOUTS = 7;

    /** What may be waiting for acks beyond one window before writers are asked to stop, at most. */
    static final int HIGH_WATER_BYTES = 262_144;

    static final long INITIAL_PEER_WINDOW = 4_194_304;

    /** Blocks that a selective ack has at most; they are the lowest. */
    static final int MAX_BLOCKS = 50;

    /** How many new packets leave before others have their turn. */
    static final int MAX_PACKETS_PER_TURN = 32;

    /** If so many packets wait for one that was lost twice, it is repeated in two copies. */
    private static final int MANY_AHEAD = 1024;

    /** Probes without an answer, each after twice the time, before only the timeout is left. */
    private static final int MAX_PROBES = 3;

    private static final long PROBE_FLOOR_NANOS = MILLISECONDS.toNanos(5);
    private static final long ACK_DELAY_NANOS = MILLISECONDS.toNanos(2);

    /** Whoever is so late for a deadline was asleep. */
    private static final long NAP_NANOS = SECONDS.toNanos(1);

    private final SendQueue queue = new SendQueue();
    private final PathMtu mtu;
    private final Flight flight;
    private final RttEstimator rtt = new RttEstimator();
    private final LossDetector losses;
    private final Contradictions contradictions;
    private final DeliveryRate rate = new DeliveryRate();
    private final Random dice;
    private final RttProbes rttProbes;
    private Bbr congestion;
    private final Pacer pacer = new Pacer();
    private final UdxCounters counters;
    private final Arrived arrived = new Arrived();

    private long peerWindow = INITIAL_PEER_WINDOW;
    private int windowSeq;
    private int windowAck;

    private Mode mode = Mode.OPEN;
    private int modeUntil;

    private int timeouts;

    /** Whether nothing has shown yet that the last timeout was not too early. */
    private boolean timeoutInDoubt;

    /** Questions after the window without a word from the peer since. */
    private int windowProbes;

    private boolean patient;
    private boolean acknowledged;

    /** When we woke: what was sent before says nothing about how long packets take. */
    private long wokeAt = Long.MIN_VALUE;

    /** Whether the timeout was put off for a nap, which happens once until something arrives. */
    private boolean excused;

    private boolean ending;
    private boolean endSent;
    private int endSeq;
    private boolean endArrived;

    private long timeoutAt = Machine.NEVER;
    private long probeAt = Machine.NEVER;
    private long windowProbeAt = Machine.NEVER;
    private long paceAt = Machine.NEVER;

    /** Whether the last selective ack had no room for all that the peer holds. */
    private boolean acksTruncated;

    /** Whether, besides, what it mentions last was sent long ago. */
    private boolean acksBehind;

    /** The end of its last block: what is above may have arrived unmentioned. */
    private int mentionedBelow;

    private boolean more;
    private boolean wroteSinceTransmit;
    private boolean progressSinceTransmit;
    private boolean probeDue;
    private int probesOut;
    private boolean heartbeatDue;

    /** Whether packets have been lost lately, and how that was noticed. */
    private enum Mode {
        OPEN,
        RECOVERY,
        TIMED_OUT
    }

    /** Where packets go, and what their headers say besides. */
    interface Path {

        /**
         * Sends a packet for the first time, in one piece or not at all.
         *
         * @param padding how many bytes of nothing go in front of the payload
         */
        void send(SentPacket packet, int padding, Effects effects);

        /** Sends a packet of nothing but a header. */
        void sendBare(int flags, int seq, Effects effects);

        /**
         * Sends a packet again, with an ack and a window of today.
         *
         * @param whole whether to send it in one piece or not at all
         * @param desperate whether to send a copy over the path before this one, too, if that has
         *     not been left for good
         */
        void sendAgain(SentPacket packet, boolean whole, boolean desperate, Effects effects);
    }

    /** Another way that copies of packets take. */
    interface Copies {
        void sendAgain(SentPacket packet, Effects effects);
    }

    Sender(
            int firstSeq,
            int firstRemoteSeq,
            Random dice,
            UdxCounters counters,
            PacketPool packets,
            RttProbes rttProbes) {
        this.dice = dice;
        this.rttProbes = rttProbes;
        this.congestion = new Bbr(dice, rttProbes);
        this.mtu = new PathMtu(counters);
        this.flight = new Flight(firstSeq, packets, mtu);
        this.losses = new LossDetector(flight, rtt);
        this.contradictions = new Contradictions(flight);
        this.counters = counters;
        this.windowSeq = firstRemoteSeq;
        this.windowAck = firstSeq;
    }

    void write(Bytes data) {
        queue.add(data);
        wroteSinceTransmit = true;
    }

    /** Lets go of memory that only a busy stream needs. */
    void trim() {
        flight.trim();
    }

    /** Nothing follows what was written. */
    void end() {
        ending = true;
        wroteSinceTransmit = true;
    }

    boolean isEnding() {
        return ending;
    }

    /** Whether to go on for ever without an ack, since somebody else decides when it is enough. */
    void patient(boolean newPatient) {
        patient = newPatient;
        timeouts = 0;
        windowProbes = 0;
    }

    /** Whether the peer has ever acknowledged anything. */
    boolean isAcknowledged() {
        return acknowledged;
    }

    /** The largest IP packet that the path is known to carry. */
    int mtu() {
        return mtu.bytes();
    }

    /**
     * Takes in that packets travel over some path from now on.
     *
     * @param mostBytes the largest IP packet that may be worth trying; 0 for none
     */
    void pathBegins(int mostBytes) {
        mtu.begin(mostBytes, flight.next());
    }

    /** Has everything that has not arrived sent again at once, over another path. */
    void startOver(int mostBytes) {
        flight.loseAll();
        pathBegins(mostBytes);
        mode = Mode.OPEN;
        congestion = new Bbr(dice, rttProbes);
        timeouts = 0;
        windowProbes = 0;
        timeoutAt = Machine.NEVER;
        probeAt = Machine.NEVER;
        probeDue = false;
        probesOut = 0;
    }

    /**
     * Sends copies of the first packets that have not arrived over another path as well.
     *
     * @return how many
     */
    int sendCopies(Copies path, int limit, Effects effects) {
        int[] sent = new int[1];
        flight.forEachPending(
                packet -> {
                    if (sent[0] < limit) {
                        sent[0]++;
                        packet.transmissions++;
                        path.sendAgain(packet, effects);
                    }
                });
        return sent[0];
    }

    /** Whether the end and all before it have arrived. */
    boolean endArrived() {
        return endArrived;
    }

    /** Whether all that has not arrived is a packet which says the end and nothing else. */
    boolean onlyEndMissing() {
        SentPacket lowest = flight.lowest();
        return endSent && lowest != null && lowest.seq == endSeq && lowest.payloadLength == 0;
    }

    /** The number of the next new packet. */
    int nextSeq() {
        return flight.next();
    }

    /** Whether every packet before the given one has arrived. */
    boolean haveArrivedBelow(int seq) {
        return flight.unacknowledged() - seq >= 0;
    }

    /** Written and not known to have arrived. */
    long pendingBytes() {
        return queue.bytes() + flight.payloadBytes();
    }

    /**
     * Whether writers are to stop.
     *
     * @param beyondWindow what may be waiting besides a window
     */
    boolean isAboveHighWater(long beyondWindow) {
        long window = Math.min((long) congestion.windowPackets() * mtu.payload(), peerWindow);
        long unmentioned = acksTruncated ? (long) flight.overdue() * mtu.widestPayload() : 0;
        return pendingBytes() > beyondWindow + window + unmentioned;
    }

    RttEstimator rtt() {
        return rtt;
    }

    int windowPackets() {
        return congestion.windowPackets();
    }

    /**
     * How many packets are under way. Those an ack had no room for count only for as long as packets
     * travel; otherwise nothing could be repeated until the timeout.
     */
    int inFlight() {
        return acksTruncated ? flight.inFlight() - flight.overdue() : flight.inFlight();
    }

    /**
     * Takes in what the peer says it will buffer, unless a later packet has said otherwise.
     *
     * <p>An ack of something new is later than all before, whatever number its packet has: one forged
     * packet with a number far ahead must not silence the peer. And a window that is shut is opened
     * by any packet that may be of today.
     */
    void window(Incoming packet) {
        windowProbes = 0;
        int ahead = packet.ack() - flight.unacknowledged();
        boolean newer =
                ahead > 0
                        || ahead == 0
                                && (peerWindow == 0
                                        || windowSeq - packet.seq() < 0
                                        || windowSeq == packet.seq()
                                                && windowAck - packet.ack() <= 0);
        if (newer) {
            peerWindow = packet.windowBytes();
            windowSeq = packet.seq();
            windowAck = packet.ack();
        }
    }

    /**
     * Takes in what has arrived.
     *
     * @param blocks selective acks, eight bytes each; empty if the packet has none
     */
    void acknowledge(int ack, Bytes blocks, long now) {
        if (mode != Mode.OPEN && ack - modeUntil >= 0) {
            mode = Mode.OPEN;
            congestion.recovered();
        }
        noticeNap(now);
        arrived.begin(now);
        rate.begin();
        boolean advanced = ack - flight.unacknowledged() > 0;
        if (advanced) {
            flight.acknowledge(ack, arrived);
        }
        int ranges = 0;
        int end = 0;
        for (int at = 0; at + 8 <= blocks.length(); at += 8) {
            int start = PacketHeader.int32(blocks, at);
            if (flight.acknowledgeRange(start, PacketHeader.int32(blocks, at + 4), arrived)) {
                ranges++;
                end = PacketHeader.int32(blocks, at + 4);
            }
        }
        boolean ofToday = ack - flight.unacknowledged() >= 0;
        if (ofToday && (blocks.length() > 0 || advanced)) {
            acksTruncated = ranges >= MAX_BLOCKS && rtt.isSampled();
            mentionedBelow = acksTruncated ? end : flight.next();
            acksBehind = acksTruncated && isLongSent(flight.pending(end), now);
        }
        if (arrived.packets > 0) {
            acknowledged = true;
            learn(now);
        } else if (acksTruncated) {
            detectLosses(now);
        }
        if (advanced) {
            progressed(now);
        }
    }

    /**
     * Takes in how what a packet says fits to all that was said in the peer's name before, once its
     * acks have been taken in.
     *
     * @param continues whether it brought the next bytes of the peer's stream
     */
    void compare(int ack, Bytes blocks, boolean continues, long now) {
        contradictions.add(ack, blocks, continues, now);
    }

    /** Whether something was acknowledged in the peer's name that it goes on waiting for. */
    boolean isDeceived(long now) {
        return contradictions.suffice(rtt.timeoutNanos(), now);
    }

    Contradictions contradictions() {
        return contradictions;
    }

    private boolean isLongSent(@Nullable SentPacket packet, long now) {
        if (packet == null) {
            return false;
        }
        boolean onItsWay = packet.state == SentPacket.State.IN_FLIGHT && packet.sentOnce();
        return !onItsWay || now - packet.sentNanos > rtt.lateNanos();
    }

    /**
     * Takes in that packets travel over another path from now on.
     *
     * <p>A peer that has never answered may have got nothing so far, and gets everything again at
     * once. One that has is probed for: its answer tells what the old path has lost.
     */
    void pathChanged(int mostBytes) {
        if (!acknowledged) {
            startOver(mostBytes);
            return;
        }
        pathBegins(mostBytes);
        timeouts = 0;
        windowProbes = 0;
        if (!flight.isEmpty()) {
            timeoutAt = Machine.NEVER;
            probeDue = true;
        }
    }

    /**
     * Acts on deadlines that have passed.
     *
     * @return false when the peer is to be given up
     */
    boolean expire(long now) {
        noticeNap(now);
        if (losses.recheckNanos() <= now) {
            detectLosses(now);
        }
        if (windowProbeAt <= now) {
            if (windowProbes >= MAX_TIMEOUTS && !patient) {
                return false;
            }
            heartbeatDue = true;
            windowProbeAt = now + 2 * rtt.timeoutNanos();
        }
        if (timeoutAt <= now) {
            return timedOut(now);
        }
        if (probeAt <= now) {
            probeAt = Machine.NEVER;
            probeDue = true;
        }
        return true;
    }

    /**
     * Takes in that nobody has called for long after a deadline. What the peer has sent in the
     * meantime may be waiting to be read, so it gets time of its own, and is asked for a word.
     */
    private void noticeNap(long now) {
        if (deadlineNanos() >= now - NAP_NANOS) {
            return;
        }
        wokeAt = now;
        if (!excused && timeoutAt != Machine.NEVER) {
            excused = true;
            timeoutAt = now + rtt.timeoutNanos();
            probeAt = Machine.NEVER;
            probeDue = true;
        }
    }

    long deadlineNanos() {
        long loss = Math.min(losses.recheckNanos(), Math.min(timeoutAt, probeAt));
        return Math.min(loss, Math.min(windowProbeAt, paceAt));
    }

    /**
     * Sends what may be sent now: what was lost first, then what is new.
     *
     * @param endAlone whether the end must not share a packet with data
     */
    void transmit(Path path, Effects effects, boolean endAlone, long now) {
        boolean sent = false;
        if (acksTruncated) {
            flight.ageUntil(now - rtt.lateNanos());
        }
        if (rtt.isSampled()) {
            pacer.rate(congestion.packetsPerSecond(rtt.smoothedNanos()) * datagramBytes(), now);
        }
        if (probeDue) {
            probe(path, effects, endAlone, now);
            sent = true;
        }
        sent |= repeatLost(path, effects, now);
        sent |= sendNew(path, effects, endAlone, now);
        askForWindow(path, effects, now);
        arm(sent, now);
        wroteSinceTransmit = false;
        progressSinceTransmit = false;
    }

    private boolean repeatLost(Path path, Effects effects, long now) {
        boolean sent = false;
        SentPacket packet = flight.nextLost();
        while (packet != null && inFlight() < congestion.windowPackets() && pacer.allows(now)) {
            if (packet.transmissions > 1 && mode == Mode.RECOVERY && packetsAhead() > MANY_AHEAD) {
                pacer.spend(packet.datagramLength());
                counters.count(UdxCounters.Event.RETRANSMITTED);
                path.sendAgain(packet, mayBeWhole(packet), false, effects);
            }
            repeat(packet, mayBeWhole(packet), path, effects, now);
            sent = true;
            packet = flight.nextLost();
        }
        return sent;
    }

    private boolean sendNew(Path path, Effects effects, boolean endAlone, long now) {
        boolean sent = false;
        more = false;
        int left = MAX_PACKETS_PER_TURN;
        while (hasNew()
                && flight.nextLost() == null
                && inFlight() < congestion.windowPackets()
                && peerHasRoom()
                && pacer.allows(now)) {
            if (left-- == 0) {
                more = true;
                return sent;
            }
            sendOne(mtu.payload(), path, effects, endAlone, now);
            sent = true;
        }
        return sent;
    }

    /** Whether {@link #transmit} stopped only to let others have their turn. */
    boolean hasMore() {
        return more;
    }

    /** Whether there is nothing to send and nothing that has not arrived. */
    boolean isQuiet() {
        return !hasNew() && flight.lowest() == null;
    }

    private boolean hasNew() {
        return !queue.isEmpty() || ending && !endSent;
    }

    /**
     * Whether the peer takes another packet, for its window and for the gap before it. Behind a gap a
     * peer like us keeps {@link UdxStream#KEPT_WINDOWS} windows and refuses what goes beyond.
     */
    private boolean peerHasRoom() {
        int ahead = packetsAhead();
        long kept = UdxStream.KEPT_WINDOWS * peerWindow / datagramBytes();
        return inFlight() < peerWindowPackets()
                && (ahead == 0 || ahead < Math.min(kept, ReceiveQueue.MAX_PACKETS_AHEAD));
    }

    /** How many packets the peer has, or is to have, from the first that it waits for on. */
    private int packetsAhead() {
        return flight.next() - flight.unacknowledged();
    }

    private long peerWindowPackets() {
        return peerWindow == 0 ? 0 : Math.max(1, peerWindow / mtu.widestPayload());
    }

    private void sendOne(int mostPayload, Path path, Effects effects, boolean endAlone, long now) {
        int length = (int) Math.min(mostPayload, queue.bytes());
        boolean last = ending && length == queue.bytes() && (length == 0 || !endAlone);
        SentPacket packet = flight.begin(now);
        packet.flags = (length > 0 ? PacketHeader.DATA : 0) | (last ? PacketHeader.END : 0);
        queue.take(length, packet);
        if (last) {
            endSent = true;
            endSeq = packet.seq;
        }
        noteRate(packet, now);
        flight.sent(packet);
        int padding = mtu.pad(packet, mostPayload == mtu.payload() && !queue.isEmpty());
        pacer.spend(packet.datagramLength() + padding);
        path.send(packet, padding, effects);
    }

    private void noteRate(SentPacket packet, long now) {
        if (flight.isEmpty() && rate.isLimiting()) {
            congestion.resumed();
        }
        if (mode == Mode.TIMED_OUT) {
            // What leaves one by one, as timeouts allow, says nothing about the path.
            rate.limited(inFlight());
        }
        rate.sent(packet, flight.inFlight() > 0, !acksBehind, now);
    }

    private void repeat(SentPacket packet, boolean whole, Path path, Effects effects, long now) {
        noteRate(packet, now);
        flight.repeated(packet, now);
        pacer.spend(packet.datagramLength());
        counters.count(UdxCounters.Event.RETRANSMITTED);
        path.sendAgain(packet, whole, mode == Mode.TIMED_OUT, effects);
        if (mode != Mode.TIMED_OUT && packet.seq == flight.unacknowledged()) {
            timeoutAt = Math.max(timeoutAt, now + rtt.timeoutNanos());
        }
    }

    /**
     * Whether to repeat a packet in one piece, too: not if its size may be what keeps it from
     * arriving.
     */
    private boolean mayBeWhole(SentPacket packet) {
        return packet.sentOnce()
                && mode != Mode.TIMED_OUT
                && !mtu.isInDoubt()
                && !mtu.isTooLarge(packet);
    }

    /**
     * Asks for an ack: with something new, whatever the window, or else with the last packet. No
     * path is too narrow for either.
     */
    private void probe(Path path, Effects effects, boolean endAlone, long now) {
        probeDue = false;
        boolean recovering = mode != Mode.OPEN;
        SentPacket packet = recovering ? flight.lowest() : flight.highest();
        if (!recovering && hasNew() && peerHasRoom()) {
            sendOne(PathMtu.BASE_PAYLOAD, path, effects, endAlone, now);
        } else if (packet != null) {
            repeat(packet, false, path, effects, now);
        }
        if (probesOut == 0) {
            timeoutAt = now + rtt.timeoutNanos();
        }
        probesOut++;
    }

    private void askForWindow(Path path, Effects effects, long now) {
        boolean shut = peerWindow == 0 && flight.isEmpty() && hasNew();
        if (!shut) {
            windowProbeAt = Machine.NEVER;
            heartbeatDue = false;
            return;
        }
        if (windowProbeAt == Machine.NEVER) {
            heartbeatDue = wroteSinceTransmit;
            windowProbeAt = now + rtt.timeoutNanos();
        }
        if (heartbeatDue) {
            heartbeatDue = false;
            windowProbes++;
            path.sendBare(PacketHeader.HEARTBEAT, flight.next(), effects);
        }
    }

    private void arm(boolean sent, long now) {
        boolean work = hasNew() || flight.nextLost() != null;
        boolean full = inFlight() >= congestion.windowPackets();
        boolean paced = work && !full && !pacer.allows(now);
        paceAt = paced ? pacer.readyNanos() : Machine.NEVER;
        SentPacket underWay = flight.firstNotOverdue();
        if (work && full && acksTruncated && underWay != null) {
            paceAt = underWay.sentNanos + rtt.lateNanos();
        }
        boolean waitsForPeer = hasNew() && !peerHasRoom();
        if (!full && (!work || waitsForPeer)) {
            rate.limited(inFlight());
        }

        if (flight.isEmpty()) {
            timeoutAt = Machine.NEVER;
            probeAt = Machine.NEVER;
            return;
        }
        if (timeoutAt == Machine.NEVER) {
            timeoutAt = now + rtt.timeoutNanos();
        }
        // After a timeout that helped, what was repeated may be lost again, and a probe tells.
        boolean waiting =
                mode == Mode.TIMED_OUT && timeouts > 0
                        || probesOut == MAX_PROBES
                        || losses.recheckNanos() != Machine.NEVER
                        || inFlight() == 0;
        if (waiting) {
            probeAt = Machine.NEVER;
        } else if (sent || progressSinceTransmit) {
            long at = now + (probeDelayNanos() << probesOut);
            probeAt = at < timeoutAt ? at : Machine.NEVER;
        }
    }

    private long probeDelayNanos() {
        if (!rtt.isSampled()) {
            return RttEstimator.MIN_TIMEOUT_NANOS;
        }
        long extra = inFlight() == 1 ? ACK_DELAY_NANOS : 0;
        return Math.max(2 * rtt.smoothedNanos(), PROBE_FLOOR_NANOS) + extra;
    }

    private void learn(long now) {
        probesOut = 0;
        long rttNanos = arrived.sampled ? now - arrived.sampleSentNanos : -1;
        if (arrived.sampled) {
            rtt.sample(rttNanos, now);
        } else if (timeoutInDoubt) {
            timeoutInDoubt = false;
            rtt.doubt();
        }
        detectLosses(now);
        congestion.arrived(arrived.packets, inFlight(), arrived.allTimely, rttNanos, rate, now);
    }

    private void progressed(long now) {
        timeouts = 0;
        timeoutInDoubt = false;
        excused = false;
        progressSinceTransmit = true;
        timeoutAt = flight.isEmpty() ? Machine.NEVER : now + rtt.timeoutNanos();
        endArrived = endSent && flight.unacknowledged() - endSeq > 0;
    }

    private void detectLosses(long now) {
        int inFlightBefore = inFlight();
        boolean probing = mtu.isProbing();
        boolean recovering = mode != Mode.OPEN;
        boolean lost =
                acksTruncated
                        ? losses.detectBelow(mentionedBelow, recovering, now)
                        : losses.detect(recovering, now);
        if (!lost) {
            return;
        }
        // A packet that was made too large for the path says nothing else about it.
        boolean probeLost = probing && !mtu.isProbing();
        int count = inFlightBefore - inFlight() - (probeLost ? 1 : 0);
        if (probeLost && count == 0) {
            return;
        }
        if (mode == Mode.OPEN) {
            mode = Mode.RECOVERY;
            modeUntil = flight.next();
        }
        congestion.lost(count, inFlight());
    }

    /** A packet has arrived that was given up too early. */
    private void neverLost() {
        counters.count(UdxCounters.Event.REPEATED_IN_VAIN);
        congestion.neverLost();
        if (mode == Mode.TIMED_OUT) {
            mode = Mode.OPEN;
            congestion.recovered();
        }
    }

    private boolean timedOut(long now) {
        timeouts++;
        counters.count(UdxCounters.Event.TIMEOUT);
        if (timeouts >= MAX_TIMEOUTS && !patient) {
            return false;
        }
        mode = Mode.TIMED_OUT;
        modeUntil = flight.next();
        timeoutInDoubt = true;
        losses.timedOut(now);
        congestion.timedOut(inFlight());
        probeAt = Machine.NEVER;
        timeoutAt = now + 2 * rtt.timeoutNanos();
        return true;
    }

    private int datagramBytes() {
        return PacketHeader.LENGTH + mtu.payload();
    }

    /** What one ack has shown to have arrived. */
    private final class Arrived implements Flight.Arrivals {

        private long now;
        private int packets;
        private boolean allTimely;

        /** Of those that were sent once, the one sent last: acks of others may have been lost. */
        private boolean sampled;

        private long sampleSentNanos;
        private int sampleSeq;

        void begin(long nowNanos) {
            now = nowNanos;
            packets = 0;
            allTimely = true;
            sampled = false;
        }

        @Override
        public void arrived(SentPacket packet) {
            packets++;
            mtu.arrived(packet);
            rate.arrived(packet, now);
            boolean timely =
                    packet.sentNanos >= wokeAt
                            && (!acksTruncated || packet.seq - mentionedBelow < 0);
            if (losses.arrived(packet, timely, !acksTruncated, now)) {
                neverLost();
            }
            allTimely &= timely;
            boolean usable = timely && packet.sentOnce();
            if (usable && (!sampled || packet.sentAfter(sampleSentNanos, sampleSeq))) {
                sampled = true;
                sampleSentNanos = packet.sentNanos;
                sampleSeq = packet.seq;
            }
        }
    }
}
