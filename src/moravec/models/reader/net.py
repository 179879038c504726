"""The network: a transformer reads the sentence, a smaller one writes tokens or points back at the sentence.

Vaswani et al., Attention Is All You Need (2017), with the norms before the layers; Vinyals et al., Pointer Networks (2015).
Scores have one number for each token of the grammar, then one for each place of the sentence.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from moravec.models.reader.config import NetConfig
from moravec.models.reader.text import BUCKETS, LENGTH

WRITTEN = 160  # tokens of the longest reading


class Read(NamedTuple):
    """A sentence that was read: what stands at each place (b, n, width), keys and values for each writing layer
    (layers, 2, b, heads, n, depth), what pointing compares with (b, n, width), and 0 or -inf for each place (b, n)."""

    memory: Tensor
    cross: Tensor
    keys: Tensor
    padding: Tensor


class Heads(nn.Module):
    """Attention of several heads over keys and values that are given."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.depth = heads, width // heads
        self.query = nn.Linear(width, width)
        self.both = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def parts(self, x: Tensor) -> Tensor:
        """Keys and values of `x` (b, n, width): (2, b, heads, n, depth)."""
        b, n, _ = x.shape
        return self.both(x).view(b, n, 2, self.heads, self.depth).permute(2, 0, 3, 1, 4)

    def forward(self, x: Tensor, parts: Tensor, bias: Tensor | None) -> Tensor:
        """`x` (b, m, width) looks at `parts`; `bias` is added to the scores (…, m, n)."""
        b, m, width = x.shape
        query = self.query(x).view(b, m, self.heads, self.depth).transpose(1, 2)
        scores = query @ parts[0].transpose(-1, -2) / math.sqrt(self.depth)
        weights = (scores if bias is None else scores + bias).softmax(-1)
        return self.out((weights @ parts[1]).transpose(1, 2).reshape(b, m, width))


class Layer(nn.Module):
    """Looking at its own, where `crossed` at the sentence, and a layer between."""

    def __init__(self, config: NetConfig, dropout: float, crossed: bool) -> None:
        super().__init__()
        width = config.width
        self.own = Heads(width, config.heads, dropout)
        self.other = Heads(width, config.heads, dropout) if crossed else None
        self.between = nn.Sequential(nn.Linear(width, config.hidden), nn.GELU(), nn.Linear(config.hidden, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if crossed else 2))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, bias: Tensor | None, past: Tensor | None = None, cross: Tensor | None = None,
        padding: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """The new `x`, and its own keys and values, those of the `past` before them."""
        seen = self.norms[0](x)
        parts = self.own.parts(seen)
        if past is not None:
            parts = torch.cat([past, parts], 3)
        x = x + self.dropout(self.own(seen, parts, bias))
        if self.other is not None and cross is not None:
            x = x + self.dropout(self.other(self.norms[1](x), cross, padding))
        return x + self.dropout(self.between(self.norms[-1](x))), parts


class Reader(nn.Module):
    """`words` of the vocabulary, `tokens` of the grammar (the last one more begins a reading)."""

    def __init__(self, config: NetConfig, words: int, tokens: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.config, self.tokens = config, tokens
        width = config.width
        self.word = nn.Embedding(words, width)
        self.piece = nn.Embedding(BUCKETS, config.piece_width, padding_idx=0)
        self.join = nn.Linear(config.piece_width, width)
        self.place = nn.Embedding(LENGTH, width)
        self.readers = nn.ModuleList(Layer(config, dropout, crossed=False) for _ in range(config.read_layers))
        self.read_norm = nn.LayerNorm(width)
        self.token = nn.Embedding(tokens + 1, width)
        self.copied = nn.Linear(width, width)
        self.turn = nn.Embedding(WRITTEN, width)
        self.writers = nn.ModuleList(Layer(config, dropout, crossed=True) for _ in range(config.write_layers))
        self.write_norm = nn.LayerNorm(width)
        self.key, self.aim = nn.Linear(width, width), nn.Linear(width, width)
        self.score = nn.Linear(width, tokens)
        self.dropout = nn.Dropout(dropout)
        for table in (self.word, self.piece, self.place, self.token, self.turn):
            nn.init.normal_(table.weight, std=width**-0.5)

    def read(self, words: Tensor, pieces: Tensor) -> Read:
        """`words` (b, n) and `pieces` (b, n, PIECES), 0 where there is nothing."""
        found = self.piece(pieces).sum(2) / (pieces > 0).sum(2, keepdim=True).clamp(min=1).to(self.join.weight.dtype).sqrt()
        x = self.word(words) + self.join(found) + self.place.weight[: words.shape[1]]
        padding = torch.where(words > 0, 0.0, float("-inf"))
        bias = padding[:, None, None, :]
        x = self.dropout(x)
        for layer in self.readers:
            x, _ = layer(x, bias)
        memory = self.read_norm(x)
        cross = torch.stack([layer.other.parts(memory) for layer in self.writers])
        return Read(memory, cross, self.key(memory), padding)

    def write(self, read: Read, previous: Tensor, past: Tensor | None, begun: int | Tensor) -> tuple[Tensor, Tensor]:
        """Scores (b, m, tokens + n) of what follows each of `previous` (b, m): a token, the beginning (`tokens`), or
        `tokens + 1 + place` for a place that was pointed at. `past` (layers, 2, b, heads, begun, depth) is of what was written
        before. The second is the past of a next call."""
        b, m = previous.shape
        pointing = previous > self.tokens
        where = (previous - self.tokens - 1).clamp(min=0)[..., None].expand(b, m, self.config.width)
        source = read.memory.expand(b, -1, -1)
        copied = self.copied(source.gather(1, where)) * pointing[..., None]
        turns = torch.arange(m, device=previous.device) + begun
        x = self.token(previous.clamp(max=self.tokens)) * (~pointing)[..., None] + copied + self.turn(turns)
        x = self.dropout(x)
        bias = None
        if past is None:
            bias = torch.full((m, m), float("-inf"), device=x.device).triu(1)
        presents = []
        for number, layer in enumerate(self.writers):
            before = None if past is None else past[number]
            x, parts = layer(x, bias, before, read.cross[number], read.padding[:, None, None, :])
            presents.append(parts)
        x = self.write_norm(x)
        pointed = self.aim(x) @ read.keys.transpose(-1, -2) / math.sqrt(self.config.width) + read.padding[:, None, :]
        return torch.cat([self.score(x), pointed], -1), torch.stack(presents)


def size_of(net: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in net.parameters())
