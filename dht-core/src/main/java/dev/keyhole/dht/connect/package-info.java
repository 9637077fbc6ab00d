/** How two peers that know a public key find each other and agree on a path. */
@NullMarked
package dev.keyhole.dht.connect;

import org.jspecify.annotations.NullMarked;
