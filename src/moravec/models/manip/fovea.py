"""A second, sharper look at the places that the first one found: small pieces of the picture in its full size.

The maps of `net.Eye` have cells of eight pixels; a hand that is to close around a handle must know where it is to one. Each
taught point has a piece of its own, cut around where the maps see it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moravec.models.manip.config import PIECE, NetConfig
from moravec.models.manip.light import Light

SLIGHT = 0.1  # of the usual size, where the correction of a point begins


class Fovea(nn.Module):
    """Pictures uint8 (b, h, w, 3) and points (b, taught, 2) from -1 to 1, to what stands there (b, taught, sharp) and to better
    points."""

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        wide = config.piece_channels
        self.which = nn.Parameter(torch.randn(config.taught, wide) * 0.1)  # one network for all points; this says for which
        self.first = nn.Conv2d(3, wide // 2, 4, stride=2, padding=1)
        self.second = nn.Conv2d(wide // 2, wide, 3, stride=2, padding=1)
        self.film = nn.Linear(config.words, 2 * wide)
        self.third = nn.Conv2d(wide, wide, 3, stride=2, padding=1)
        self.read = nn.Linear(wide * (PIECE // 8) ** 2, config.sharp)
        self.correct = nn.Linear(config.sharp, 2)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)
        with torch.no_grad():
            self.correct.weight *= SLIGHT
            self.correct.bias.zero_()

    def forward(
        self, picture: Tensor, points: Tensor, sentence: Tensor, light: Light | None = None
    ) -> tuple[Tensor, Tensor]:
        b, taught = points.shape[:2]
        pieces, middles = cut(picture, points.detach(), PIECE)
        pieces = pieces.permute(0, 3, 1, 2).float() / 255.0
        if light is not None:
            pieces = light.on_pieces(pieces, middles)
        x = F.relu(self.second(F.relu(self.first(pieces))))
        scale, offset = self.film(sentence).chunk(2, 1)
        offset = (offset[:, None] + self.which).flatten(0, 1)  # (b * taught, wide)
        scale = (1.0 + scale)[:, None].expand(b, taught, -1).flatten(0, 1)
        x = F.relu(torch.addcmul(offset[:, :, None, None], x, scale[:, :, None, None]))
        x = F.relu(self.third(x))
        found = F.relu(self.read(x.permute(0, 2, 3, 1).flatten(1)))
        right, down = self.correct(found).float().view(b, taught, 2).unbind(2)  # in halves of a piece
        h, w = picture.shape[1:3]
        better = middles + torch.stack([right * (PIECE / w), down * (PIECE / h)], 2)
        return found.view(b, taught, -1), better


def cut(picture: Tensor, points: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Square pieces (b * n, size, size, 3) of pictures (b, h, w, 3) around points (b, n, 2) from -1 to 1, whole pixels of them;
    beyond the edge, what is at the edge. And their middles (b, n, 2), which are the points rounded to edges of pixels."""
    b, n = points.shape[:2]
    h, w = picture.shape[1:3]
    sides = torch.stack([torch.full_like(points[..., 0], 0.5) * w, torch.full_like(points[..., 0], 0.5) * h], 2)
    middle = ((points.clamp(-1.0, 1.0) + 1.0) * sides).round()
    steps = torch.arange(size, device=picture.device) - size // 2
    whole = middle.long()
    right = (whole[:, :, :1] + steps).clamp(min=0).minimum(torch.full_like(steps, 1) * (w - 1))  # (b, n, size)
    down = (whole[:, :, 1:] + steps).clamp(min=0).minimum(torch.full_like(steps, 1) * (h - 1))
    places = (down[:, :, :, None] * w + right[:, :, None, :]).view(b, n * size * size, 1).expand(-1, -1, 3)
    return picture.reshape(b, -1, 3).gather(1, places).view(b * n, size, size, 3), middle / sides - 1.0
