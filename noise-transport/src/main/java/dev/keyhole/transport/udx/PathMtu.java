package dev.keyhole.transport.udx;

/**
 * How large the packets of a stream may be, and the search for more.
 *
 * <p>All sizes are those of whole IP packets ({@code docs/protocol.md}, "Packet sizes of UDX"). Every
 * path is taken to carry the smallest. Once something has arrived over a path, now and then a full
 * packet, behind which there is more, is made longer by padding. If it arrives, that is how large
 * packets are from then on; three that are lost at one size end the search. The payload is repeated
 * without the padding, so such a loss costs no more than a repetition, and says nothing about
 * congestion.
 *
 * <p>A path may come to carry less, and then packets vanish for their size alone. Their repetitions
 * may be cut on the way, so they arrive; but of the full packets that follow, none does. When that
 * has been so for three windows in a row, the search begins again.
 */
final class PathMtu {

    /** What every path is taken to carry. */
    static final int BASE_BYTES = 1200;

    /** The most that is looked for. */
    static final int MAX_BYTES = 1500;

    static final int STEP_BYTES = 32;

    /** Lost packets of one size after which it is taken to be too large. */
    static final int TRIES = 3;

    /** What is in front of the payload: the headers of IPv4 and UDP, and our own. */
    static final int HEADER_BYTES = 28 + PacketHeader.LENGTH;

    /** What a packet carries over every path. */
    static final int BASE_PAYLOAD = BASE_BYTES - HEADER_BYTES;

    /** Windows that have lost full packets, with none arriving, after which the path is narrower. */
    private static final int SUSPICIONS = 3;

    private final UdxCounters counters;

    private int bytes = BASE_BYTES;
    private int mostBytes = BASE_BYTES;
    private int widestPayload = BASE_PAYLOAD;

    private Search search = Search.DONE;

    /** The first packet that was sent over this path. */
    private int firstSeq;

    private int tries;

    /** Whether a packet with padding is under way, and which. */
    private boolean probing;

    private int probeSeq;

    private int suspicions;

    /** Of the full packets that are known to be lost, the last. */
    private int lastLostSeq;

    /** Of those that are known to have arrived, the last. */
    private int lastArrivedSeq;

    /** Whatever is lost below was sent before the last suspicion. */
    private int suspectedBelow;

    private enum Search {
        /** Nothing has arrived over this path. */
        NOT_BEGUN,
        GOING_ON,
        DONE
    }

    PathMtu(UdxCounters counters) {
        this.counters = counters;
    }

    /** How much a packet may carry. */
    int payload() {
        return bytes - HEADER_BYTES;
    }

    /** The most that any packet of this stream has been allowed to carry. */
    int widestPayload() {
        return widestPayload;
    }

    /** The largest packet that may be sent. */
    int bytes() {
        return bytes;
    }

    /**
     * Begins anew, for another path.
     *
     * @param most the largest packet to try; at or below the smallest size, nothing is tried
     * @param nextSeq the first packet that takes this path
     */
    void begin(int most, int nextSeq) {
        mostBytes = Math.max(BASE_BYTES, Math.min(most, MAX_BYTES));
        beginAt(nextSeq);
    }

    private void beginAt(int nextSeq) {
        bytes = BASE_BYTES;
        search = mostBytes > BASE_BYTES ? Search.NOT_BEGUN : Search.DONE;
        firstSeq = nextSeq;
        tries = 0;
        probing = false;
        suspicions = 0;
        lastArrivedSeq = nextSeq - 1;
    }

    /**
     * Says how much padding a new packet is to have, and takes in that it is sent with it.
     *
     * @param followed whether there is more to send behind it, by which its loss is soon noticed
     */
    int pad(SentPacket packet, boolean followed) {
        boolean wanted = search == Search.GOING_ON && !probing;
        if (!wanted || !followed || !isFull(packet)) {
            return 0;
        }
        probing = true;
        probeSeq = packet.seq;
        return probeBytes() - bytes;
    }

    /** Whether a packet with padding is under way. */
    boolean isProbing() {
        return probing;
    }

    /** Whether large packets may be vanishing, so that repetitions had better be cut on the way. */
    boolean isInDoubt() {
        return suspicions > 0;
    }

    /** Whether a packet is too large for the path as it is known now. */
    boolean isTooLarge(SentPacket packet) {
        return packet.payloadLength > payload();
    }

    /** Takes in that a packet has arrived. */
    void arrived(SentPacket packet) {
        boolean probe = probing && packet.seq == probeSeq;
        if (probe && packet.sentOnce()) {
            grow();
        } else if (probe) {
            failed(); // it may have been a copy without padding
        } else if (packet.sentOnce() && packet.seq - firstSeq >= 0) {
            arrivedWhole(packet);
        }
    }

    private void arrivedWhole(SentPacket packet) {
        if (search == Search.NOT_BEGUN) {
            search = Search.GOING_ON;
        }
        if (isFull(packet) && packet.seq - lastArrivedSeq > 0) {
            lastArrivedSeq = packet.seq;
            if (packet.seq - lastLostSeq > 0) {
                suspicions = 0;
            }
        }
    }

    /**
     * Takes in that a packet has been given up for lost.
     *
     * @param nextSeq the number of the next new packet
     */
    void lost(SentPacket packet, int nextSeq) {
        if (probing && packet.seq == probeSeq) {
            failed();
        } else if (isSuspicious(packet)) {
            suspect(packet, nextSeq);
        }
    }

    private boolean isSuspicious(SentPacket packet) {
        return bytes > BASE_BYTES
                && packet.sentOnce()
                && isFull(packet)
                && packet.seq - lastArrivedSeq > 0;
    }

    private void suspect(SentPacket packet, int nextSeq) {
        boolean first = suspicions == 0;
        if (first || packet.seq - lastLostSeq > 0) {
            lastLostSeq = packet.seq;
        }
        if (first || packet.seq - suspectedBelow >= 0) {
            suspicions++;
            suspectedBelow = nextSeq;
        }
        if (suspicions == SUSPICIONS) {
            counters.count(UdxCounters.Event.PATH_NARROWED);
            beginAt(nextSeq);
        }
    }

    private int probeBytes() {
        return Math.min(bytes + STEP_BYTES, mostBytes);
    }

    private void grow() {
        probing = false;
        tries = 0;
        suspicions = 0;
        bytes = probeBytes();
        lastArrivedSeq = probeSeq;
        widestPayload = Math.max(widestPayload, payload());
        if (bytes == mostBytes) {
            search = Search.DONE;
        }
    }

    private void failed() {
        probing = false;
        tries++;
        if (tries == TRIES) {
            search = Search.DONE;
        }
    }

    private boolean isFull(SentPacket packet) {
        return packet.payloadLength == payload();
    }
}
