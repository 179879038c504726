"""Which detection is which known item: an optimal assignment with a gate.

Cost of a pair, dimensionless: squared distance over a spread, plus what speaks against it being the same thing.
Solved by the Hungarian method (scipy's linear_sum_assignment; Crouse 2016, "On implementing 2D rectangular assignment
algorithms").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

GATE = 0.12  # [m]: neighbours roll about this far when one of them is taken
_SPREAD = 0.04  # [m]: a move of this size costs 1
_EXTENT_SPREAD = 0.025  # [m]: a difference in size of this much costs 1
_MAX_COST = 14.0
_NEVER = 1e6


class Looks(Protocol):
    """What both a detection and a known item tell of themselves."""

    @property
    def position(self) -> tuple[float, float, float]: ...
    @property
    def extent(self) -> tuple[float, float, float]: ...
    @property
    def colour(self) -> str: ...
    @property
    def colour_p(self) -> float: ...
    @property
    def category(self) -> str: ...
    @property
    def category_p(self) -> float: ...
    @property
    def code(self) -> str | None: ...


def unlikeness(a: Looks, b: Looks) -> float:
    """How much speaks against `a` and `b` being the same thing, wherever they are; 0 for alike."""
    if a.code and b.code:
        return 0.0 if a.code == b.code else _NEVER
    cost = 4.0 * (a.colour != b.colour) * min(a.colour_p, b.colour_p)
    cost += 3.0 * (a.category != b.category) * min(a.category_p, b.category_p)
    gaps = [abs(x - y) for x, y in zip(sorted(a.extent), sorted(b.extent), strict=True)]
    return cost + min(4.0, math.hypot(*gaps) / _EXTENT_SPREAD)


def match(
    known: Sequence[Looks], seen: Sequence[Looks], gate: float | None = GATE, max_cost: float = _MAX_COST
) -> list[tuple[int, int]]:
    """Pairs (index in `known`, index in `seen`). Without a `gate` [m] only looks count, and they must be close."""
    if not known or not seen:
        return []
    costs = np.array([[_cost(a, b, gate) for b in seen] for a in known])
    rows, columns = linear_sum_assignment(costs)
    limit = max_cost if gate is not None else 3.0
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if costs[r, c] <= limit]


def _cost(a: Looks, b: Looks, gate: float | None) -> float:
    cost = unlikeness(a, b)
    if gate is None or (a.code and a.code == b.code):
        return min(cost, _NEVER)
    distance = math.dist(a.position[:2], b.position[:2])
    return _NEVER if distance > gate else min(cost + (distance / _SPREAD) ** 2, _NEVER)
