package dev.keyhole.model.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.keyhole.model.ModelLoadException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder wants to be given and what it gives back, read from its inputs and outputs.
 *
 * @param idType int64 or int32
 * @param attentionMask whether it takes one
 * @param positionIds whether it takes them
 * @param cacheBranch the flag of merged exports that says whether there is a cache, null for none
 * @param logits the name of the output
 * @param cache the cached tensors, empty for a model that computes everything anew
 */
record DecoderLayout(
        OnnxJavaType idType,
        boolean attentionMask,
        boolean positionIds,
        @Nullable String cacheBranch,
        String logits,
        List<CacheTensor> cache) {

    private static final String INPUT_IDS = "input_ids";
    private static final String ATTENTION_MASK = "attention_mask";
    private static final String POSITION_IDS = "position_ids";
    private static final String CACHE_BRANCH = "use_cache_branch";
    private static final String PAST = "past_key_values";
    private static final String PRESENT = "present";
    private static final String LOGITS = "logits";

    /**
     * One of the tensors that go round: what a step puts out is what the next one takes in.
     *
     * @param emptyShape the shape before the first step
     */
    record CacheTensor(String past, String present, OnnxJavaType type, List<Long> emptyShape) {}

    static DecoderLayout of(OrtSession session, ModelSettings settings) throws OrtException {
        Map<String, TensorInfo> inputs = tensors(session.getInputInfo());
        Map<String, TensorInfo> outputs = tensors(session.getOutputInfo());
        TensorInfo ids = inputs.get(INPUT_IDS);
        if (ids == null || !outputs.containsKey(LOGITS)) {
            throw new ModelLoadException(
                    "this is no decoder: it takes "
                            + inputs.keySet()
                            + " and gives "
                            + outputs.keySet()
                            + ", and should take "
                            + INPUT_IDS
                            + " and give "
                            + LOGITS);
        }
        List<CacheTensor> cache = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, TensorInfo> input : inputs.entrySet()) {
            String name = input.getKey();
            if (name.startsWith(PAST)) {
                cache.add(cacheTensor(name, input.getValue(), outputs, settings));
            } else if (!List.of(INPUT_IDS, ATTENTION_MASK, POSITION_IDS, CACHE_BRANCH)
                    .contains(name)) {
                unknown.add(name);
            }
        }
        if (!unknown.isEmpty()) {
            throw new ModelLoadException(
                    "this decoder wants inputs that are not known: " + unknown);
        }
        return new DecoderLayout(
                ids.type,
                inputs.containsKey(ATTENTION_MASK),
                inputs.containsKey(POSITION_IDS),
                inputs.containsKey(CACHE_BRANCH) ? CACHE_BRANCH : null,
                LOGITS,
                cache);
    }

    private static Map<String, TensorInfo> tensors(Map<String, NodeInfo> nodes) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        nodes.forEach(
                (name, node) -> {
                    if (node.getInfo() instanceof TensorInfo tensor) {
                        tensors.put(name, tensor);
                    }
                });
        return tensors;
    }

    private static CacheTensor cacheTensor(
            String past, TensorInfo info, Map<String, TensorInfo> outputs, ModelSettings settings) {
        String present = PRESENT + past.substring(PAST.length());
        if (!outputs.containsKey(present)) {
            throw new ModelLoadException(
                    "this decoder takes " + past + " and never gives " + present);
        }
        long[] shape = info.getShape();
        if (shape.length != 4) {
            throw new ModelLoadException(past + " has " + shape.length + " dimensions, not 4");
        }
        long heads = shape[1] > 0 ? shape[1] : settings.keyValueHeads();
        long size = shape[3] > 0 ? shape[3] : settings.headSize();
        if (heads <= 0 || size <= 0) {
            throw new ModelLoadException(
                    ModelSettings.CONFIG
                            + " should have num_key_value_heads and head_dim, for "
                            + past
                            + " does not say how large it is");
        }
        return new CacheTensor(past, present, info.type, List.of(1L, heads, 0L, size));
    }
}
