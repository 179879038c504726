"""Which order of blocks to schedule by: a few simple ones, and from the best of them a bounded search. Pure.

The first is by the longest path of steps that still follow, as list scheduling does (Graham 1969, "Bounds on multiprocessing
timing anomalies", bounds what that may cost without resources). The search lets two things change places in the order, or moves
one block to another place of it or to another robot, keeps what is not worse, and ends after a number of tries that falls with
the size of the plan, or when the lower bound is reached. It is drawn by a seed: the same problem gives the same schedule.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from moravec.brain.schedule.bound import longest_paths
from moravec.brain.schedule.problem import Model
from moravec.brain.schedule.serial import FIRST_DONE, Choice, Draft, drafted

_SLACK = 1e-9  # [s] that rounding may leave between the bound and a schedule as short
WORK = 24_000  # blocks placed in one search
CHOICES = (FIRST_DONE, Choice(loyal=True), Choice(patience=0.5))


def in_plan_order(model: Model) -> Draft | None:
    """Every block after those that stand before it in the plan, as far as they are given their times one after the other."""
    return drafted(model, list(range(len(model.blocks.blocks))), {})


def searched(model: Model, bound: float, seed: int = 0, work: int = WORK) -> Draft | None:
    """The best schedule found. None where in no order tried all things found room."""
    n = len(model.blocks.blocks)
    best, order, choice = in_plan_order(model), list(range(n)), FIRST_DONE
    for other, choosing in product(_orders(model), CHOICES):
        if best is not None and best.makespan <= bound + _SLACK:
            break
        draft = drafted(model, _ranks(other), {}, choosing)
        if draft is not None and (best is None or _value(draft) < _value(best)):
            best, order, choice = draft, other, choosing
    if best is None or n < 2:
        return best
    rng, things = np.random.default_rng(seed), _things(model)
    forced: dict[int, int] = {}
    for _ in range(work // n):
        if best.makespan <= bound + _SLACK:
            break
        changed, held = _neighbour(model, things, order, forced, rng)
        draft = drafted(model, _ranks(changed), held, choice)
        if draft is not None and _value(draft) <= _value(best):
            best, order, forced = draft, changed, held
    return best


def _orders(model: Model) -> list[list[int]]:
    """By the longest path of steps that still follow, the block's own included; the same after all that clears what is full; and
    as in the plan."""
    _, tails = longest_paths(model)
    blocks = model.blocks.blocks
    whole = [tails[b.steps[-1]] + sum(model.least(i, model.able[k]) for i in b.steps) for k, b in enumerate(blocks)]
    longest = sorted(range(len(blocks)), key=lambda b: (-whole[b], b))
    return [longest, sorted(longest, key=lambda b: bool(model.enters[b])), list(range(len(blocks)))]


def _things(model: Model) -> list[list[int]]:
    """The blocks of each thing, in order."""
    found: dict[str, list[int]] = {}
    for b, block in enumerate(model.blocks.blocks):
        item = model.touched[block.steps[0]].item
        if item is not None:
            found.setdefault(item, []).append(b)
    return list(found.values())


def _neighbour(
    model: Model, things: list[list[int]], order: list[int], forced: dict[int, int], rng: np.random.Generator
) -> tuple[list[int], dict[int, int]]:
    """Two things in each other's places of the order; or one block elsewhere in it, or done by a robot of its own, or by whoever
    is first again."""
    changed, held = list(order), dict(forced)
    if len(things) > 1 and rng.random() < 0.4:
        one, other = rng.choice(len(things), 2, replace=False)
        place = _ranks(order)
        for a, b in zip(things[one], things[other], strict=False):
            changed[place[a]], changed[place[b]] = b, a
        return changed, held
    at = int(rng.integers(len(order)))
    able = model.able[order[at]]
    if len(able) > 1 and rng.random() < 0.5:
        choice = int(rng.integers(len(able) + 1))
        held.pop(order[at], None)
        if choice < len(able):
            held[order[at]] = able[choice]
    else:
        changed.insert(int(rng.integers(len(order))), changed.pop(at))
    return changed, held


def _ranks(order: list[int]) -> list[int]:
    ranks = [0] * len(order)
    for place, block in enumerate(order):
        ranks[block] = place
    return ranks


def _value(draft: Draft) -> tuple[float, float]:
    return draft.makespan, draft.ends
