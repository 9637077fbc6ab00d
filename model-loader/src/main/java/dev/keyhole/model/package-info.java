/** The Model API: what a model can be asked, how its answers come, and how one is loaded. */
@NullMarked
package dev.keyhole.model;

import org.jspecify.annotations.NullMarked;
