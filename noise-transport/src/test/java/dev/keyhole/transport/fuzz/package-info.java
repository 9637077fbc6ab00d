/** What the targets of coverage-guided fuzzing share, and what replays their corpora. */
@NullMarked
package dev.keyhole.transport.fuzz;

import org.jspecify.annotations.NullMarked;
