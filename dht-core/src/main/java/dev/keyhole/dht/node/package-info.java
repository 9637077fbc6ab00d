/** A node of the network: composes requests, queries, routing and storage on two sockets. */
@NullMarked
package dev.keyhole.dht.node;

import org.jspecify.annotations.NullMarked;
