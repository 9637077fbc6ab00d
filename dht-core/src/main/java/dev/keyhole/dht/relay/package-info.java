/** Blind relays: peers that forward the packets of two others without reading them. */
@NullMarked
package dev.keyhole.dht.relay;

import org.jspecify.annotations.NullMarked;
