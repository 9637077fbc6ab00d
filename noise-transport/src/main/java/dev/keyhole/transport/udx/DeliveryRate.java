package dev.keyhole.transport.udx;

/**
 * How fast packets arrive at the other end, measured from one ack to the next.
 *
 * <p>Each packet remembers how many had arrived when it left. When it arrives itself, as many as have
 * arrived since then did so in the time it took, or in the time they took to be sent if that was
 * longer: acks that come in a bunch would otherwise look like a faster path. A sample taken while
 * there was too little to send says only that the path is at least that fast.
 */
final class DeliveryRate {

    private long delivered;
    private long deliveredAt;
    private long firstSentAt;

    /** Samples of packets sent before so many have arrived are limited by the application. */
    private long limitedUntil;

    private boolean sampled;
    private long priorDelivered;
    private long latestPrior;
    private long intervalNanos;
    private boolean limited;

    /** How many packets have arrived. */
    long delivered() {
        return delivered;
    }

    /** Takes in that a packet leaves, for the first time or again. */
    void sent(SentPacket packet, boolean othersInFlight, boolean usable, long now) {
        if (!othersInFlight) {
            firstSentAt = now;
            deliveredAt = now;
        }
        packet.deliveredBefore = delivered;
        packet.deliveredBeforeAt = deliveredAt;
        packet.firstSentAt = firstSentAt;
        packet.rateLimited = limitedUntil > 0;
        packet.rateUsable = usable;
    }

    /** Says that there is too little to send, with so many packets in flight. */
    void limited(int inFlight) {
        limitedUntil = Math.max(1, delivered + inFlight);
    }

    /** Whether what is sent now is limited by the application. */
    boolean isLimiting() {
        return limitedUntil > 0;
    }

    /** Begins a sample, of one ack. */
    void begin() {
        sampled = false;
        priorDelivered = -1;
        latestPrior = -1;
    }

    /** Takes in that a packet has arrived. */
    void arrived(SentPacket packet, long now) {
        delivered++;
        deliveredAt = now;
        latestPrior = Math.max(latestPrior, packet.deliveredBefore);
        if (packet.rateUsable && packet.deliveredBefore > priorDelivered) {
            sampled = true;
            priorDelivered = packet.deliveredBefore;
            limited = packet.rateLimited;
            firstSentAt = packet.sentNanos;
            long sending = packet.sentNanos - packet.firstSentAt;
            intervalNanos = Math.max(sending, now - packet.deliveredBeforeAt);
        }
        if (limitedUntil > 0 && delivered > limitedUntil) {
            limitedUntil = 0;
        }
    }

    /** Whether there is a sample, given the shortest time in which a packet can have arrived. */
    boolean isSampled(long minimumRttNanos) {
        return sampled && intervalNanos > 0 && intervalNanos >= minimumRttNanos;
    }

    /** How many had arrived when the packet was sent, of those that have arrived now, that left last. */
    long priorDelivered() {
        return latestPrior;
    }

    double packetsPerNano() {
        return (double) (delivered - priorDelivered) / intervalNanos;
    }

    boolean isLimited() {
        return limited;
    }
}
