/** Serves models to remote consumers under a public key. */
@NullMarked
package dev.keyhole.provider;

import org.jspecify.annotations.NullMarked;
