/** Where the files of a model lie, and what they are made of. */
@NullMarked
package dev.keyhole.model.source;

import org.jspecify.annotations.NullMarked;
