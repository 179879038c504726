"""The usual shapes of things, one builder for each category, with their labels and their damage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moravec.worlds.cell.things.painter import ALONG_X, ALONG_Y, METAL, REST, Floats, Painter

TAG_SIDE = 0.026  # [m] printed label, white border included


def _box(p: Painter, rng: np.random.Generator) -> None:
    hx, hy, hz = p.item.size
    p.add("box", (hx, hy, hz))
    if p.item.damaged:  # torn tape round the middle, and a crushed corner, on every side
        at = rng.uniform(-0.4, 0.4) * hx
        p.paint("box", (0.0045, hy + REST, hz + REST), (at, 0, 0))
        p.paint("box", (hx * 0.35, hy + REST, hz + REST), (hx * 0.66 + REST, 0, 0), quat=(1, 0, 0, 0))
    x = -0.35 * hx if p.item.damaged else 0.0
    faces: list[tuple[Floats, Floats]] = [((x, 0.0, hz), (1, 0, 0, 0)), ((x, 0.0, -hz), (0, 1, 0, 0))]
    sides: list[tuple[Floats, Floats]] = [
        ((x, sign * hy, 0.0), (0.70710678, -sign * 0.70710678, 0, 0)) for sign in (1, -1)
    ]  # fmt: skip
    print_code(p, faces + sides * (hz > TAG_SIDE / 2 + 0.002))


def print_code(p: Painter, faces: Sequence[tuple[Floats, Floats]]) -> None:
    """The thing's label, if it has one, on each of `faces`: their middles [m] and what turns +z out of them."""
    side = TAG_SIDE / 2
    for pos, quat in faces if p.item.code is not None else ():
        p.paint("box", (side, side, 2 * REST), pos, (1, 1, 1, 1), quat, material=f"tag_{p.item.code}")


def _can(p: Painter, rng: np.random.Generator) -> None:
    r, h = p.item.size
    p.add("cylinder", (r, h))
    for z in (-1, 1):
        p.paint("cylinder", (r * 0.93, 2 * REST), (0, 0, z * h), METAL)
        # A millimetre short of the end: level with it, the two would fight over the pixels of the coloured edge.
        p.paint("cylinder", (r + REST, 0.003), (0, 0, z * (h - 0.004)), METAL)
    if p.item.damaged:  # a burst seam right round, and split ends
        p.paint("cylinder", (r + 2 * REST, 0.006), (0, 0, rng.uniform(-0.4, 0.4) * h))
        for z in (-1, 1):
            p.paint("box", (r * 0.9, 0.004, 3 * REST), (0, 0, z * h))


def _bottle(p: Painter, rng: np.random.Generator) -> None:
    r, h, neck_r, neck_h = p.item.size
    p.add("cylinder", (r, h), (0, 0, -neck_h))
    p.add("cylinder", (neck_r, neck_h), (0, 0, h))
    p.paint("ellipsoid", (r * 0.98, r * 0.98, r * 0.6), (0, 0, h - neck_h), p.rgba)
    p.paint("cylinder", (neck_r * 1.25, neck_h * 0.55), (0, 0, h + neck_h * 0.55), METAL)
    if p.item.damaged:  # cracked right round, and a chipped foot
        p.paint("cylinder", (r + 2 * REST, 0.006), (0, 0, rng.uniform(-0.5, 0.2) * h))
        p.paint("box", (r * 0.9, 0.004, 3 * REST), (0, 0, -h - neck_h))


def _ball(p: Painter, rng: np.random.Generator) -> None:
    (r,) = p.item.size
    p.add("sphere", (r,))
    if p.item.damaged:  # split along two great circles, so that it shows from any side
        for quat in (ALONG_X, ALONG_Y):
            p.paint("cylinder", (r + REST, 0.0035), quat=quat)


def _tool(p: Painter, rng: np.random.Generator) -> None:
    length, t, head, ht = p.item.size
    p.add("box", (length, t, t * 0.85), (-ht, 0, 0))
    p.add("box", (ht, head, ht), (length, 0, 0), METAL)
    if p.item.damaged:  # a split handle
        at = rng.uniform(-0.4, 0.2) * length
        p.paint("box", (0.007, t + REST, t * 0.85 + REST), (at, 0, 0))
        p.paint("box", (0.0035, t + REST, t * 0.85 + REST), (at - 0.018, 0, 0))


def _part(p: Painter, rng: np.random.Generator) -> None:
    corners = part_corners(p.item.size, rng)
    p.hull(corners)
    if p.item.damaged:  # cracks: two thin dark hoops that follow the corners' hull
        for share in (0.35, 0.65):
            p.slice_hull(corners, share, 0.003, f"crack_{round(share * 100)}")


def part_corners(size: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """The corners (14, 3) [m] of a part: on a blob with the half axes `size`."""
    directions = rng.normal(size=(14, 3))
    corners = directions / np.linalg.norm(directions, axis=1, keepdims=True) * np.array(size) * rng.uniform(0.85, 1.0, (14, 1))
    return np.asarray(corners)


BUILDERS = {"box": _box, "can": _can, "bottle": _bottle, "ball": _ball, "tool": _tool, "part": _part}
