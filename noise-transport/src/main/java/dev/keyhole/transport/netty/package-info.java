/** The edge: the only owner of sockets, threads, the clock and entropy. */
@NullMarked
package dev.keyhole.transport.netty;

import org.jspecify.annotations.NullMarked;
