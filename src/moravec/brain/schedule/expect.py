"""How long a step is expected to take, and how likely it succeeds, from what was measured. Pure.

The share of successes is the mean of a beta distribution: the calls that were counted and PRIOR_CALLS imagined ones, which
succeed as often as skills did in the cell. The time of one try leans on the cell's in the same way. What fails is tried again and
each try is taken to last as long as one that succeeds; tries without bound are then expected to take the time of one divided by
the share of successes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moravec.brain.memory.costs import Cost, Costs
from moravec.brain.schedule.touched import Touched
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME

# Median seconds of the calls that succeeded in the simulated cell: hard-coded skills, six deliveries of 6 to 11 things (seeds 0
# to 5), 249 calls.
CELL_SECONDS: Mapping[str, float] = {
    "look": 1.3, "open": 9.3, "pick": 3.8, "inspect": 0.8, "place": 3.4, "stow": 3.7, "discard": 3.1, "home": 1.0,
}  # fmt: skip
CELL_SUCCESS = 0.996  # share of all those calls
PRIOR_CALLS = 5.0


@dataclass(frozen=True, slots=True)
class Expected:
    """`seconds` of one try, and how likely it succeeds, in (0, 1]. Raises BadInput."""

    seconds: float
    success: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and self.seconds > 0.0):
            raise BadInput("how long a step takes [s]", self.seconds, "a finite number above 0")
        if not 0.0 < self.success <= 1.0:
            raise BadInput("how likely a step succeeds", self.success, "a number above 0 up to 1")

    @property
    def total(self) -> float:
        """Seconds until it succeeds, tried again and again."""
        return self.seconds / self.success


def expected(manifest: Manifest, cost: Cost | None) -> Expected:
    """What `cost`, the calls that were counted, and the cell's figures say; for a skill without either its time limit."""
    prior = CELL_SECONDS.get(manifest.name, manifest.timeout)
    n, good, median = (0, 0, None) if cost is None else (cost.n, cost.successes, cost.median_s)
    success = (good + PRIOR_CALLS * CELL_SUCCESS) / (n + PRIOR_CALLS)
    seconds = prior if median is None or median <= 0.0 else (good * median + PRIOR_CALLS * prior) / (good + PRIOR_CALLS)
    return Expected(seconds, success)


def putting(costs: Costs, kinds: Mapping[str, str], category: str, place: str) -> float:
    """Seconds that putting a thing of `category` down at `place`, whose kind is in `kinds`, is expected to take, all tries
    counted."""
    manifest = BY_NAME[{"bin": "stow", "reject": "discard"}.get(kinds[place], "place")]
    return expected(manifest, costs.cost(manifest.name, category, place)).total


def expectations(
    steps: Sequence[Touched],
    manifests: Mapping[str, Manifest],
    costs: Costs | None = None,
    categories: Mapping[str, str] | None = None,
) -> tuple[Expected, ...]:
    """One for each step, by its skill, the category of its thing, and where it works."""
    found: dict[tuple[str, str, str], Expected] = {}
    out = []
    for step in steps:
        category = (categories or {}).get(step.item or "", "")
        of = (step.step.skill, category, min(step.places, default=""))
        if of not in found:
            found[of] = expected(manifests[of[0]], None if costs is None else costs.cost(*of))
        out.append(found[of])
    return tuple(out)
