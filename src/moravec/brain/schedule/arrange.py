"""From a problem to a schedule that the judge lets pass."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from moravec.brain.conduct.conduct import Conduct
from moravec.brain.schedule.bound import lower_bound
from moravec.brain.schedule.errors import Forbidden
from moravec.brain.schedule.improve import WORK, in_plan_order, searched
from moravec.brain.schedule.judge import judge
from moravec.brain.schedule.problem import Model, Problem, model_of
from moravec.brain.schedule.schedule import ROUNDING, Schedule, Slot
from moravec.brain.schedule.serial import Draft
from moravec.core.errors import BadInput


def arrange(
    problem: Problem, seed: int = 0, work: int = WORK, conduct: Callable[[], Conduct] | None = None
) -> Schedule:
    """The best schedule found, judged. Where what `conduct` makes forbids it (rules speak of the order of events), the schedule
    in the plan's own order, and where that is forbidden as well, one step after the other.

    Raises BadInput for what no robot can do, what does not fit in, and a plan that cannot be done in its own order; a
    ScheduleError where even one step after the other is refused.
    """
    model = model_of(problem)
    bound = lower_bound(model)
    ways: tuple[Callable[[], Draft | None], ...] = (
        lambda: searched(model, bound, seed, work), lambda: in_plan_order(model), lambda: _one_by_one(problem),
    )  # fmt: skip
    refused: Forbidden | None = None
    for way in ways:
        draft = way()
        if draft is None:
            continue
        schedule = _schedule(model, draft, bound)
        try:
            judge(schedule, problem, None if conduct is None else conduct())
        except Forbidden as error:
            refused = refused or error
            continue
        return schedule
    if refused is not None:
        raise refused
    fits = {problem.site.resources[i].name: room.things for i, room in model.rooms.items()}
    found = f"none among those tried, with room for {fits}"
    raise BadInput("an order in which all things find room", found, "more room, or fewer things")


def _one_by_one(problem: Problem) -> Draft | None:
    """Every step after the one before."""
    strict = Problem(
        problem.steps, problem.state, problem.site, problem.expected, problem.over, tuple(range(len(problem.steps))),
        problem.manifests,
    )  # fmt: skip
    return in_plan_order(model_of(strict))


def _schedule(model: Model, draft: Draft, bound: float) -> Schedule:
    """The draft in names."""
    site, expected = model.problem.site, model.problem.expected
    rows = sorted(draft.rows, key=lambda row: (row[2], row[3], row[0], row[1]))
    slots = tuple(
        Slot(n, site.robots[robot].name, start, end, tuple(site.resources[i].name for i in model.takes_up[n]))
        for n, robot, start, end in rows
    )
    return Schedule(
        slots, draft.makespan, bound, _critical(model, slots), sum(e.total for e in expected),
        math.prod(e.success for e in expected),
    )  # fmt: skip


def _critical(model: Model, slots: tuple[Slot, ...]) -> tuple[int, ...]:
    """The chain of slots that ends last, each of which began as the one before it ended and had to wait for it, as far back as
    such a chain goes."""
    if not slots:
        return ()
    by_end = sorted(range(len(slots)), key=lambda i: slots[i].end)
    ends = [slots[i].end for i in by_end]
    since = [slot.start for slot in slots]  # when the chain to each slot begins
    before = [-1] * len(slots)
    for i, slot in enumerate(slots):  # by start, so that what ended before is done
        near = by_end[bisect_left(ends, slot.start - ROUNDING) : bisect_right(ends, slot.start + ROUNDING)]
        for j in sorted(near):
            if j < i and since[j] < since[i] and _waits(model, slots[j], slot):
                since[i], before[i] = since[j], j
    last = max(slot.end for slot in slots)
    at = min((i for i, slot in enumerate(slots) if slot.end == last), key=lambda i: (since[i], i))
    chain = []
    while at >= 0:
        chain.append(at)
        at = before[at]
    return tuple(reversed(chain))


def _waits(model: Model, first: Slot, second: Slot) -> bool:
    return (
        first.robot == second.robot
        or (first.step, second.step) in model.pairs
        or bool(set(first.resources) & set(second.resources))
    )
