"""A byte-level BPE tokenizer that is trained, written and read as a Hugging Face tokenizer.json.

Encoding here must equal what the Hugging Face library makes of the same file: special tokens are cut out first, digits
stand alone, the pattern of GPT-2 cuts the rest into words, and each word's bytes merge in the order of the merges.
"""

import json
import re
from collections import Counter, defaultdict

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
END_OF_TEXT, IM_START, IM_END = range(3)

# GPT-2's pattern: [^\W\d_] is its \p{L}, and [^\s\w]|_ its [^\s\p{L}\p{N}].
_WORD = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
_SPECIAL = re.compile("(" + "|".join(re.escape(token) for token in SPECIALS) + ")")


def _byte_alphabet():
    """GPT-2's printable stand-in for each byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + i) for i, byte in enumerate(others)}}


_TO_CHAR = _byte_alphabet()
_TO_BYTE = {char: byte for byte, char in _TO_CHAR.items()}


def words(text):
    """Cuts a text without special tokens into the words that BPE works on."""
    return [word for piece in re.split(r"(\d)", text) if piece for word in _WORD.findall(piece)]


def spell(word):
    return tuple(_TO_CHAR[byte] for byte in word.encode())


def train(texts, vocab_size, rare=12):
    """Learns merges: again and again the most frequent pair, the alphabetically first one of equals.

    Rare words, mostly slips and inventions, are left out, and the others count by the fourth root of their number, so that
    names such as France become single tokens, which a small model handles best.
    """
    counts = Counter(word for text in texts for word in words(text))
    counts = {word: count for word, count in counts.items() if count >= rare}
    spelled = [list(spell(word)) for word in counts]
    weights = [round(1000 * count**0.25) for count in counts.values()]
    pairs, places = Counter(), defaultdict(set)
    for i, symbols in enumerate(spelled):
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += weights[i]
            places[pair].add(i)

    alphabet = sorted(_TO_CHAR.values())
    merges = []
    while len(SPECIALS) + len(alphabet) + len(merges) < vocab_size:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for i in sorted(places.pop(best)):
            old = spelled[i]
            for pair in zip(old, old[1:]):
                pairs[pair] -= weights[i]
            spelled[i] = new = _merge(old, best)
            for pair in zip(new, new[1:]):
                pairs[pair] += weights[i]
                places[pair].add(i)
        del pairs[best]

    vocab = SPECIALS + alphabet + ["".join(pair) for pair in merges]
    return Tokenizer({token: i for i, token in enumerate(vocab)}, merges)


def _merge(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


class Tokenizer:

    def __init__(self, vocab, merges):
        self.vocab, self.merges = vocab, merges
        self._rank = {pair: i for i, pair in enumerate(merges)}
        self._token = {i: token for token, i in vocab.items()}
        self._cache = {}

    def encode(self, text):
        ids = []
        for part in _SPECIAL.split(text):
            if part in SPECIALS:
                ids.append(self.vocab[part])
            else:
                for word in words(part):
                    ids += self._encode_word(word)
        return ids

    def _encode_word(self, word):
        if word not in self._cache:
            symbols = list(spell(word))
            while len(symbols) > 1:
                pair = min(zip(symbols, symbols[1:]), key=lambda p: self._rank.get(p, len(self._rank)))
                if pair not in self._rank:
                    break
                symbols = _merge(symbols, pair)
            self._cache[word] = [self.vocab[symbol] for symbol in symbols]
        return self._cache[word]

    def decode(self, ids):
        """The text without its special tokens."""
        chars = "".join(self._token[i] for i in ids if i >= len(SPECIALS))
        return bytes(_TO_BYTE[char] for char in chars).decode(errors="replace")

    def to_json(self):
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                 "normalized": False, "special": True} for i, token in enumerate(SPECIALS)],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": self.vocab, "merges": [" ".join(pair) for pair in self.merges]},
        }

    def write(self, path):
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n")

    @staticmethod
    def read(path):
        model = json.loads(path.read_text())["model"]
        return Tokenizer(model["vocab"], [tuple(merge.split(" ")) for merge in model["merges"]])


def chatml(messages, add_generation_prompt=False):
    """A conversation as the model sees it; the same as the chat template in tokenizer_config.json."""
    text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return text + ("<|im_start|>assistant\n" if add_generation_prompt else "")
