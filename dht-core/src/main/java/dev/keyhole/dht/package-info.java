/** The public face of the DHT: find a peer by its key, connect to it, be found. */
@NullMarked
package dev.keyhole.dht;

import org.jspecify.annotations.NullMarked;
