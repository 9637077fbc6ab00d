package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;

/**
 * Where somebody is who wants to connect.
 *
 * @param observed whether its datagrams come from there; otherwise it is a relay's claim
 */
public record Origin(Address address, boolean observed) {}
