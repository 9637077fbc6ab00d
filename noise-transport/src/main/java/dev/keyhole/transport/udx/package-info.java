/** Reliable, ordered streams over UDP, many to a socket, as {@code udx-native} speaks them. */
@NullMarked
package dev.keyhole.transport.udx;

import org.jspecify.annotations.NullMarked;
