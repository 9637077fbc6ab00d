#!/usr/bin/env python3
"""Writes a trained tiny-chat as a directory in the layout of Hugging Face exports.

The weights are stored as 16-bit floats and widened by the graph itself, so that the file is half as large and the
arithmetic stays 32-bit.
"""

import argparse
import copy
import json
import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import nn
from torch.nn import functional as F

import tokenizer
from make_data import HERE
from model import Config, TinyChat

TARGET = HERE.parent / "src/main/resources/dev/keyhole/model/embedded/tiny-chat"

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


class HalfLinear(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.weight = nn.Parameter(linear.weight.detach().half(), requires_grad=False)

    def forward(self, x):
        return F.linear(x, self.weight.float())


class HalfEmbedding(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, ids):
        return F.embedding(ids, self.weight.float())


class Exported(nn.Module):
    """The model with flat inputs and outputs and 16-bit weights."""

    def __init__(self, model):
        super().__init__()
        model = copy.deepcopy(model)
        self.embedding = nn.Parameter(model.embed_tokens.weight.detach().half(), requires_grad=False)
        model.embed_tokens = HalfEmbedding(self.embedding)
        for layer in model.layers:
            for part in (layer.self_attn, layer.mlp):
                for name, child in list(part.named_children()):
                    setattr(part, name, HalfLinear(child))
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, *past):
        pairs = list(zip(past[0::2], past[1::2]))
        hidden, presents = self.model.hidden(input_ids, attention_mask, position_ids, pairs)
        return (F.linear(hidden, self.embedding.float()), *[tensor for pair in presents for tensor in pair])


def load(checkpoint):
    saved = torch.load(checkpoint)
    model = TinyChat(Config(**saved["config"]))
    model.load_state_dict(saved["model"])
    return model.eval()


def export_onnx(model, path):
    c = model.config
    layers = range(c.num_hidden_layers)
    past_names = [f"past_key_values.{i}.{kind}" for i in layers for kind in ("key", "value")]
    present_names = [f"present.{i}.{kind}" for i in layers for kind in ("key", "value")]
    batch, past, seq = 2, 3, 4
    example = (
        torch.ones(batch, seq, dtype=torch.long),
        torch.ones(batch, past + seq, dtype=torch.long),
        torch.arange(past, past + seq).expand(batch, -1).contiguous(),
        *[torch.zeros(batch, c.num_key_value_heads, past, c.head_dim) for _ in past_names])
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in ("input_ids", "position_ids", "logits")}
    axes["attention_mask"] = {0: "batch_size", 1: "past_sequence_length + sequence_length"}
    axes |= {name: {0: "batch_size", 2: "past_sequence_length"} for name in past_names}
    axes |= {name: {0: "batch_size", 2: "past_sequence_length + sequence_length"} for name in present_names}
    torch.onnx.export(
        Exported(model), example, str(path), opset_version=14, do_constant_folding=False,
        input_names=["input_ids", "attention_mask", "position_ids", *past_names],
        output_names=["logits", *present_names], dynamic_axes=axes)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_settings(config, out):
    specials = dict(bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token="<|endoftext|>")
    write_json(out / "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", **config.to_dict(),
        "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True,
        "bos_token_id": tokenizer.IM_START, "eos_token_id": tokenizer.IM_END, "pad_token_id": tokenizer.END_OF_TEXT,
        "torch_dtype": "float32", "use_cache": True})
    write_json(out / "generation_config.json", {
        "bos_token_id": tokenizer.IM_START, "eos_token_id": [tokenizer.IM_END, tokenizer.END_OF_TEXT],
        "pad_token_id": tokenizer.END_OF_TEXT, "do_sample": False, "temperature": 0.3, "top_k": 20, "top_p": 0.9,
        "max_new_tokens": 160})
    write_json(out / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", **specials, "add_bos_token": False, "add_eos_token": False,
        "add_prefix_space": False, "clean_up_tokenization_spaces": False,
        "model_max_length": config.max_position_embeddings,
        "added_tokens_decoder": {
            str(i): {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                     "special": True} for i, token in enumerate(tokenizer.SPECIALS)},
        "chat_template": CHAT_TEMPLATE})
    write_json(out / "special_tokens_map.json", {**specials, "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--build", type=Path, default=HERE / "build")
    args.add_argument("--out", type=Path, default=TARGET)
    args = args.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    model = load(args.build / "checkpoint.pt")
    write_settings(model.config, args.out)
    shutil.copyfile(args.build / "tokenizer.json", args.out / "tokenizer.json")
    export_onnx(model, args.out / "model.onnx")
    for path in sorted(args.out.iterdir()):
        print(f"{path.stat().st_size:>9,} {path.name}")


if __name__ == "__main__":
    main()
