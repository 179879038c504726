"""A schedule carried out in symbols, where steps take other times than were expected. Pure.

Times are a forecast; what is kept is the order. Each step begins as soon as everything is over that it came after: the robot's
step before it, what it needs, and whoever was before it at a place or in a thing's room. Nobody waits for a clock, and nobody
overtakes, so that what the judge let pass stays right whatever the times turn out to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from moravec.brain.schedule.problem import Problem, model_of
from moravec.brain.schedule.schedule import ROUNDING, Schedule, Slot

Waits: TypeAlias = tuple[tuple[int, ...], ...]
DRAWS = 200


def waits_of(schedule: Schedule, problem: Problem) -> Waits:
    """For each slot the earlier ones that have to be over before it begins."""
    model = model_of(problem)
    slots = schedule.slots
    place = {slot.step: i for i, slot in enumerate(slots)}
    waits: list[set[int]] = [set() for _ in slots]
    for a, b in model.pairs:
        waits[place[b]].add(place[a])
    for robot in problem.site.robots:
        mine = [i for i, slot in enumerate(slots) if slot.robot == robot.name]
        for one, other in zip(mine, mine[1:], strict=False):
            waits[other].add(one)
    for resource in problem.site.resources:
        there = [i for i, slot in enumerate(slots) if resource.name in slot.resources]
        for i in there:
            waits[i] |= _over(slots, there, i)
    for enters, leaves in ((e, other) for e in model.enters for other in model.leaves):
        for room, n in enters.items():
            if room in leaves:
                waits[place[n]] |= _over(slots, [place[leaves[room]]], place[n])
    return tuple(tuple(sorted(wait)) for wait in waits)


def _over(slots: Sequence[Slot], those: Sequence[int], i: int) -> set[int]:
    """Which of `those` end before slot `i` begins."""
    return {j for j in those if j != i and slots[j].end <= slots[i].start + ROUNDING}


def carried_out(schedule: Schedule, waits: Waits, seconds: Sequence[float]) -> Schedule:
    """The schedule as it comes about where the slots take `seconds`; its bound and critical path are those of the forecast."""
    ends: list[float] = []
    slots = []
    for slot, before, took in zip(schedule.slots, waits, seconds, strict=True):
        start = max((ends[i] for i in before), default=0.0)
        ends.append(start + took)
        slots.append(replace(slot, start=start, end=start + took))
    return replace(schedule, slots=tuple(slots), makespan=max(ends, default=0.0))


def likely(schedule: Schedule, problem: Problem, seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The median and the 90th percentile [s] of how long it takes, where each try of a step fails as often as is expected and is
    made again; `draws` times, drawn by `seed`."""
    waits, rng = waits_of(schedule, problem), np.random.default_rng(seed)
    one = np.array([problem.expected[s.step].seconds / problem.site.robot(s.robot).speed for s in schedule.slots])
    success = np.array([problem.expected[s.step].success for s in schedule.slots])
    lengths = [carried_out(schedule, waits, (one * rng.geometric(success)).tolist()).makespan for _ in range(draws)]
    half, most = (float(np.percentile(lengths, q)) for q in (50, 90))
    return half, most
