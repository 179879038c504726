"""Numbers of a robot to numbers of the model and back: aligned places, and scales that were measured on the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from moravec.core.errors import BadInput, ContractError
from moravec.models.aligned import Alignment, gather, scatter
from moravec.models.contract import Floats

LEAST_STD, LEAST_HALF = 1e-3, 1e-2  # what hardly ever changes is not blown up
FARTHEST = 5.0  # standard deviations; what is farther is treated as this far


@dataclass(frozen=True, slots=True)
class Normal:
    """The scales of one robot's data: mean and standard deviation of each state channel; centre and half width of each action."""

    state_mean: tuple[float, ...]
    state_std: tuple[float, ...]
    action_centre: tuple[float, ...]
    action_half: tuple[float, ...]
    alignment: Alignment

    def __post_init__(self) -> None:
        s, a = len(self.alignment.state), len(self.alignment.action)
        lengths = [len(self.state_mean), len(self.state_std), len(self.action_centre), len(self.action_half)]
        if lengths != [s, s, a, a]:
            raise ContractError(f"scales: found {lengths} numbers for {s} states and {a} actions; allowed: {[s, s, a, a]}")
        if not all(np.isfinite(v) for row in (self.state_mean, self.action_centre) for v in row):
            raise ContractError("scales: a mean is not finite")
        if not all(0.0 < v < np.inf for row in (self.state_std, self.action_half) for v in row):
            raise ContractError("scales: a width is not above 0 and finite")

    def state(self, values: Floats) -> Floats:
        """State (..., s) to aligned and normalised (..., WIDTH)."""
        scaled = (values - np.array(self.state_mean, np.float32)) / np.array(self.state_std, np.float32)
        return scatter(np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32), self.alignment.state)

    def actions(self, values: Floats) -> Floats:
        """Actions (..., a) to aligned and normalised (..., WIDTH)."""
        scaled = (values - np.array(self.action_centre, np.float32)) / np.array(self.action_half, np.float32)
        return scatter(scaled.astype(np.float32), self.alignment.action)

    def back(self, aligned: Floats) -> Floats:
        """Aligned and normalised actions (..., WIDTH) to the robot's own (..., a)."""
        own = gather(aligned, self.alignment.action)
        return (own * np.array(self.action_half, np.float32) + np.array(self.action_centre, np.float32)).astype(np.float32)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def normal_of(statistics: Mapping[str, Floats], alignment: Alignment) -> Normal:
    """The scales of measured data: see `Frames.statistics`."""
    low, high = statistics["action low"], statistics["action high"]
    return Normal(
        _row(statistics["state mean"]), _row(np.maximum(statistics["state std"], LEAST_STD)), _row((low + high) / 2.0),
        _row(np.maximum((high - low) / 2.0, LEAST_HALF)), alignment,
    )  # fmt: skip


def normal_from(plain: Mapping[str, Any]) -> Normal:
    """What `Normal.plain` gave. Raises BadInput for anything else."""
    try:
        alignment = Alignment(tuple(plain["alignment"]["state"]), tuple(plain["alignment"]["action"]))
        names = ("state_mean", "state_std", "action_centre", "action_half")
        rows = {name: tuple(float(value) for value in plain[name]) for name in names}
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("the model's scales", repr(error), "what training wrote") from error
    return Normal(**rows, alignment=alignment)


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
