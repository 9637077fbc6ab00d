package dev.keyhole.transport.udx;

/**
 * How a stream is doing.
 *
 * @param rttNanos the smoothed round trip; 0 before the first
 * @param windowPackets how many packets congestion control allows in flight
 * @param inFlightPackets how many are
 * @param pendingBytes written and not known to have arrived
 * @param unreadBytes handed up and not consumed
 * @param keptBytes memory taken by packets that arrived before their turn
 * @param mtu the largest IP packet that the path is known to carry
 */
public record UdxStats(
        long rttNanos,
        int windowPackets,
        int inFlightPackets,
        long pendingBytes,
        long unreadBytes,
        long keptBytes,
        int mtu) {}
