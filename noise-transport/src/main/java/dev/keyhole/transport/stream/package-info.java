/** Encrypted, ordered, two-way streams of messages between two public keys. */
@NullMarked
package dev.keyhole.transport.stream;

import org.jspecify.annotations.NullMarked;
