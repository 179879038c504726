"""Shapes that no training and no test has seen, one for each category.

A thing keeps the category it was drawn in, and with it its bin: it is what somebody who stores things would still call a box,
a can and so on. Sizes are made from the category's usual measures, so that the same parcel holds them.
"""

from __future__ import annotations

import numpy as np

from moravec.worlds.cell.things.painter import ALONG_X, CRACK, METAL, REST, Painter
from moravec.worlds.cell.things.usual import print_code

FORMS = {"box": "L", "can": "tapered", "bottle": "square", "ball": "faceted", "tool": "dumbbell", "part": "ring"}
CRACKS = ((0.30, 0.36), (0.62, 0.68))  # shares of a thing's length
TAPER = 0.6  # of a can's foot to its rim
SEGMENTS = 12  # of a ring
GOLDEN = (1 + 5**0.5) / 2
_ICOSAHEDRON = np.array([p for a in (-1, 1) for b in (-GOLDEN, GOLDEN) for p in ((0, a, b), (a, b, 0), (b, 0, a))], float)


def build_unseen(p: Painter) -> None:
    """The solid parts of a thing with an unseen form, its label, and its damage as cracks right round it."""
    _SOLID[p.item.form](p)
    for i, (low, high) in enumerate(CRACKS if p.item.damaged else ()):
        hoop_unseen(p, low, high, CRACK, REST, f"crack_{i}")


def hoop_unseen(p: Painter, low: float, high: float, rgba: tuple[float, ...], out: float, name: str) -> None:
    """A painted hoop from share `low` to `high` of the thing's length, standing out by `out` [m]."""
    size, middle, half = p.item.size, (low + high) / 2, (high - low) / 2
    if p.item.form == "L":
        hx, hy, hz = size
        x = (2 * middle - 1) * hx
        p.paint("box", (2 * half * hx, hy + out, hz / 2 + out), (x, 0, -hz / 2), rgba)
        if x < 0:
            p.paint("box", (2 * half * hx, hy + out, hz / 2 + out), (x, 0, hz / 2), rgba)
    elif p.item.form == "tapered":
        r, h = size
        p.paint("cylinder", (r * (1 - (1 - TAPER) * low) + out, 2 * half * h), (0, 0, (2 * middle - 1) * h), rgba)
    elif p.item.form == "square":
        r, h, _, neck_h = size
        p.paint("box", (r + out, r + out, 2 * half * h), (0, 0, (2 * middle - 1) * h - neck_h), rgba)
    elif p.item.form == "faceted":
        p.slice_hull(_facets(p), middle, half * 2 * size[0], name, rgba, out / size[0] + 0.01)
    elif p.item.form == "dumbbell":
        length, t, _, _ = size
        p.paint("box", (2 * half * length, t + out, 0.85 * t + out), ((2 * middle - 1) * length, 0, 0), rgba)
    else:
        radius, tube = _ring_size(size)
        for turn in np.linspace(2 * np.pi * low, 2 * np.pi * high, 3):
            p.paint("sphere", (tube + 2 * out,), (radius * np.cos(turn), radius * np.sin(turn), 0), rgba)


def _corner(p: Painter) -> None:
    """A carton with a step: an L seen from the side."""
    hx, hy, hz = p.item.size
    p.add("box", (hx, hy, hz / 2), (0, 0, -hz / 2))
    p.add("box", (hx / 2, hy, hz / 2), (-hx / 2, 0, hz / 2))
    print_code(p, [((-hx / 2, 0.0, hz), (1, 0, 0, 0)), ((0.0, 0.0, -hz), (0, 1, 0, 0))])


def _tapered(p: Painter) -> None:
    """A tub: wide at the foot, narrow at the rim."""
    r, h = p.item.size
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.column_stack([np.cos(turns), np.sin(turns)])
    p.hull(np.concatenate([np.column_stack([k * r * ring, np.full(16, z)]) for k, z in ((1.0, -h), (TAPER, h))]))
    p.paint("cylinder", (TAPER * r * 0.93, 2 * REST), (0, 0, h), METAL)


def _square(p: Painter) -> None:
    """A bottle with a square body."""
    r, h, neck_r, neck_h = p.item.size
    p.add("box", (r, r, h), (0, 0, -neck_h))
    p.add("cylinder", (neck_r, neck_h), (0, 0, h))
    p.paint("cylinder", (neck_r * 1.25, neck_h * 0.55), (0, 0, h + neck_h * 0.55), METAL)


def _facets(p: Painter) -> np.ndarray:
    return np.asarray(_ICOSAHEDRON / np.linalg.norm(_ICOSAHEDRON[0]) * p.item.size[0] * 1.08)


def _faceted(p: Painter) -> None:
    """A ball with twenty flat faces."""
    p.hull(_facets(p))


def _dumbbell(p: Painter) -> None:
    """A handle with a metal head at either end."""
    length, t, head, ht = p.item.size
    p.add("box", (length, t, t * 0.85))
    for end in (-1, 1):
        p.add("cylinder", (0.7 * head, ht), (end * length, 0, 0), METAL, ALONG_X)


def _ring_size(size: tuple[float, ...]) -> tuple[float, float]:
    """Radius of the middle of the tube, and of the tube [m]."""
    tube = 0.5 * size[2]
    return max((size[0] + size[1]) / 2 - tube, 1.6 * tube), tube


def _ring(p: Painter) -> None:
    """A ring one can see through, of short straight tubes."""
    radius, tube = _ring_size(p.item.size)
    turns = np.linspace(0, 2 * np.pi, SEGMENTS + 1)
    corners = np.column_stack([radius * np.cos(turns), radius * np.sin(turns), np.zeros(SEGMENTS + 1)])
    for start, end in zip(corners, corners[1:], strict=False):
        p.add("capsule", (tube,), fromto=[*start, *end])


_SOLID = {"L": _corner, "tapered": _tapered, "square": _square, "faceted": _faceted, "dumbbell": _dumbbell, "ring": _ring}
