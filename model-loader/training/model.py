"""The model: a small decoder of the LLaMA kind, with rotary positions, grouped keys and values, and tied embeddings."""

from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Config:
    vocab_size: int = 2048
    hidden_size: int = 192
    intermediate_size: int = 512
    num_hidden_layers: int = 4
    num_attention_heads: int = 6
    num_key_value_heads: int = 2
    head_dim: int = 32
    max_position_embeddings: int = 1024
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    def to_dict(self):
        return asdict(self)


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = c.num_attention_heads, c.num_key_value_heads, c.head_dim
        self.q_proj = nn.Linear(c.hidden_size, self.heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, self.kv_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, self.kv_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * c.head_dim, c.hidden_size, bias=False)

    def forward(self, x, rotation, bias, past):
        batch, seq, _ = x.shape
        q = rotate(self.q_proj(x).view(batch, seq, self.heads, self.head_dim).transpose(1, 2), rotation)
        k = rotate(self.k_proj(x).view(batch, seq, self.kv_heads, self.head_dim).transpose(1, 2), rotation)
        v = self.v_proj(x).view(batch, seq, self.kv_heads, self.head_dim).transpose(1, 2)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)

        # The query heads of one group share a key head: (batch, kv_heads, group, seq, head_dim).
        grouped = q.reshape(batch, self.kv_heads, self.heads // self.kv_heads, seq, self.head_dim)
        scores = grouped @ k.unsqueeze(2).transpose(3, 4) * self.head_dim**-0.5 + bias
        mixed = scores.softmax(-1) @ v.unsqueeze(2)
        mixed = mixed.reshape(batch, self.heads, seq, self.head_dim)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, seq, self.heads * self.head_dim)), (k, v)


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.mlp = Mlp(c)

    def forward(self, x, rotation, bias, past):
        mixed, present = self.self_attn(self.input_layernorm(x), rotation, bias, past)
        x = x + mixed
        return x + self.mlp(self.post_attention_layernorm(x)), present


class TinyChat(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        frequencies = c.rope_theta ** (-torch.arange(0, c.head_dim, 2).float() / c.head_dim)
        self.register_buffer("frequencies", frequencies, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                std = 0.02 if "embed" in name else 0.04
                nn.init.normal_(weight, std=std / (2 * c.num_hidden_layers) ** 0.5 if deep else std)

    def hidden(self, input_ids, attention_mask, position_ids, past=None):
        """The last hidden states, and the keys and values of each layer.

        A query at place i of its sequence, with p places before it in the cache, sees the places up to p + i that the
        mask leaves.
        """
        x = self.embed_tokens(input_ids)
        angles = position_ids.unsqueeze(-1).float() * self.frequencies
        angles = torch.cat([angles, angles], -1).unsqueeze(1)
        rotation = angles.cos(), angles.sin()

        # In tensors throughout, so that an exported graph works for every length.
        places = torch.cumsum(torch.ones_like(attention_mask[:1]), 1) - 1
        own = places[:, attention_mask.shape[1] - input_ids.shape[1]:]
        visible = (places.unsqueeze(1) <= own.unsqueeze(2)) & (attention_mask.unsqueeze(1) > 0)
        bias = (1.0 - visible.unsqueeze(1).unsqueeze(1).to(x.dtype)) * -1e9

        presents = []
        for i, layer in enumerate(self.layers):
            x, present = layer(x, rotation, bias, past[i] if past else None)
            presents.append(present)
        return self.norm(x), presents

    def logits(self, hidden):
        return F.linear(hidden, self.embed_tokens.weight)

    def forward(self, input_ids, attention_mask, position_ids, past=None):
        hidden, presents = self.hidden(input_ids, attention_mask, position_ids, past)
        return self.logits(hidden), presents


def rotate(x, rotation):
    cos, sin = rotation
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


@torch.no_grad()
def generate(model, ids, end, limit=160):
    """Greedy generation with the cache; the new tokens up to the end token."""
    past, new, feed = None, [], ids
    while len(new) < limit:
        seen = len(ids) + len(new)
        logits, past = model(
            torch.tensor([feed]), torch.ones(1, seen, dtype=torch.long), torch.arange(seen - len(feed), seen)[None], past)
        best = int(logits[0, -1].argmax())
        if best == end:
            break
        new.append(best)
        feed = [best]
    return new
