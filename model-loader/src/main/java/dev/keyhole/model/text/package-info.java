/** Between conversations, text and tokens: chat templates, tokenizers and streaming decoding. */
@NullMarked
package dev.keyhole.model.text;

import org.jspecify.annotations.NullMarked;
