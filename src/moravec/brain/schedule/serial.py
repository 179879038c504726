"""A schedule from an order of blocks: one block after the other as early as it fits. Pure.

Serial schedule generation (Kolisch 1996, "Serial and parallel resource-constrained project scheduling methods revisited") with
two things more: a robot stays with a block from its first step to its last, waiting with a thing in its hand where it has to, and
a thing that was laid down takes up room until it is taken away, so that a block that brings one waits in the order until the one
before it has been given a time to go. In the plan's own order that always comes to an end.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from moravec.brain.schedule.calendar import Calendar
from moravec.brain.schedule.problem import Model, who_alone

_ROUNDED = 1e-9  # [s] by which adding and taking away again may differ


@dataclass(frozen=True, slots=True)
class Draft:
    """(step, robot, start, end) of every step, by number; `makespan` [s]; `ends`: the sum of all ends [s], to compare by."""

    rows: tuple[tuple[int, int, float, float], ...]
    makespan: float
    ends: float


@dataclass(frozen=True, slots=True)
class Choice:
    """How a robot is chosen for a block: whoever is done with it first, `patience` times the seconds counted against it that it
    would have stood idle just before; `loyal`: if it can, the one that had the same thing last."""

    patience: float = 0.0
    loyal: bool = False


FIRST_DONE = Choice()


def drafted(
    model: Model, rank: Sequence[float], forced: Mapping[int, int], choice: Choice = FIRST_DONE
) -> Draft | None:
    """The schedule in which of the blocks that may be next the one with the least `rank` is. `forced`: block -> the robot that
    does it; else whoever is the first to be done with it. None where things stand in each other's way for good."""
    making = _Making(model, choice)
    for part in range(len(model.blocks.own) + 1):
        if not making.fill(part, rank, forced):
            return None
        if part < len(model.blocks.own):
            making.by_themselves(model.blocks.own[part])
    rows = tuple(sorted(making.rows))
    return Draft(rows, max((row[3] for row in rows), default=0.0), sum(row[3] for row in rows))


@final
class _Making:
    def __init__(self, model: Model, choice: Choice) -> None:
        self.model, self.choice = model, choice
        self.had: dict[str, int] = {}  # thing -> the robot that had it last
        robots = model.problem.site.robots
        self.rows: list[tuple[int, int, float, float]] = []
        self.end = [0.0] * len(model.touched)
        self.robots = [Calendar() for _ in robots]
        self.floor = [0.0] * len(robots)
        self.moved: set[int] = set()
        self.resources = [Calendar(resource.arms) for resource in model.problem.site.resources]
        self.open = {i: room.at_first for i, room in model.rooms.items()}  # things with no time to go yet
        self.gone: dict[int, list[float]] = {i: [] for i in model.rooms}  # when the others go, in order
        self.left = [len(before) for before in model.blocks.before]
        self.after: list[list[int]] = [[] for _ in model.blocks.blocks]
        for block, before in enumerate(model.blocks.before):
            for other in before:
                self.after[other].append(block)

    def fill(self, part: int, rank: Sequence[float], forced: Mapping[int, int]) -> bool:
        """Gives every block of a part its time; whether that could be done."""
        blocks = self.model.blocks.blocks
        mine = [b for b, block in enumerate(blocks) if block.part == part]
        ready = [(rank[b], b) for b in mine if self.left[b] == 0]
        heapq.heapify(ready)
        parked: dict[int, list[int]] = {}
        done = 0
        self.moved.clear()
        while ready:
            _, b = heapq.heappop(ready)
            full = next((i for i in self.model.enters[b] if self.open[i] >= self.model.rooms[i].things), None)
            if full is not None:
                parked.setdefault(full, []).append(b)
                continue
            self._settle(b, forced)
            done += 1
            for i in self.model.leaves[b]:
                for waiting in parked.pop(i, ()):
                    heapq.heappush(ready, (rank[waiting], waiting))
            for other in self.after[b]:
                self.left[other] -= 1
                if self.left[other] == 0 and blocks[other].part == part:
                    heapq.heappush(ready, (rank[other], other))
        return done == len(mine)

    def by_themselves(self, step: int) -> None:
        """A step that concerns a robot itself, by each that did something since the last one."""
        for robot in who_alone(self.model.touched[step], self.moved, self.model.problem.site):
            start = max(self.robots[robot].last(), self.floor[robot])
            end = start + self.model.seconds[robot][step]
            self.robots[robot].take(start, end)
            self.floor[robot] = end
            self.rows.append((step, robot, start, end))

    def _settle(self, b: int, forced: Mapping[int, int]) -> None:
        """Gives a block to the robot that is done with it first; of equals, to the one that waits the least for it."""
        steps = self.model.blocks.blocks[b].steps
        item = self.model.touched[steps[0]].item
        robots = (forced[b],) if b in forced else self.model.able[b]
        if self.choice.loyal and b not in forced and item is not None and self.had.get(item) in robots:
            robots = (self.had[item],)
        base = [max((self.end[e] for e in self.model.earlier[n]), default=0.0) for n in steps]
        for i, n in self.model.enters[b].items():
            at = steps.index(n)
            base[at] = max(base[at], self._room_from(i))
        best: tuple[float, float, int] | None = None
        chosen, done = [], 0.0
        for robot in robots:
            starts, end = self._fitted(b, base, robot)
            idle = starts[0] - self.robots[robot].idle_since(starts[0])
            key = (end + self.choice.patience * idle, idle, robot)
            if best is None or key < best:
                best, chosen, done = key, starts, end
        assert best is not None  # every block has a robot
        if item is not None:
            self.had[item] = best[2]
        self._book(b, steps, chosen, best[2], done)

    def _room_from(self, i: int) -> float:
        """From when on there is room in a resource for good."""
        gone, spare = self.gone[i], self.model.rooms[i].things - self.open[i]
        return 0.0 if len(gone) < spare else gone[len(gone) - spare]

    def _fitted(self, b: int, base: Sequence[float], robot: int) -> tuple[list[float], float]:
        """When `robot` begins each step of a block, and when it is done with the last one."""
        seconds, calendar, steps = self.model.seconds[robot], self.robots[robot], self.model.blocks.blocks[b].steps
        early = self.model.leaves[b].values()  # what makes room is not put off
        t = max(base[0], self.floor[robot])
        while True:
            t = calendar.earliest(t, sum(seconds[n] for n in steps))
            starts, now = [], t
            for n, lowest in zip(steps, base, strict=True):
                now = self._access(n, max(now, lowest), seconds[n])
                starts.append(now)
                now += seconds[n]
            if calendar.free(starts[0], now):
                break
            t = calendar.busy_until(starts[0], now)
        for k in range(len(steps) - 2, -1, -1):  # it does not take early what it cannot put down early
            late = starts[k + 1] - seconds[steps[k]]
            if late > starts[k] + _ROUNDED and steps[k] not in early and self._may(steps[k], late, starts[k + 1]):
                starts[k] = late
        return starts, now

    def _access(self, step: int, t: float, seconds: float) -> float:
        """The first time from `t` on at which all that the step takes up is free for so long."""
        resources = self.model.takes_up[step]
        while True:
            later = t
            for i in resources:
                later = self.resources[i].earliest(later, seconds)
            if later == t or len(resources) == 1:
                return later
            t = later

    def _may(self, step: int, start: float, end: float) -> bool:
        return all(self.resources[i].free(start, end) for i in self.model.takes_up[step])

    def _book(self, b: int, steps: Sequence[int], starts: Sequence[float], robot: int, end: float) -> None:
        seconds = self.model.seconds[robot]
        for k, (n, start) in enumerate(zip(steps, starts, strict=True)):
            last = end if k == len(steps) - 1 else min(start + seconds[n], starts[k + 1])
            self.end[n] = last
            self.rows.append((n, robot, start, last))
            for i in self.model.takes_up[n]:
                self.resources[i].take(start, last)
        self.robots[robot].take(starts[0], end)
        self.moved.add(robot)
        for i in self.model.enters[b]:
            self.open[i] += 1
        for i, n in self.model.leaves[b].items():
            self.open[i] -= 1
            insort(self.gone[i], self.end[n])
