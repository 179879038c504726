"""A schedule as frozen values, and as plain JSON data. Times [s] from its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moravec.brain.steps import Step

ROUNDING = 1e-6  # [s] that two times may differ by and still be the same


@dataclass(frozen=True, slots=True)
class Slot:
    """Step number `step` of the plan, done by `robot` from `start` to `end`, which takes up `resources`."""

    step: int
    robot: str
    start: float
    end: float
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """`slots` by start. A step that concerns a robot itself stands in one slot for each robot that does it.

    `bound`: no schedule of this plan on this site is shorter. `critical`: places in `slots` of a chain without a gap that ends
    last, in order. `alone`: what the expected seconds of all steps add up to. `success`: how likely each step succeeds at once.
    """

    slots: tuple[Slot, ...]
    makespan: float
    bound: float
    critical: tuple[int, ...]
    alone: float
    success: float

    @property
    def gap(self) -> float:
        """By what share of the bound it may be longer than the shortest; 0 where it is proven to be the shortest."""
        return 0.0 if self.makespan <= self.bound + ROUNDING else self.makespan / self.bound - 1.0


def schedule_to_json(schedule: Schedule, steps: tuple[Step, ...]) -> dict[str, Any]:
    """Plain JSON data."""
    critical = set(schedule.critical)
    slots = [
        {
            "step": slot.step, "skill": steps[slot.step].skill, "args": steps[slot.step].arguments, "robot": slot.robot,
            "start": round(slot.start, 3), "end": round(slot.end, 3), "resources": list(slot.resources),
            "critical": place in critical,
        }
        for place, slot in enumerate(schedule.slots)
    ]  # fmt: skip
    return {
        "makespan": round(schedule.makespan, 3), "bound": round(schedule.bound, 3), "gap": round(schedule.gap, 6),
        "alone": round(schedule.alone, 3), "success": round(schedule.success, 6), "slots": slots,
    }  # fmt: skip
