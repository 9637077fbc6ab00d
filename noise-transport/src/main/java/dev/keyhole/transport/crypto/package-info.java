/** Primitives: BLAKE2b, HMAC, HKDF, Ed25519, DH on Edwards points, ChaCha20-Poly1305. */
@NullMarked
package dev.keyhole.transport.crypto;

import org.jspecify.annotations.NullMarked;
