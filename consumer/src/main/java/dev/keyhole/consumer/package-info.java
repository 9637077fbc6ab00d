/** Uses models that run at a provider, named by its public key, as if they were local. */
@NullMarked
package dev.keyhole.consumer;

import org.jspecify.annotations.NullMarked;
