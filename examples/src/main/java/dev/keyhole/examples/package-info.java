/** Short programs that show how Keyhole is used. */
@NullMarked
package dev.keyhole.examples;

import org.jspecify.annotations.NullMarked;
