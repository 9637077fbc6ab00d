/** The {@code keyhole} command. */
@NullMarked
package dev.keyhole.cli;

import org.jspecify.annotations.NullMarked;
