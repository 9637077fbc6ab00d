package dev.keyhole.transport.net;

import dev.keyhole.transport.wire.Bytes;

/**
 * One datagram that came in.
 *
 * @param socket where it came in
 * @param source who sent it, as far as the network says
 * @param payload its bytes; the machine may keep them
 */
public record Datagram(LocalSocket socket, Address source, Bytes payload) {}
