/** Saying where a peer is to be found: signatures, announces, lookups and stored values. */
@NullMarked
package dev.keyhole.dht.announce;

import org.jspecify.annotations.NullMarked;
