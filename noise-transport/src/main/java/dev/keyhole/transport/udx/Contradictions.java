package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.wire.Bytes;

/**
 * What the peer says that cannot be if all acks in its name were its own.
 *
 * <p>Whoever knows the id of a stream can acknowledge what never arrived, and then nobody repeats it.
 * The peer gives that away: it goes on expecting a packet that was acknowledged. It may have said so
 * before it got the packet, and its words may come late, twice or in another order. But it has said
 * so afterwards if it names in the same breath a packet that was sent for the first time when the
 * ack was already here: that is a proof, whatever the network does. Where nothing is sent any more,
 * the next bytes of the peer's own stream are a sign that it has said so lately, if several come
 * over a while in which nothing from the peer says otherwise.
 *
 * <p>Proofs and signs can be forged, too, by whoever could end the stream with a single packet.
 * More than one is needed all the same, of one and the same packet: headers get damaged.
 */
final class Contradictions {

    private static final int MIN_PROOFS = 3;
    private static final int MIN_SIGNS = 3;

    /** No network delays packets for so long while others overtake them. */
    private static final long MIN_SIGNS_NANOS = SECONDS.toNanos(10);

    private final Flight flight;

    /** What had arrived when the last packet came that fitted to all before. */
    private int arrivedBelow;

    /** The first packet that has been sent since then. */
    private int sentSince;

    /** The packet that the peer expects though it has arrived; meaningful while suspicious. */
    private int expected;

    private boolean suspicious;
    private long sinceNanos;
    private int proofs;
    private int signs;

    Contradictions(Flight flight) {
        this.flight = flight;
        this.arrivedBelow = flight.arrivedBelow();
        this.sentSince = flight.next();
    }

    /** Whether there is a proof, and nothing that fits has come since. */
    boolean isProved() {
        return proofs > 0;
    }

    /** The number of the packet that the peer goes on expecting. */
    int expected() {
        return expected;
    }

    /**
     * Takes in what a packet says, once its acks have been.
     *
     * @param blocks its selective acks
     * @param continues whether it brought the next bytes of the peer's stream
     */
    void add(int ack, Bytes blocks, boolean continues, long now) {
        if (ack - arrivedBelow >= 0) {
            arrivedBelow = flight.arrivedBelow();
            sentSince = flight.next();
            suspicious = false;
            proofs = 0;
            signs = 0;
            return;
        }
        if (!suspicious || ack != expected) {
            suspicious = true;
            expected = ack;
            sinceNanos = now;
            proofs = 0;
            signs = 0;
        }
        if (namesSentSince(ack, blocks)) {
            proofs++;
        }
        if (continues) {
            signs++;
        }
    }

    /**
     * Whether it is time to end the stream, since something will be missing for ever.
     *
     * @param leastNanos for how long nothing but contradictions must have come
     */
    boolean suffice(long leastNanos, long now) {
        long lasted = now - sinceNanos;
        return proofs >= MIN_PROOFS && lasted >= leastNanos
                || signs >= MIN_SIGNS && lasted >= MIN_SIGNS_NANOS;
    }

    private boolean namesSentSince(int ack, Bytes blocks) {
        for (int at = 0; at + 8 <= blocks.length(); at += 8) {
            int start = PacketHeader.int32(blocks, at);
            int end = PacketHeader.int32(blocks, at + 4);
            boolean sound = start - ack > 0 && end - start > 0 && end - flight.next() <= 0;
            if (sound && end - sentSince > 0) {
                return true;
            }
        }
        return false;
    }
}
