#!/usr/bin/env python3
"""Writes models of a few nodes into src/test/resources/micro-models, one for each layout of decoder that exports have.

Run with the package onnx installed:

    python3 src/test/python/micro_models.py

A micro model adds up all tokens it has ever seen (and their positions, where it takes them) and says the token of that
number, modulo the size of its vocabulary. What it has seen it knows only from its cache, so one wrong step makes the
rest of the answer wrong. A wrong mask, position or flag adds to the sum. The answers that follow are in expected.json.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "resources" / "micro-models"
VOCAB = ["<s>", "</s>"] + [chr(ord("a") + i) for i in range(24)]
SIZE = len(VOCAB)
HEADS, HEAD_SIZE, CONTEXT = 2, 4, 64
FAILS_AFTER = 1


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def model(cache=True, positions=True, mask=True, half=False, narrow=False, branch=False, failing=False, head=True, named_shapes=True):
    ints = TensorProto.INT32 if narrow else TensorProto.INT64
    floats = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes, inputs, outputs, constants = [], [], [], []

    def node(op, ins, out, **attributes):
        nodes.append(helper.make_node(op, ins, [out], **attributes))
        return out

    def const(name, values, dtype=np.int64):
        constants.append(constant(name, values, dtype))
        return name

    inputs.append(helper.make_tensor_value_info("input_ids", ints, ["batch", "new"]))
    const("cache_shape", [1, 1, -1, 1])
    const("spread", [1, HEADS, 1, HEAD_SIZE])

    def remembered(source, index):
        """Adds what is new to what is cached, gives it out again, and sums it up."""
        node("Cast", [source], f"{source}_f", to=floats)
        node("Reshape", [f"{source}_f", "cache_shape"], f"{source}_r")
        node("Tile", [f"{source}_r", "spread"], f"{source}_new")
        if cache:
            past, present = f"past_key_values.0.{index}", f"present.0.{index}"
            shape = ["batch", HEADS, "past", HEAD_SIZE] if named_shapes else ["batch", "heads", "past", "size"]
            inputs.append(helper.make_tensor_value_info(past, floats, shape))
            outputs.append(helper.make_tensor_value_info(present, floats, ["batch", HEADS, "all", HEAD_SIZE]))
            node("Concat", [past, f"{source}_new"], present, axis=2)
        else:
            present = f"{source}_new"
        node("Cast", [present], f"{source}_all", to=TensorProto.FLOAT)
        node("ReduceMean", [f"{source}_all"], f"{source}_mean", keepdims=0, axes=[0, 1, 3])
        node("ReduceSum", [f"{source}_mean"], f"{source}_sum", keepdims=0)
        node("Shape", [present], f"{source}_shape")
        return f"{source}_sum"

    total = remembered("input_ids", "key")
    node("Gather", ["input_ids_shape", const("two", 2)], "length", axis=0)
    node("Cast", ["length"], "length_f", to=TensorProto.FLOAT)
    if positions:
        inputs.append(helper.make_tensor_value_info("position_ids", ints, ["batch", "new"]))
        total = node("Add", [total, remembered("position_ids", "value")], "with_positions")
    elif cache:
        node("Mul", ["input_ids", "input_ids"], "squares")
        remembered("squares", "value")
    if mask:
        inputs.append(helper.make_tensor_value_info("attention_mask", ints, ["batch", "all"]))
        node("Cast", ["attention_mask"], "mask_f", to=TensorProto.FLOAT)
        node("ReduceSum", ["mask_f"], "mask_sum", keepdims=0)
        node("Sub", ["mask_sum", "length_f"], "mask_wrong")
        node("Mul", ["mask_wrong", const("seven", 7, np.float32)], "mask_error")
        total = node("Add", [total, "mask_error"], "with_mask")
    if branch:
        inputs.append(helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1]))
        node("Cast", ["use_cache_branch"], "branch_f", to=TensorProto.FLOAT)
        node("Shape", ["input_ids"], "new_shape")
        node("Gather", ["new_shape", const("one", 1)], "new", axis=0)
        node("Greater", ["length", "new"], "has_past")
        node("Cast", ["has_past"], "has_past_f", to=TensorProto.FLOAT)
        node("Sub", ["branch_f", "has_past_f"], "branch_wrong")
        node("ReduceSum", ["branch_wrong"], "branch_sum", keepdims=0)
        node("Mul", ["branch_sum", const("five", 5, np.float32)], "branch_error")
        total = node("Add", [total, "branch_error"], "with_branch")
    if failing:
        const("short_table", [0.0] * (FAILS_AFTER + 1), np.float32)
        node("Gather", ["short_table", "length"], "out_of_table", axis=0)
        total = node("Add", [total, "out_of_table"], "with_failure")
    node("Cast", [total], "total_int", to=TensorProto.INT64)
    node("Mod", ["total_int", const("vocab", SIZE)], "next")
    const("on_off", [0, 10], np.float32)
    node("Unsqueeze", ["next"], "next_row", axes=[0])
    node("OneHot", ["next_row", "vocab", "on_off"], "one_hot")
    node("Shape", ["input_ids"], "ids_shape")
    node("Concat", ["ids_shape", const("vocab_dim", [SIZE])], "logits_shape", axis=0)
    node("Expand", ["one_hot", "logits_shape"], "logits" if head else "hidden")
    outputs.insert(0, helper.make_tensor_value_info("logits" if head else "hidden", TensorProto.FLOAT, ["batch", "new", SIZE]))

    graph = helper.make_graph(nodes, "micro", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def answer(prompt, positions, count):
    tokens = list(prompt)
    said = []
    while len(said) < count:
        total = sum(tokens) + (sum(range(len(tokens))) if positions else 0)
        token = total % SIZE
        if token == 1:
            break
        said.append(token)
        tokens.append(token)
    return "".join(VOCAB[t] for t in said if t > 1)


def tokenizer():
    special = [
        {"id": i, "content": VOCAB[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i in range(2)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
        "post_processor": None, "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": {text: i for i, text in enumerate(VOCAB)}, "unk_token": "<s>"},
    }


CONFIG = {
    "model_type": "micro", "vocab_size": SIZE, "hidden_size": 16, "num_attention_heads": 4, "num_key_value_heads": HEADS,
    "max_position_embeddings": CONTEXT, "eos_token_id": 1,
}

VARIANTS = {
    "full": dict(),
    "half": dict(half=True, narrow=True, positions=False, named_shapes=False),
    "uncached": dict(cache=False, positions=False),
    "bare": dict(cache=False, positions=False, mask=False),
    "merged": dict(branch=True),
    "failing": dict(failing=True),
    "headless": dict(head=False),
}


def main():
    expected = []
    for name, options in VARIANTS.items():
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(model(**options), folder / "model.onnx")
        (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer(), indent=1) + "\n")
        if name in ("failing", "headless"):
            continue
        for prompt in ("c", "hello", "abcabcabcabcabcabcabcabcabcabc"):
            ids = [VOCAB.index(c) for c in prompt]
            expected.append({"model": name, "prompt": prompt, "answer": answer(ids, options.get("positions", True), 20)})
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
