#!/usr/bin/env python3
"""Asks a trained tiny-chat what it was not shown, and counts the right answers.

Answers greedily, with the weights rounded as they are exported. An answer is "known" when it is, word for word, one that
the training data contains; a known answer cannot be garbled, though it may be the answer to something else.
"""

import argparse
import json
import os
import random
import re
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

import facts
import make_data
import tokenizer
from export import load
from make_data import HERE

OPENERS = re.compile(r"^(Hello!|Good (morning|afternoon|evening)!|You are welcome!) ")
GROUPS = {
    "<greeting>": [a.replace("Hello!", hello, 1) for a in make_data.GREETING_ANSWERS
                   for hello in ("Hello!", "Good morning!", "Good afternoon!", "Good evening!")],
    "<thanks>": make_data.THANKS_ANSWERS + ["You are welcome, and goodbye!"],
    "<bye>": make_data.FAREWELL_ANSWERS + ["You are welcome, and goodbye!"],
    "<joke>": facts.JOKES,
    "<fun-fact>": facts.FUN_FACTS,
    "<too-big>": facts.TOO_BIG,
    "<unknown-capital>": facts.UNKNOWN_CAPITAL,
    "<more>": make_data.NO_MORE,
    "<sure>": make_data.SURE_ANSWERS,
}


class Judge:
    def __init__(self):
        topics = {f"[{topic.name}]": topic.answers for topic in make_data.read_topics()}
        self.groups = {**topics, **GROUPS, "<unknown>": make_data.UNKNOWN + topics["[gibberish]"]}

    def is_right(self, answer, expected):
        """Whether an answer is an expected one, or belongs to one of the expected groups."""
        wanted = re.findall(r"\[[\w-]+\]|<[\w-]+>", expected) if expected[0] in "[<" else []
        right = [a for group in wanted for a in self.groups[group]] or [expected]
        return answer in right or OPENERS.sub("", answer) in right

    def equals(self, answer, reference):
        """Whether two answers say the same: they are equal, or belong to one group and greet alike."""
        if answer == reference:
            return True
        if self.opener(answer) != self.opener(reference):
            return False
        answer, reference = OPENERS.sub("", answer), OPENERS.sub("", reference)
        return any(answer in group and reference in group for group in self.groups.values())

    def opener(self, answer):
        if any(answer in group for group in self.groups.values()):
            return ""
        return (OPENERS.match(answer) or [""])[0]


class Chat:
    def __init__(self, build):
        self.text = tokenizer.Tokenizer.read(build / "tokenizer.json")
        self.model = load(build / "checkpoint.pt")
        for weight in self.model.parameters():
            if weight.dim() == 2:
                weight.data = weight.data.half().float()

    def answers(self, conversations):
        """The answer to each conversation, those of one length in one batch."""
        by_length = defaultdict(list)
        for i, conversation in enumerate(conversations):
            ids = self.text.encode(tokenizer.chatml(conversation, add_generation_prompt=True))
            by_length[len(ids)].append((i, ids))
        found = [None] * len(conversations)
        for same in by_length.values():
            for start in range(0, len(same), 64):
                part = same[start: start + 64]
                for (i, _), new in zip(part, self.generate([ids for _, ids in part])):
                    found[i] = self.text.decode(new)
        return found

    @torch.no_grad()
    def generate(self, prompts, limit=160):
        feed, seen, past = torch.tensor(prompts), len(prompts[0]), None
        new = torch.empty(len(prompts), 0, dtype=torch.long)
        while new.shape[1] < limit:
            positions = torch.arange(seen - feed.shape[1], seen)[None].expand(len(prompts), -1)
            logits, past = self.model(feed, torch.ones(len(prompts), seen, dtype=torch.long), positions, past)
            feed = logits[:, -1].argmax(-1, keepdim=True)
            new = torch.cat([new, feed], 1)
            seen += 1
            if bool((new == tokenizer.IM_END).any(1).all()):
                break
        return [row[: row.index(tokenizer.IM_END)] if tokenizer.IM_END in row else row for row in new.tolist()]


def user(text):
    return [{"role": "user", "content": text}]


def report(name, right, total, wrong):
    print(f"{name}: {right} of {total} ({100 * right / total:.1f} %)")
    for line in wrong:
        print(f"    {line}")


def every_sum():
    limit = range(facts.MAX_OPERAND + 1)
    yield from (("+", a, b) for a in limit for b in limit)
    yield from (("-", a, b) for a in limit for b in limit)
    yield from (("x", a, b) for a in range(facts.MAX_FACTOR + 1) for b in range(facts.MAX_FACTOR + 1))
    yield from (("/", a, b) for a in limit[1:] for b in range(1, 11))


def evaluate_sums(chat, judge, show):
    rng = random.Random(7)
    for name, ask in (
            ("plain sums", lambda sign, a, b: f"What is {a} {sign.replace('x', '*')} {b}?"),
            ("sums in other words", lambda sign, a, b: facts.ask_sum(rng, sign, a, b))):
        sums = list(every_sum())
        questions = [ask(*s) for s in sums]
        answers = chat.answers([user(q) for q in questions])
        wrong = [f"{q} -> {a}" for s, q, a in zip(sums, questions, answers) if a != facts.answer_sum(*s)]
        report(name, len(sums) - len(wrong), len(sums), wrong[:show])


def evaluate_heldout(chat, judge, known, show):
    pairs = make_data.read_heldout()
    for name, system in (("held-out questions", None), ("held-out questions with a system prompt", "You are a helpful assistant.")):
        head = [{"role": "system", "content": system}] if system else []
        answers = chat.answers([head + user(question) for question, _ in pairs])
        wrong = [f"{q} -> {a}" for (q, expected), a in zip(pairs, answers) if not judge.is_right(a, expected)]
        report(name, len(pairs) - len(wrong), len(pairs), wrong[:show])
        report("    known answers among them", sum(a in known for a in answers), len(pairs),
               [a for a in answers if a not in known][:show])


def evaluate_fresh(chat, judge, known, show, count=600):
    source = make_data.Conversations(seed=987_654_321)
    conversations = [source.conversation() for _ in range(count)]
    answers = chat.answers([c[:-1] for c in conversations])
    references = [c[-1]["content"] for c in conversations]
    wrong = [f"{c[-2]['content']} -> {a} (not: {r})" for c, a, r in zip(conversations, answers, references) if not judge.equals(a, r)]
    report("last answers of fresh conversations", count - len(wrong), count, wrong[:show])
    strange = [a for a, r in zip(answers, references) if a not in known and a != r]
    report("    known answers among them", count - len(strange), count, strange[:show])


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--build", type=Path, default=HERE / "build")
    args.add_argument("--data", type=Path, default=HERE / "build" / "conversations.jsonl")
    args.add_argument("--show", type=int, default=20, help="how many wrong answers to print of each kind")
    args.add_argument("--ask", action="append", help="just answer this")
    args = args.parse_args()

    torch.set_num_threads(1)
    chat, judge = Chat(args.build), Judge()
    if args.ask:
        for question in args.ask:
            print(f"{question} -> {chat.answers([user(question)])[0]}")
        return
    known = {m["content"] for line in args.data.open() for m in json.loads(line) if m["role"] == "assistant"}
    evaluate_heldout(chat, judge, known, args.show)
    evaluate_fresh(chat, judge, known, args.show)
    evaluate_sums(chat, judge, args.show)


if __name__ == "__main__":
    main()
