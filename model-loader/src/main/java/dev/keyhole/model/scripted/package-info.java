/** A model that says what it was told to say, for tests and for demonstrations of failure. */
@NullMarked
package dev.keyhole.model.scripted;

import org.jspecify.annotations.NullMarked;
