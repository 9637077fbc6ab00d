#!/usr/bin/env python3
"""Trains tiny-chat on the conversations of make_data.py, on one CPU core, from one seed.

Writes build/tokenizer.json first and build/checkpoint.pt as it goes. Loss counts what the assistant says, a
word of a short answer more than a word of a long one.
"""

import argparse
import itertools
import json
import math
import os
import random
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch
from torch.nn import functional as F

import facts
import tokenizer
from make_data import HERE
from model import Config, TinyChat

WARMUP_STEPS = 100
LEARNING_RATE = 2e-3
LESSON = 2000
TOKENIZER_CONVERSATIONS = 15_000
NAME_WEIGHT = 300


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--data", type=Path, default=HERE / "build" / "conversations.jsonl")
    args.add_argument("--out", type=Path, default=HERE / "build")
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--batch-tokens", type=int, default=768)
    args.add_argument("--layers", type=int, default=Config.num_hidden_layers)
    args = args.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    conversations = [json.loads(line) for line in args.data.open()]
    check, conversations = conversations[-300:], conversations[:-300]
    sample = random.Random(args.seed).sample(conversations, min(len(conversations), TOKENIZER_CONVERSATIONS))
    names = [f" {name}" for name in [*facts.CAPITALS, *facts.CAPITALS.values(), *itertools.chain(*facts.OPPOSITES)]]
    text = tokenizer.train(
        [m[part] for c in sample for m in c for part in ("role", "content")] + names * NAME_WEIGHT, Config.vocab_size)
    text.write(args.out / "tokenizer.json")

    config = Config(num_hidden_layers=args.layers)
    model = TinyChat(config)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.05},
         {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}],
        betas=(0.9, 0.99))

    encoded = [encode(text, c, config.max_position_embeddings) for c in conversations]
    schooling = list(lessons(encoded, args.batch_tokens, random.Random(args.seed)))
    check_batches = batches([encode(text, c, config.max_position_embeddings) for c in check], 4096, random.Random(0))
    steps = len(schooling)
    print(f"{sum(len(ids) for ids, _ in encoded):,} tokens in {steps:,} steps", flush=True)
    started, tokens, running = time.time(), 0, None
    for step, batch in enumerate(schooling, 1):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * schedule(step, steps)
        loss = loss_of(model, batch)
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

        tokens += sum(len(ids) for ids, _ in batch)
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if step % 100 == 0 or step == steps:
            print(f"step {step} loss {running:.4f} tokens {tokens:,} seconds {time.time() - started:.0f}", flush=True)
        if step % 500 == 0 or step == steps:
            with torch.no_grad():
                checked = sum(loss_of(model, b).item() for b in check_batches) / len(check_batches)
            print(f"step {step} check {checked:.4f}", flush=True)
            torch.save({"config": config.to_dict(), "model": model.state_dict(), "step": step}, args.out / "checkpoint.pt")


def schedule(step, steps):
    """A short rise, a plateau, and a fall to nearly nothing over the second half."""
    if step < WARMUP_STEPS:
        return step / WARMUP_STEPS
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * step / steps - 1)))


def encode(text, conversation, limit):
    """The tokens of a conversation, and the weight of each: what the assistant says counts, more in a short answer."""
    ids, weights = [], []
    for message in conversation:
        head = text.encode(f"<|im_start|>{message['role']}\n")
        body = text.encode(f"{message['content']}<|im_end|>")
        tail = text.encode("\n")
        ids += head + body + tail
        weight = len(body) ** -0.5 if message["role"] == "assistant" else 0.0
        weights += [0.0] * len(head) + [weight] * len(body) + [0.0] * len(tail)
    return ids[:limit], weights[:limit]


def batches(examples, batch_tokens, random_source):
    """Batches of examples of about one length, in random order."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]) + random_source.random() * 4)
    found, batch = [], []
    for i in order:
        if batch and (len(batch) + 1) * len(examples[i][0]) > batch_tokens:
            found.append(batch)
            batch = []
        batch.append(examples[i])
    found.append(batch)
    random_source.shuffle(found)
    return found


def lessons(examples, batch_tokens, random_source):
    """One pass in the order of the data, from single questions to long conversations."""
    for start in range(0, len(examples), LESSON):
        yield from batches(examples[start: start + LESSON], batch_tokens, random_source)


def loss_of(model, batch):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [tokenizer.END_OF_TEXT] * (longest - len(ids)) for ids, _ in batch])
    weights = torch.tensor([weights + [0.0] * (longest - len(weights)) for _, weights in batch])[:, 1:]
    positions = torch.arange(longest - 1)[None].expand(len(batch), -1)
    hidden, _ = model.hidden(ids[:, :-1], torch.ones_like(ids[:, :-1]), positions)
    wanted = weights > 0
    losses = F.cross_entropy(model.logits(hidden[wanted]), ids[:, 1:][wanted], reduction="none")
    return (losses * weights[wanted]).sum() / weights.sum()


if __name__ == "__main__":
    main()
