"""The model at work: an ONNX file behind the contract of any policy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moravec.core.errors import ContractError
from moravec.models.aligned import mask
from moravec.models.contract import Floats, PolicyChunk, PolicyInput, PolicySpec, check_input
from moravec.models.manip.config import View
from moravec.models.manip.look import looked
from moravec.models.manip.normal import Normal
from moravec.models.manip.text import Tokens, Vocabulary
from moravec.models.session import open_session

INPUTS, OUTPUTS = ("picture", "state", "mask", "words", "pieces"), ("actions", "error", "points")  # of the file, by name
CERTAIN = 0.05  # of normalised actions: an error that small is full confidence
MOST_ERROR = 50.0  # logarithm of an expected error; more is not told apart
REMEMBERED = 64  # sentences


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything beside the weights that turns an observation into the model's input and its output into actions."""

    spec: PolicySpec
    view: View
    normal: Normal
    words: Vocabulary

    def __post_init__(self) -> None:
        fits, normal = self.spec, self.normal.alignment
        has, wanted = (len(fits.state), len(fits.action)), (len(normal.state), len(normal.action))
        if has != wanted or len(fits.cameras) != 1:
            found = f"{has[0]} states, {has[1]} actions, {len(fits.cameras)} cameras"
            allowed = f"{wanted[0]}, {wanted[1]} and 1, as its scales"
            raise ContractError(f"the model's specification: found {found}; allowed: {allowed}")


class ManipPolicy:
    """One loaded model. `act` never gives an action outside the bounds of its channels."""

    def __init__(self, file: Path, recipe: Recipe, threads: int = 2, clock: Callable[[], float] = time.perf_counter) -> None:
        """Raises ContractError for a file that is no such model."""
        self._session = open_session(file, threads)
        wanted, found = set(INPUTS + OUTPUTS), {each.name for each in (*self._session.get_inputs(), *self._session.get_outputs())}
        if not wanted <= found:
            raise ContractError(f"the model {file}: found {sorted(found)}; allowed: one that has {sorted(wanted)}")
        self._recipe, self._clock = recipe, clock
        self._state_mask = mask(recipe.normal.alignment.state)[None]
        self._low = np.array([channel.low for channel in recipe.spec.action], np.float32)
        self._high = np.array([channel.high for channel in recipe.spec.action], np.float32)
        self._sentences: dict[str, Tokens] = {}

    @property
    def spec(self) -> PolicySpec:
        """See `Policy.spec`."""
        return self._recipe.spec

    def reset(self, seed: int) -> None:
        """Nothing is kept from one observation to the next, and nothing is random."""

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """See `Policy.act`. Raises BadInput for an observation that does not fit, ContractError for an answer that is none."""
        check_input(self.spec, seen)
        start = self._clock()
        inputs = self._inputs(seen)
        actions, error, points = self._session.run(list(OUTPUTS), inputs)
        if not all(np.all(np.isfinite(output)) for output in (actions, error, points)):
            raise ContractError("the model's answer: found a value that is no number; nothing is done")
        own = np.clip(self._recipe.normal.back(actions[0]), self._low, self._high)
        notes = {"seconds": self._clock() - start, "expected error": math.exp(min(float(error[0]), MOST_ERROR))}
        notes |= {f"point {k} {axis}": float(v) for k, p in enumerate(points[0][:4]) for axis, v in zip("xy", p, strict=True)}
        return PolicyChunk(own, confidence(float(error[0])), notes)

    def _inputs(self, seen: PolicyInput) -> Mapping[str, Any]:
        recipe = self._recipe
        picture = looked(seen.pictures[recipe.spec.cameras[0].name], recipe.view)
        state: Floats = recipe.normal.state(np.asarray(seen.state, np.float32))
        tokens = self._sentences.get(seen.prompt)
        if tokens is None:
            tokens = recipe.words.read([seen.prompt])
            if len(self._sentences) >= REMEMBERED:
                self._sentences.clear()
            self._sentences[seen.prompt] = tokens
        return {
            "picture": picture[None], "state": state[None], "mask": self._state_mask, "words": tokens.words,
            "pieces": tokens.pieces,
        }  # fmt: skip


def confidence(logarithm: float) -> float:
    """0 to 1 from the logarithm of the error that the model expects of itself: 1 up to CERTAIN, half at twice that."""
    return float(min(1.0, CERTAIN / max(math.exp(min(logarithm, MOST_ERROR)), 1e-9)))
