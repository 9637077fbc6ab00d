/** Who is where: node ids, distances and the table of known nodes. */
@NullMarked
package dev.keyhole.dht.routing;

import org.jspecify.annotations.NullMarked;
