/** Channels of messages, many of them over one link. */
@NullMarked
package dev.keyhole.dht.mux;

import org.jspecify.annotations.NullMarked;
