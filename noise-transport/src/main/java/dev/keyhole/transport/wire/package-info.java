/** Compact encoding: how integers, strings, addresses and lists lie in the bytes of a message. */
@NullMarked
package dev.keyhole.transport.wire;

import org.jspecify.annotations.NullMarked;
