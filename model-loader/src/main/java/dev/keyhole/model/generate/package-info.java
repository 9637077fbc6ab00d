/** From logits to tokens to text: sampling, budgets and stop sequences, without any engine. */
@NullMarked
package dev.keyhole.model.generate;

import org.jspecify.annotations.NullMarked;
