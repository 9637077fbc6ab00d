/** A network that exists in one thread and in virtual time, with as much bad luck as asked for. */
@NullMarked
package dev.keyhole.transport.sim;

import org.jspecify.annotations.NullMarked;
