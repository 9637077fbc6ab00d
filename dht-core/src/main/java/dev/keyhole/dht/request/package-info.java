/** Questions to one node: tokens, the congestion window, and what is still unanswered. */
@NullMarked
package dev.keyhole.dht.request;

import org.jspecify.annotations.NullMarked;
