"""Blocks and balls that nobody asked about: drawn on the table, in nobody's way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from moravec.core.frames import Matrix
from moravec.worlds.metaworld.pictures import KINDS, Mark

PLACE = np.array([[-0.38, 0.42], [0.38, 0.92]])  # [m] corners of where they may lie
APART = 0.09  # [m] from what the task is about, on the table
TRIES = 40
FLAT = 0.003  # [m] about the table's height


def drawn_things(
    count: int, points: Matrix, height: Callable[[float, float], float], rng: np.random.Generator
) -> tuple[Mark, ...]:
    """`count` of them away from `points` (k, 3) [m], of which NaN ones are none, on the table: where `height` (x, y) [m] of what
    one meets from above is that of most places. The first ones are the same for every count."""
    known = points[np.isfinite(points).all(1), :2]
    found = []
    for _ in range(count):
        shape, size, colour = str(rng.choice(list(KINDS))), float(rng.uniform(0.015, 0.03)), rng.uniform(0.05, 1.0, 3)
        places = rng.uniform(PLACE[0], PLACE[1], (TRIES, 2))
        far = np.linalg.norm(places[:, None] - known, axis=2).min(1, initial=np.inf)
        heights = np.array([height(float(x), float(y)) for x, y in places])
        table = float(np.median(heights))
        free = far - 10.0 * (np.abs(heights - table) > FLAT)  # on the table before anything else
        x, y = places[int(np.argmax(free > APART)) if (free > APART).any() else int(np.argmax(free))]
        red, green, blue = map(float, colour)
        found.append(Mark(shape, (float(x), float(y), table + size), size, (red, green, blue)))
    return tuple(found)
