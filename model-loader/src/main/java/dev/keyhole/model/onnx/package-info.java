/** Language models in the layout that Hugging Face exports to ONNX, run by ONNX Runtime. */
@NullMarked
package dev.keyhole.model.onnx;

import org.jspecify.annotations.NullMarked;
