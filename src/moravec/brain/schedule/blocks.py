"""Which steps one robot has to do without anything between: from taking a thing to putting it down. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from moravec.brain.schedule.precedence import Pairs
from moravec.brain.schedule.touched import Touched


@dataclass(frozen=True, slots=True)
class Block:
    """Step numbers in order. `part`: how many of the plan's own steps of robots lie before it; `first`: whether it puts down what
    is in the first robot's hand at the beginning."""

    steps: tuple[int, ...]
    part: int
    first: bool = False


@dataclass(frozen=True, slots=True)
class Blocks:
    """All steps in blocks, in an order in which they can be done one after the other; `own`: the steps that each robot does by
    itself, between the parts."""

    blocks: tuple[Block, ...]
    own: tuple[int, ...]
    before: tuple[frozenset[int], ...]  # of each block: the blocks that have to come before it


def blocks_of(steps: Sequence[Touched], pairs: Pairs) -> Blocks:
    """The blocks. A step that has to come between the taking and the putting down belongs to them."""
    group = _carried(steps, pairs)
    own = tuple(n for n, step in enumerate(steps) if step.scope == "own" and n not in group)
    members: dict[int, list[int]] = {}
    for number in range(len(steps)):
        if number not in own:
            members.setdefault(group.get(number, number), []).append(number)
    names = sorted(members)
    index = {number: i for i, name in enumerate(names) for number in members[name]}
    before: list[set[int]] = [set() for _ in names]
    for a, b in pairs:
        if index[a] != index[b]:
            before[index[b]].add(index[a])
    order = _in_order(before)
    place = {old: new for new, old in enumerate(order)}
    turns = [n for n, step in enumerate(steps) if step.takes or step.gives]
    given = turns[0] if turns and steps[turns[0]].gives else -1
    made = tuple(
        Block(tuple(members[names[i]]), sum(o < names[i] for o in own), given in members[names[i]]) for i in order
    )
    return Blocks(made, own, tuple(frozenset(place[j] for j in before[i]) for i in order))


def _carried(steps: Sequence[Touched], pairs: Pairs) -> dict[int, int]:
    """Step -> the step with which its block begins, for steps of more than one."""
    after: dict[int, set[int]] = {}
    for a, b in pairs:
        after.setdefault(a, set()).add(b)
    turns = [n for n, step in enumerate(steps) if step.takes or step.gives]
    group: dict[int, int] = {}
    for taken, given in pairwise(turns):
        if steps[taken].takes and steps[given].gives:
            group |= dict.fromkeys((taken, *_between(taken, given, after), given), taken)
    held = [n for n, step in enumerate(steps) if step.scope == "held" and n not in group]
    if held and turns and held[0] < turns[0]:  # with what is in the hand at the beginning
        group |= dict.fromkeys((held[0], *_between(held[0], turns[0], after), turns[0]), held[0])
    if held and turns and held[-1] > turns[-1]:  # with what stays in the hand
        group |= dict.fromkeys((turns[-1], *_between(turns[-1], held[-1], after), held[-1]), turns[-1])
    return group


def _between(first: int, last: int, after: dict[int, set[int]]) -> list[int]:
    """The steps that have to come after `first` and before `last`."""
    reached = {first}
    for number in range(first, last):
        if number in reached:
            reached |= {n for n in after.get(number, ()) if n < last}
    leading = {last}
    for number in range(last - 1, first, -1):
        if after.get(number, set()) & leading:
            leading.add(number)
    return sorted((reached & leading) - {first})


def _in_order(before: Sequence[set[int]]) -> list[int]:
    """The blocks one after the other, as early as they stand in the plan."""
    left = [len(b) for b in before]
    after: list[list[int]] = [[] for _ in before]
    for i, earlier in enumerate(before):
        for j in earlier:
            after[j].append(i)
    ready = [i for i, n in enumerate(left) if n == 0]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for j in after[i]:
            left[j] -= 1
            if left[j] == 0:
                heapq.heappush(ready, j)
    return order
