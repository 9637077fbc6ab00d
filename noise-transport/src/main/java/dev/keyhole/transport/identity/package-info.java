/** Who a peer is: Ed25519 keys, the seeds they come from, and namespaces for their uses. */
@NullMarked
package dev.keyhole.transport.identity;

import org.jspecify.annotations.NullMarked;
