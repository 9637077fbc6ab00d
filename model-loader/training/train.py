#!/usr/bin/env python3
"""Trains tiny-chat on the conversations of make_data.py, on one CPU core, from one seed.

Writes build/tokenizer.json first and build/checkpoint.pt as it goes. Loss counts what the assistant says.
"""

import argparse
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

import tokenizer
from make_data import HERE
from model import Config, TinyChat

WARMUP_STEPS = 40
LEARNING_RATE = 3e-3
TOKENIZER_CONVERSATIONS = 15_000


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--data", type=Path, default=HERE / "build" / "conversations.jsonl")
    args.add_argument("--out", type=Path, default=HERE / "build")
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--steps", type=int, default=2000)
    args.add_argument("--batch-tokens", type=int, default=2048)
    args.add_argument("--layers", type=int, default=Config.num_hidden_layers)
    args = args.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    conversations = [json.loads(line) for line in args.data.open()]
    check, conversations = conversations[:300], conversations[300:]
    text = tokenizer.train(
        [m["content"] for c in conversations[:TOKENIZER_CONVERSATIONS] for m in c] + ["system", "user", "assistant"] * 3000,
        Config.vocab_size)
    text.write(args.out / "tokenizer.json")

    config = Config(num_hidden_layers=args.layers)
    model = TinyChat(config)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.1},
         {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}],
        betas=(0.9, 0.98))

    examples = [encode(text, c, config.max_position_embeddings) for c in conversations]
    check_batches = list(batches([encode(text, c, config.max_position_embeddings) for c in check], args.batch_tokens, random.Random(0)))
    source = endless(examples, args.batch_tokens, random.Random(args.seed))
    started, tokens, running = time.time(), 0, None
    for step in range(1, args.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * schedule(step, args.steps)
        batch = next(source)
        loss = loss_of(model, batch)
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

        tokens += sum(len(ids) for ids, _ in batch)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0 or step == args.steps:
            print(f"step {step} loss {running:.4f} tokens {tokens:,} seconds {time.time() - started:.0f}", flush=True)
        if step % 250 == 0 or step == args.steps:
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
    """The tokens of a conversation, and for each whether the assistant says it."""
    ids, said = [], []
    for message in conversation:
        head = text.encode(f"<|im_start|>{message['role']}\n")
        body = text.encode(f"{message['content']}<|im_end|>")
        tail = text.encode("\n")
        ids += head + body + tail
        said += [False] * len(head) + [message["role"] == "assistant"] * len(body) + [False] * len(tail)
    return ids[:limit], said[:limit]


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


def endless(examples, batch_tokens, random_source):
    while True:
        yield from batches(examples, batch_tokens, random_source)


def loss_of(model, batch):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [tokenizer.END_OF_TEXT] * (longest - len(ids)) for ids, _ in batch])
    said = torch.tensor([said + [False] * (longest - len(said)) for _, said in batch])
    positions = torch.arange(longest - 1)[None].expand(len(batch), -1)
    hidden, _ = model.hidden(ids[:, :-1], torch.ones_like(ids[:, :-1]), positions)
    wanted = said[:, 1:]
    return F.cross_entropy(model.logits(hidden[wanted]), ids[:, 1:][wanted])


if __name__ == "__main__":
    main()
