/** What a persistent node remembers for others, and for how long. */
@NullMarked
package dev.keyhole.dht.store;

import org.jspecify.annotations.NullMarked;
