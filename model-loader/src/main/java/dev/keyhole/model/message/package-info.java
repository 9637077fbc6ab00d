/** What provider and consumer say to each other: JSON messages, as values and as bytes. */
@NullMarked
package dev.keyhole.model.message;

import org.jspecify.annotations.NullMarked;
