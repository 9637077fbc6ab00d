/** What travels between nodes: one record per message and per body. */
@NullMarked
package dev.keyhole.dht.message;

import org.jspecify.annotations.NullMarked;
