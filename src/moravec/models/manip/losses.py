"""What training makes small. Losses of places are for data sets that hold them: where nobody knows, they are left out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from moravec.models.manip.config import COARSE, PIECE, STEM, LossConfig, View
from moravec.models.manip.net import Output

SHOWN = PIECE / 2.0 - 2.0  # [px of the view] from a piece's middle: well within it


@dataclass(frozen=True, slots=True)
class Targets:
    """`actions` (b, chunk, WIDTH) normalised, `there` (b, chunk), `mask` (b, WIDTH) of the action's places; `points`
    (b, taught, 2) from -1 to 1 and `places` (b, taught, 3) [m], NaN where nobody knows."""

    actions: Tensor
    there: Tensor
    mask: Tensor
    points: Tensor
    places: Tensor


def losses(found: Output, wanted: Targets, config: LossConfig, view: View) -> dict[str, Tensor]:
    """Every loss by name, `all` of them weighted."""
    cells = (view.height // (COARSE * STEM), view.width // (COARSE * STEM))
    wrong = (found.actions - wanted.actions).abs() * wanted.mask[:, None, :] * wanted.there[:, :, None]
    each = wrong.sum((1, 2)) / (wanted.mask.sum(1) * wanted.there.sum(1)).clamp(min=1.0)
    out = {"action": each.mean()}
    out["error"] = F.smooth_l1_loss(found.error, (each.detach() + 1e-3).log())
    out["points"] = point_loss(found.maps, wanted.points, cells, config.blur)
    out["sharp"] = sharp_loss(found.sharp, found.points, wanted.points, view, config.sharp_scale)
    out["places"] = place_loss(found.places, wanted.places, config.place_scale)
    weights = {"error": config.error, "points": config.points, "sharp": config.sharp, "places": config.places}
    out["all"] = out["action"] + sum(weight * out[name] for name, weight in weights.items())
    return out


def point_loss(maps: Tensor, points: Tensor, cells: tuple[int, int], blur: float) -> Tensor:
    """Cross entropy of the maps (b, k, cells) against a small Gaussian around each point (b, k, 2).

    Points outside the picture and unknown ones do not count.
    """
    known = torch.isfinite(points).all(2) & (points.abs() <= 1.0).all(2)
    target = torch.nan_to_num(points).clamp(-1.0, 1.0)
    rows, columns = cells
    right = (torch.arange(columns, device=maps.device) + 0.5) * (2.0 / columns) - 1.0
    down = (torch.arange(rows, device=maps.device) + 0.5) * (2.0 / rows) - 1.0
    x = (right - target[..., :1]) * (columns / 2.0 / blur)  # (b, k, columns), in units of the blur
    y = (down - target[..., 1:]) * (rows / 2.0 / blur)
    weight = (-0.5 * y.square())[..., :, None] + (-0.5 * x.square())[..., None, :]
    share = weight.flatten(2).softmax(2)
    wrong = -(share * maps.float().log_softmax(2)).sum(2)
    return (wrong * known).sum() / known.sum().clamp(min=1)


def sharp_loss(found: Tensor, rough: Tensor, points: Tensor, view: View, scale: float) -> Tensor:
    """Smooth L1 of corrected points (b, k, 2) in units of `scale` [px of the view].

    Where the `rough` ones (b, more, 2) miss by more than half a piece, the piece does not show the point: that does not count.
    """
    half = torch.tensor([view.width, view.height], device=points.device) / 2.0
    target = torch.nan_to_num(points)
    seen = ((rough[:, : points.shape[1]].detach() - target).abs() * half <= SHOWN).all(2)
    known = torch.isfinite(points).all(2) & seen
    wrong = F.smooth_l1_loss(found * (half / scale), target * (half / scale), reduction="none").mean(2)
    return (wrong * known).sum() / known.sum().clamp(min=1)


def place_loss(found: Tensor, places: Tensor, scale: float) -> Tensor:
    """Smooth L1 of places (b, k, 3) in units of `scale` [m]; unknown ones do not count."""
    known = torch.isfinite(places).all(2)
    wrong = F.smooth_l1_loss(found / scale, torch.nan_to_num(places) / scale, reduction="none").mean(2)
    return (wrong * known).sum() / known.sum().clamp(min=1)
