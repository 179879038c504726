"""Patterns painted right round things, so that no side of them shows its colour plainly."""

from __future__ import annotations

import numpy as np

from moravec.worlds.cell.items import COLOURS
from moravec.worlds.cell.things.painter import REST, Painter
from moravec.worlds.cell.things.unseen import hoop_unseen
from moravec.worlds.cell.things.usual import part_corners

PAPER, PRINT = (0.90, 0.88, 0.82, 1.0), (0.55, 0.60, 0.72, 1.0)
STRIPES = ((0.14, 0.26), (0.44, 0.56), (0.74, 0.86))  # shares of a thing's length, in another of the colours
LABEL = (0.28, 0.72)  # of paper, with lines of print on it
LINES = ((0.36, 0.40), (0.48, 0.52), (0.60, 0.64))
PATTERNS = ("stripes", "label")
OUT = 0.5 * REST  # [m] below what cracks and codes stand out


def paint_pattern(p: Painter) -> None:
    """The thing's pattern, if it has one."""
    if p.item.pattern == "stripes":
        others = [rgb for name, rgb in COLOURS.items() if name != p.item.colour]
        rgba = (*others[p.item.shape_seed % len(others)], 1.0)
        for i, (low, high) in enumerate(STRIPES):
            _hoop(p, low, high, rgba, OUT, f"stripe_{i}")
    elif p.item.pattern == "label":
        _hoop(p, *LABEL, PAPER, 0.6 * OUT, "label")
        for i, (low, high) in enumerate(LINES):
            _hoop(p, low, high, PRINT, OUT, f"line_{i}")


def _hoop(p: Painter, low: float, high: float, rgba: tuple[float, ...], out: float, name: str) -> None:
    """A painted hoop from share `low` to `high` of the thing's length, standing out by `out` [m]."""
    if p.item.form:
        hoop_unseen(p, low, high, rgba, out, name)
        return
    size, at, half = p.item.size, low + high - 1, high - low
    if p.item.category == "box":
        p.paint("box", (half * size[0], size[1] + out, size[2] + out), (at * size[0], 0, 0), rgba)
    elif p.item.category == "can":
        p.paint("cylinder", (size[0] + out, half * size[1]), (0, 0, at * size[1]), rgba)
    elif p.item.category == "bottle":
        p.paint("cylinder", (size[0] + out, half * size[1]), (0, 0, at * size[1] - size[3]), rgba)
    elif p.item.category == "ball":
        r, nearest = size[0], max(0.0, min(abs(at) - half, abs(at) + half)) * size[0]
        p.paint("cylinder", (np.sqrt(r * r - nearest * nearest) + out, half * r), (0, 0, at * r), rgba)
    elif p.item.category == "tool":
        p.paint("box", (half * size[0], size[1] + out, 0.85 * size[1] + out), (at * size[0] - size[3], 0, 0), rgba)
    else:
        corners = part_corners(size, np.random.default_rng(p.item.shape_seed))
        length = float(np.ptp(corners[:, 0]))
        p.slice_hull(corners, (low + high) / 2, half / 2 * length, name, rgba, 0.01 if out == OUT else 0.006)
