"""The network: a sentence says where to look in a picture, what is found there and the body's state say what to do.

A picture of half its size becomes maps, modulated by the sentence (FiLM, Perez et al. 2018). Questions made of the sentence look
for places in them (spatial softmax, Levine et al. 2016) and read what is there; the taught ones are then looked at sharply
(`fovea`). Places, readings, state and sentence go through a residual head to a chunk of actions, all at once (Zhao et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moravec.models.aligned import WIDTH
from moravec.models.manip.config import COARSE, STEM, NetConfig
from moravec.models.manip.fovea import Fovea
from moravec.models.manip.light import Light
from moravec.models.manip.text import BUCKETS, LENGTH

PLACES = 3  # numbers of a taught point's place in space
FRACTION = 0.25  # of the usual size, where a block's second convolution begins


@dataclass(frozen=True, slots=True)
class Output:
    """`actions` (b, chunk, WIDTH) normalised; `error` (b,) the model's estimate of its own mean error, as a logarithm; `maps`
    (b, taught, cells) logits; `points` (b, points, 2) from -1 to 1, and `sharp` (b, taught, 2), the taught ones corrected;
    `places` (b, taught, 3) [m]."""

    actions: Tensor
    error: Tensor
    maps: Tensor
    points: Tensor
    sharp: Tensor
    places: Tensor


class Reader(nn.Module):
    """A sentence's tokens (b, n), (b, n, pieces) to one vector (b, words); n up to LENGTH."""

    def __init__(self, config: NetConfig, vocabulary: int) -> None:
        super().__init__()
        width = config.words
        self.word = nn.Embedding(vocabulary, width, padding_idx=0)
        self.piece = nn.Embedding(BUCKETS, width, padding_idx=0)
        self.place = nn.Parameter(torch.randn(LENGTH, width) * 0.02)
        self.layers = nn.ModuleList(Layer(width) for _ in range(config.layers))
        self.question = nn.Parameter(torch.randn(width) * 0.02)
        self.end = nn.LayerNorm(width)
        for table in (self.word, self.piece):
            nn.init.normal_(table.weight, std=0.1)
            with torch.no_grad():
                table.weight[0].zero_()

    def forward(self, words: Tensor, pieces: Tensor) -> Tensor:
        there = words != 0
        count = (pieces != 0).sum(-1, keepdim=True).clamp(min=1)
        seen = self.word(words) + self.piece(pieces).sum(2) / count + self.place[: words.shape[1]]
        for layer in self.layers:
            seen = layer(seen, there)
        score = (seen @ self.question).masked_fill(~there, -1e4)
        return self.end((score.softmax(1)[:, :, None] * seen).sum(1))


class Layer(nn.Module):
    """One layer of attention over the words that are there."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.give = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        b, n, w = x.shape
        q, k, v = self.ask(self.first(x)).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        score = (q @ k.transpose(2, 3)) * (w // self.heads) ** -0.5
        score = score.masked_fill(~there[:, None, None, :], -1e4)
        x = x + self.give((score.softmax(3) @ v).transpose(1, 2).reshape(b, n, w))
        return x + self.narrow(F.gelu(self.widen(self.second(x))))


class Film(nn.Module):
    """Each channel of maps scaled and moved as the sentence wants it; at first as they are."""

    def __init__(self, channels: int, words: int) -> None:
        super().__init__()
        self.film = nn.Linear(words, 2 * channels)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, sentence: Tensor) -> Tensor:
        scale, offset = self.film(sentence)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(offset, x, 1.0 + scale)


class Block(nn.Module):
    """Two 3x3 convolutions on the maps, modulated by the sentence, beside a way past them.

    Nothing is normalised: that cost a quarter of all time. Instead the second convolution begins at a fraction of its usual
    size, as in Fixup (Zhang et al. 2019).
    """

    def __init__(self, channels: int, words: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = Film(channels, words)
        with torch.no_grad():
            self.two.weight *= FRACTION

    def forward(self, x: Tensor, sentence: Tensor) -> Tensor:
        return x + self.two(F.relu(self.film(self.one(x), sentence)))


class Eye(nn.Module):
    """A picture (b, 3, h, w) from 0 to 1, to maps (b, channels, h / STEM, w / STEM).

    What needs an overview is worked out on maps of half that size and added to the fine ones, which say exactly where.
    """

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        fine, wide = config.channels, config.wide
        self.stem = nn.Conv2d(3, fine, 2 * STEM, stride=STEM, padding=STEM // 2)
        self.where = nn.Linear(2, fine, bias=False)
        self.down, self.up = nn.Conv2d(fine, wide, 3, stride=2, padding=1), nn.Conv2d(wide, fine, 1)
        self.blocks = nn.ModuleList(Block(wide, config.words) for _ in range(config.blocks))
        self.last = nn.Conv2d(fine, fine, 3, padding=1)

    def forward(self, picture: Tensor, sentence: Tensor) -> Tensor:
        x = self.stem(picture)
        fine = F.relu(x + self.where(grid_of(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
        wide = F.relu(self.down(fine))
        for block in self.blocks:
            wide = block(wide, sentence)
        seen = fine + F.interpolate(self.up(F.relu(wide)), scale_factor=2.0)
        return F.relu(self.last(F.relu(seen)))


class Manip(nn.Module):
    """All of it. Inputs: picture uint8 (b, h, w, 3), aligned state (b, WIDTH) normalised, its mask (b, WIDTH), tokens."""

    def __init__(self, config: NetConfig, vocabulary: int) -> None:
        super().__init__()
        self.config = config
        c, k, w = config.channels, config.points, config.words
        self.reader, self.eye, self.fovea = Reader(config, vocabulary), Eye(config), Fovea(config)
        self.questions = nn.Linear(w, k * c)
        self.tell = nn.Linear(c, config.read)
        self.heat = nn.Parameter(torch.tensor(1.0))
        seen = k * (2 + config.read) + config.taught * (2 + config.sharp)
        self.look = nn.Linear(seen + w, config.hidden)
        self.body = nn.Linear(2 * WIDTH, config.hidden)
        self.places = nn.Sequential(
            nn.Linear(config.hidden, 256), nn.GELU(), nn.Linear(256, config.taught * PLACES)
        )  # fmt: skip
        between = config.taught * PLACES + (config.taught - 1) * PLACES
        self.near = nn.Linear(between, config.hidden)
        self.head = nn.ModuleList(HeadBlock(config.hidden, w) for _ in range(config.depth))
        self.end = nn.LayerNorm(config.hidden)
        self.act = nn.Linear(config.hidden, config.chunk * WIDTH)
        self.doubt = nn.Linear(config.hidden, 1)

    def forward(self, picture: Tensor, state: Tensor, mask: Tensor, words: Tensor, pieces: Tensor) -> Output:
        small = F.avg_pool2d(picture.permute(0, 3, 1, 2).float() / 255.0, COARSE)
        return self.see(picture, small, state, mask, words, pieces)

    def see(
        self, picture: Tensor, small: Tensor, state: Tensor, mask: Tensor, words: Tensor, pieces: Tensor,
        light: Light | None = None,
    ) -> Output:
        """The same with a `small` picture (b, 3, h / COARSE, w / COARSE) from 0 to 1 besides, both in another `light`."""
        sentence = self.reader(words, pieces)
        if light is not None:
            small = light.on(small)
        maps = self.eye(small.contiguous(memory_format=torch.channels_last), sentence)
        b, c = maps.shape[:2]
        k, taught = self.config.points, self.config.taught
        cells = maps.permute(0, 2, 3, 1).reshape(b, -1, c)  # where channels come last in memory, nothing moves
        asked = self.questions(sentence).view(b, k, c) * (self.heat * c**-0.5)
        logits = torch.bmm(asked, cells.transpose(1, 2)).float()
        where = logits.softmax(2)
        points = where @ grid_of(maps).float().flatten(2)[0].T
        read = torch.bmm(where.to(cells.dtype), self.tell(cells))
        near, sharp = self.fovea(picture, points[:, :taught], sentence, light)
        seen = torch.cat([points.to(read.dtype), read], 2).flatten(1)
        near = torch.cat([sharp.to(read.dtype), near], 2).flatten(1)
        hidden = self.look(torch.cat([seen, near, sentence], 1)) + self.body(torch.cat([state, mask], 1))
        places = self.places(F.gelu(hidden)).float().view(b, taught, PLACES)
        hidden = hidden + self.near(between(places).to(hidden.dtype))
        for block in self.head:
            hidden = block(hidden, sentence)
        hidden = self.end(hidden)
        actions = self.act(hidden).view(b, self.config.chunk, WIDTH)
        error = self.doubt(hidden.detach()).float()[:, 0]
        return Output(actions.float(), error, logits[:, :taught], points, sharp, places)


class HeadBlock(nn.Module):
    """One residual block of the head, modulated by the sentence."""

    def __init__(self, width: int, words: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.film = nn.Linear(words, 2 * width)
        self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, sentence: Tensor) -> Tensor:
        scale, offset = self.film(sentence).chunk(2, 1)
        return x + self.two(F.gelu(self.one(self.norm(x) * (1.0 + scale) + offset)))


def between(places: Tensor) -> Tensor:
    """Places (b, taught, 3) [m] and, ten times as large, the ways from each to the next: small ways decide what to do."""
    ways = places[:, 1:] - places[:, :-1]
    return torch.cat([places.flatten(1), 10.0 * ways.flatten(1)], 1)


def grid_of(maps: Tensor) -> Tensor:
    """Coordinates (1, 2, h, w) of the cells' centres, right and down, from -1 to 1 at the picture's edges."""
    h, w = maps.shape[-2:]
    right = (torch.arange(w, device=maps.device, dtype=torch.float32) + 0.5) * (2.0 / w) - 1.0
    down = (torch.arange(h, device=maps.device, dtype=torch.float32) + 0.5) * (2.0 / h) - 1.0
    grid = torch.stack([right[None, :].expand(h, w), down[:, None].expand(h, w)])
    return grid[None].to(maps.dtype)


def size_of(net: nn.Module) -> int:
    """How many parameters there are."""
    return sum(parameter.numel() for parameter in net.parameters())
