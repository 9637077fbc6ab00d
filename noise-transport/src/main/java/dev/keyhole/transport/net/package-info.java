/** The border between machines, which speak protocols, and the loop, which owns the sockets. */
@NullMarked
package dev.keyhole.transport.net;

import org.jspecify.annotations.NullMarked;
