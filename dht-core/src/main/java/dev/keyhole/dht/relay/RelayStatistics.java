package dev.keyhole.dht.relay;

/**
 * What a relay has done so far.
 *
 * @param connections clients that are connected
 * @param waiting pairings that wait for their other half
 * @param pairs streams that are forwarded
 * @param paired streams that ever were
 * @param expired pairings whose other half did not come in time
 * @param refused pairings beyond the limits of their key
 * @param datagrams datagrams forwarded
 * @param bytes bytes forwarded
 * @param dropped datagrams lost because their key sent too much
 */
public record RelayStatistics(
        int connections,
        int waiting,
        int pairs,
        long paired,
        long expired,
        long refused,
        long datagrams,
        long bytes,
        long dropped) {}
