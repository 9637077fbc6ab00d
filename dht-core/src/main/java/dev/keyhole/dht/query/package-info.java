/** Walks to the nodes closest to a target. */
@NullMarked
package dev.keyhole.dht.query;

import org.jspecify.annotations.NullMarked;
