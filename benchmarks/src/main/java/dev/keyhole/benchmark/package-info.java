/** Measurements: how fast a stream is, alone and next to the original. */
@NullMarked
package dev.keyhole.benchmark;

import org.jspecify.annotations.NullMarked;
