/** Noise IK and XX over Ed25519: how two peers agree on keys, one type for each step. */
@NullMarked
package dev.keyhole.transport.noise;

import org.jspecify.annotations.NullMarked;
