"""Which step has to be finished before which may begin, from what each needs and changes. Pure.

Two steps stay in the plan's order where one changes what the other needs or changes as well (the three dependences of Bernstein
1966, "Analysis of programs for parallel processing"); where a thing lies on another; where the goal says "then"; and where a
question stands between them. All else may change places. What the hands bind together is no precedence: see `blocks`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from moravec.brain.schedule.touched import Touched
from moravec.core.errors import BadInput
from moravec.skills.symbols import Fluent

Pairs = frozenset[tuple[int, int]]


def precedence(
    steps: Sequence[Touched], over: Mapping[str, Collection[str]] | None = None, cuts: Collection[int] = ()
) -> Pairs:
    """Pairs (before, after) of step numbers, before < after; what follows from others may be left out.

    `over`: thing -> what lies on it at the beginning; `cuts`: numbers of steps before which everything before has to be
    finished. Steps that concern a robot itself are in no pair. Raises BadInput for a cut beside the plan.
    """
    for cut in cuts:
        if not 0 <= cut <= len(steps):
            raise BadInput("where a plan is cut", cut, f"0 to {len(steps)}")
    pairs = _dependences(steps) | _lying_on(steps, over or {}) | _one_hand(steps)
    walls = set(cuts)
    for number, step in enumerate(steps):
        if step.scope in ("all", "held"):
            walls |= {number, number + 1}
    return frozenset(_walled(steps, pairs, sorted(walls - {0, len(steps)})))


def _dependences(steps: Sequence[Touched]) -> set[tuple[int, int]]:
    pairs: set[tuple[int, int]] = set()
    writer: dict[Fluent, int] = {}
    readers: dict[Fluent, list[int]] = {}
    for number, step in enumerate(steps):
        if step.scope == "own":
            continue
        pairs |= {(writer[fluent], number) for fluent in step.needs | step.changes if fluent in writer}
        for fluent in step.changes:
            pairs |= {(reader, number) for reader in readers.pop(fluent, ())}
            writer[fluent] = number
        for fluent in step.needs - step.changes:
            readers.setdefault(fluent, []).append(number)
    return pairs


def _lying_on(steps: Sequence[Touched], over: Mapping[str, Collection[str]]) -> set[tuple[int, int]]:
    """What lies on a thing is taken before it, where the plan does so."""
    first: dict[str, int] = {}
    for number, step in enumerate(steps):
        if step.takes and step.item is not None:
            first.setdefault(step.item, number)
    pairs = ((first.get(upper, len(steps)), first[lower]) for lower, uppers in over.items() if lower in first for upper in uppers)
    return {(upper, lower) for upper, lower in pairs if upper < lower}


def _one_hand(steps: Sequence[Touched]) -> set[tuple[int, int]]:
    """What is in the hand at the beginning is put down before any hand is used, and what stays in one is taken at the end."""
    turns = [number for number, step in enumerate(steps) if step.takes or step.gives]
    pairs: set[tuple[int, int]] = set()
    if turns and steps[turns[0]].gives:
        pairs |= {(turns[0], n) for n, step in enumerate(steps) if step.hand and n > turns[0] and step.scope != "own"}
    if turns and steps[turns[-1]].takes:
        pairs |= {(n, turns[-1]) for n, step in enumerate(steps) if step.hand and n < turns[-1] and step.scope != "own"}
    return pairs


def _walled(steps: Sequence[Touched], pairs: set[tuple[int, int]], walls: Sequence[int]) -> set[tuple[int, int]]:
    """`pairs`, and everything on one side of each wall before everything on the other: the last ones before the first ones."""
    ends = [0, *walls, len(steps)]
    parts = [[n for n in range(a, b) if steps[n].scope != "own"] for a, b in pairwise(ends)]
    parts = [part for part in parts if part]
    out = set(pairs)
    for one, other in pairwise(parts):
        inside, beyond = set(one), set(other)
        last = inside - {a for a, b in pairs if a in inside and b in inside}
        first = beyond - {b for a, b in pairs if a in beyond and b in beyond}
        out |= {(a, b) for a in last for b in first}
    return out
