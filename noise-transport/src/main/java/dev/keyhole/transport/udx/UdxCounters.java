package dev.keyhole.transport.udx;

/** What the streams of one node have seen, counted since it started. */
@SuppressWarnings("EnumOrdinal") // the ordinal is an index into an array of our own
public final class UdxCounters {

    /** Something worth counting. */
    public enum Event {
        /** A packet for a stream. */
        RECEIVED,
        /** A packet handed out for sending. */
        SENT,
        /** A packet whose parts do not fit together. */
        MALFORMED,
        /** A packet of our version for a stream that does not exist. */
        UNKNOWN_STREAM,
        /** A packet passed on to the other end of a relayed stream. */
        FORWARDED,
        /** A packet of a relayed stream that went no further. */
        NOT_FORWARDED,
        /** A packet from a socket that is not the stream's, and not welcome. */
        FIREWALLED,
        /** A packet that acknowledges what was never sent. */
        ACK_FROM_FUTURE,
        /** Data that had arrived before. */
        DUPLICATE,
        /** Data beyond what a stream may keep. */
        REFUSED,
        /** A message dropped because too many were waiting to be sent. */
        MESSAGE_DROPPED,
        /** A packet sent again. */
        RETRANSMITTED,
        /** A packet given up for lost that then arrived. */
        REPEATED_IN_VAIN,
        /** A timeout that made packets be sent again. */
        TIMEOUT,
        /** A path that has come to carry only smaller packets than it did. */
        PATH_NARROWED,
        /** A packet answered for a stream that had ended. */
        ANSWERED_AFTER_END,
        /** An ended stream forgotten early, to make room. */
        FORGOTTEN_EARLY
    }

    private final long[] counts = new long[Event.values().length];

    UdxCounters() {}

    public long of(Event event) {
        return counts[event.ordinal()];
    }

    void count(Event event) {
        counts[event.ordinal()]++;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("UDX");
        for (Event event : Event.values()) {
            if (of(event) > 0) {
                text.append(' ').append(event).append('=').append(of(event));
            }
        }
        return text.toString();
    }
}
