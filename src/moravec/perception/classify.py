"""What a segmented thing is: category, colour, condition.

A small network answers all three from one crop in metres (its weights: `scripts/perception/classifier.py`, where its
probabilities are calibrated on pictures that it was not trained on).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.perception.cloud import Floats
from moravec.perception.network import Network

# What the network was trained to tell apart, in the order of its outputs.
CATEGORIES = ("box", "can", "bottle", "ball", "tool", "part")
COLOURS = ("red", "blue", "green", "yellow", "white", "purple")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one thing is, with probabilities in [0, 1]."""

    category: str
    category_p: float
    colour: str
    colour_p: float
    damaged_p: float


@final
class Classifier:
    """Answers for the names of one workplace."""

    def __init__(self, workplace: Workplace) -> None:
        """Raises BadInput for a category or colour that the network was not trained on."""
        for name in workplace.categories:
            if name not in CATEGORIES:
                raise BadInput("a category that perception knows", name, CATEGORIES)
        for name in workplace.colours:
            if name not in COLOURS:
                raise BadInput("a colour that perception knows", name, COLOURS)
        self._categories = [k for k, name in enumerate(CATEGORIES) if name in workplace.categories]
        self._colours = [k for k, name in enumerate(COLOURS) if name in workplace.colours]
        self._network = Network("classifier")

    def answers(self, crops: Floats) -> list[Answer]:
        """One answer for each of `crops` (n, 5, side, side), as `patch.item_crop` cuts them."""
        category, colour, damaged = self._network(crops)
        found = []
        for k in range(len(crops)):
            kind, kind_p = _best(category[k], self._categories)
            tint, tint_p = _best(colour[k], self._colours)
            found.append(Answer(CATEGORIES[kind], kind_p, COLOURS[tint], tint_p, float(damaged[k, 0])))
        return found


def _best(probabilities: NDArray[np.float32], allowed: list[int]) -> tuple[int, float]:
    """The likeliest of the `allowed` indices, and its share among them."""
    part = probabilities[allowed].astype(np.float64)
    k = int(part.argmax())
    return allowed[k], float(part[k] / max(float(part.sum()), 1e-12))
