/** Requests, replies and streams of bytes between two peers, in the frames of bare-rpc. */
@NullMarked
package dev.keyhole.transport.rpc;

import org.jspecify.annotations.NullMarked;
