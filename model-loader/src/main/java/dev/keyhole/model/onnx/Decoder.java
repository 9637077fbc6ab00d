package dev.keyhole.model.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.keyhole.model.onnx.DecoderLayout.CacheTensor;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One sequence of tokens on its way through a model.
 *
 * <p>What a step puts out for the next one stays in native memory and is given back to the model as
 * it is. Whatever happens, {@link #close} releases it.
 */
final class Decoder implements AutoCloseable {

    /** Logits of a step, which a prompt has for each of its tokens: at most 64 MiB. */
    private static final int MAX_STEP_LOGITS = 16 * 1024 * 1024;

    private final OrtEnvironment environment;
    private final OrtSession session;
    private final OrtSession.RunOptions options;
    private final DecoderLayout layout;

    private final Map<String, OnnxTensor> past = new LinkedHashMap<>();
    private final LongBuffer ones;
    private int[] tokens = new int[0];
    private int length;
    private int vocabulary = 1;

    Decoder(
            OrtEnvironment environment,
            OrtSession session,
            DecoderLayout layout,
            int contextSize,
            OrtSession.RunOptions options)
            throws OrtException {
        this.environment = environment;
        this.session = session;
        this.layout = layout;
        this.options = options;
        this.ones = longs(contextSize);
        for (int i = 0; i < contextSize; i++) {
            ones.put(i, 1);
        }
        for (CacheTensor tensor : layout.cache()) {
            past.put(tensor.past(), empty(tensor));
        }
    }

    /** Takes in tokens, and gives the logits of what may come next. */
    float[] feed(int[] more) throws OrtException {
        if (layout.cache().isEmpty()) {
            tokens = Arrays.copyOf(tokens, length + more.length);
            System.arraycopy(more, 0, tokens, length, more.length);
            length = 0;
            return step(tokens);
        }
        float[] logits = new float[0];
        for (int from = 0; from < more.length; ) {
            int to = Math.min(more.length, from + stepTokens());
            logits = step(Arrays.copyOfRange(more, from, to));
            from = to;
        }
        return logits;
    }

    /** How many tokens the sequence has. */
    int length() {
        return length;
    }

    /** How many tensors of the cache are held. */
    int heldTensors() {
        return past.size();
    }

    /** A long prompt is cut, so that its logits fit; how long they are, the first step tells. */
    private int stepTokens() {
        if (layout.cacheBranch() != null) {
            return Integer.MAX_VALUE;
        }
        return vocabulary == 1 ? 16 : Math.max(1, MAX_STEP_LOGITS / vocabulary);
    }

    private float[] step(int[] ids) throws OrtException {
        List<OnnxTensor> given = new ArrayList<>();
        try {
            OrtSession.Result result = session.run(inputs(ids, given), options);
            Map<String, OnnxTensor> next = new HashMap<>();
            float[] logits;
            try {
                logits = lastLogits(result);
                for (CacheTensor tensor : layout.cache()) {
                    next.put(tensor.past(), (OnnxTensor) output(result, tensor.present()));
                }
            } finally {
                for (Map.Entry<String, OnnxValue> output : result) {
                    if (!next.containsValue(output.getValue())) {
                        output.getValue().close();
                    }
                }
            }
            next.forEach((name, tensor) -> past.put(name, tensor).close());
            length += ids.length;
            return logits;
        } finally {
            given.forEach(OnnxTensor::close);
        }
    }

    private Map<String, OnnxTensor> inputs(int[] ids, List<OnnxTensor> given) throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>(past);
        long[] shape = {1, ids.length};
        LongBuffer idBuffer = longs(ids.length);
        LongBuffer positions = longs(ids.length);
        for (int i = 0; i < ids.length; i++) {
            idBuffer.put(i, ids[i]);
            positions.put(i, length + i);
        }
        put(inputs, given, "input_ids", integers(idBuffer, shape));
        if (layout.attentionMask()) {
            int all = length + ids.length;
            put(inputs, given, "attention_mask", integers(firstOnes(all), new long[] {1, all}));
        }
        if (layout.positionIds()) {
            put(inputs, given, "position_ids", integers(positions, shape));
        }
        String branch = layout.cacheBranch();
        if (branch != null) {
            boolean[] cached = {length > 0};
            put(inputs, given, branch, OnnxTensor.createTensor(environment, cached));
        }
        return inputs;
    }

    private LongBuffer firstOnes(int count) {
        LongBuffer view = ones.duplicate();
        ((Buffer) view).limit(count);
        return view;
    }

    private static void put(
            Map<String, OnnxTensor> inputs,
            List<OnnxTensor> given,
            String name,
            OnnxTensor tensor) {
        inputs.put(name, tensor);
        given.add(tensor);
    }

    private OnnxTensor integers(LongBuffer values, long[] shape) throws OrtException {
        if (layout.idType() == OnnxJavaType.INT64) {
            return OnnxTensor.createTensor(environment, values, shape);
        }
        IntBuffer narrow = IntBuffer.allocate(values.remaining());
        for (int i = 0; i < narrow.capacity(); i++) {
            narrow.put(i, (int) values.get(i));
        }
        return OnnxTensor.createTensor(environment, narrow, shape);
    }

    private float[] lastLogits(OrtSession.Result result) throws OrtException {
        OnnxTensor tensor = (OnnxTensor) output(result, layout.logits());
        long[] shape = tensor.getInfo().getShape();
        vocabulary = Math.max(1, (int) shape[shape.length - 1]);
        FloatBuffer all = tensor.getFloatBuffer();
        float[] last = new float[vocabulary];
        ((Buffer) all).position(all.limit() - vocabulary);
        all.get(last);
        return last;
    }

    private static OnnxValue output(OrtSession.Result result, String name) throws OrtException {
        return result.get(name).orElseThrow(() -> new OrtException("the model gave no " + name));
    }

    private OnnxTensor empty(CacheTensor tensor) throws OrtException {
        long[] shape = tensor.emptyShape().stream().mapToLong(Long::longValue).toArray();
        ByteBuffer nothing = ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
        return OnnxTensor.createTensor(environment, nothing, shape, tensor.type());
    }

    private static LongBuffer longs(int count) {
        return ByteBuffer.allocateDirect(count * Long.BYTES)
                .order(ByteOrder.nativeOrder())
                .asLongBuffer();
    }

    @Override
    public void close() {
        past.values().forEach(OnnxTensor::close);
        past.clear();
    }
}
