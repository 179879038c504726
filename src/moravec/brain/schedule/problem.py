"""What is to be scheduled, and the same made ready to be counted with. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from moravec.brain.schedule.blocks import Blocks, blocks_of
from moravec.brain.schedule.expect import Expected
from moravec.brain.schedule.precedence import Pairs, precedence
from moravec.brain.schedule.site import Site, check_skills
from moravec.brain.schedule.touched import Touched, touched
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import State


@dataclass(frozen=True, slots=True)
class Problem:
    """A plan, where it begins, and who is there. `expected`: one for each step, by the robots' common measure. `over` and `cuts`:
    see `precedence`. What is in a hand at the beginning is in the first robot's."""

    steps: tuple[Step, ...]
    state: State
    site: Site
    expected: tuple[Expected, ...]
    over: Mapping[str, Collection[str]] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()
    manifests: Mapping[str, Manifest] = field(default_factory=lambda: BY_NAME)


@dataclass(frozen=True, slots=True)
class Room:
    """How many things fit into a resource, and how many lie there at the beginning."""

    things: int
    at_first: int


@dataclass(frozen=True, slots=True)
class Model:
    """A problem by numbers: steps, blocks, robots and resources by their places in their sequences.

    `seconds[robot][step]`; `able[block]`: robots; `takes_up[step]`: resources; `rooms`: resource -> how much fits in, for those
    that may be too small; `enters[block]` and `leaves[block]`: resources of `rooms` into which, and out of which, it moves a
    thing, with the step that does so; `earlier[step]`: steps that have to be finished.
    """

    problem: Problem
    touched: tuple[Touched, ...]
    pairs: Pairs
    blocks: Blocks
    seconds: tuple[tuple[float, ...], ...]
    able: tuple[tuple[int, ...], ...]
    takes_up: tuple[tuple[int, ...], ...]
    rooms: Mapping[int, Room]
    enters: tuple[Mapping[int, int], ...]
    leaves: tuple[Mapping[int, int], ...]
    earlier: tuple[tuple[int, ...], ...]

    def least(self, step: int, robots: Collection[int]) -> float:
        """The seconds of a step by the fastest of `robots`."""
        return min(self.seconds[r][step] for r in robots)


def model_of(problem: Problem) -> Model:
    """The problem made ready. Raises BadInput for a plan that cannot be done in its own order, for a step that no robot can do,
    and for more things than fit in."""
    check_skills(problem.site.robots, problem.manifests)
    if len(problem.expected) != len(problem.steps):
        raise BadInput("how many expected times there are", len(problem.expected), f"{len(problem.steps)}, one for each step")
    steps = touched(problem.steps, problem.state, problem.manifests)
    pairs = precedence(steps, problem.over, problem.cuts)
    blocks = blocks_of(steps, pairs)
    resources = problem.site.resources
    takes_up = tuple(tuple(i for i, r in enumerate(resources) if r.places & step.places) for step in steps)
    rooms = _rooms(problem, steps)
    moved = [_moved(block.steps, steps, problem.site, rooms) for block in blocks.blocks]
    earlier: list[list[int]] = [[] for _ in steps]
    for a, b in sorted(pairs):
        earlier[b].append(a)
    return Model(
        problem, steps, pairs, blocks,
        tuple(tuple(e.total / robot.speed for e in problem.expected) for robot in problem.site.robots),
        tuple(_able(block.steps, block.first, steps, problem.site) for block in blocks.blocks), takes_up, rooms,
        tuple(enters for enters, _ in moved), tuple(leaves for _, leaves in moved), tuple(tuple(e) for e in earlier),
    )  # fmt: skip


def who_alone(own: Touched, robots: Collection[int], site: Site) -> tuple[int, ...]:
    """Who does a step that concerns a robot itself: those of `robots`, which did something, that can; where none did or can,
    all that can. Raises BadInput where nobody can."""
    can = tuple(i for i, robot in enumerate(site.robots) if robot.can(own.step, own.places))
    if not can:
        raise _nobody(own.step, [robot.lacks(own.step, own.places) for robot in site.robots])
    return tuple(i for i in can if i in robots) or can


def _able(block: Sequence[int], first: bool, steps: Sequence[Touched], site: Site) -> tuple[int, ...]:
    """The robots that can do the whole block."""
    robots = site.robots[:1] if first else site.robots
    lacks = [[why for n in block if (why := robot.lacks(steps[n].step, steps[n].places))] for robot in robots]
    able = tuple(i for i, why in enumerate(lacks) if not why)
    if not able:
        alone = len(block) == 1
        raise _nobody(steps[block[0]].step if alone else " and ".join(str(steps[n].step) for n in block), [w[0] for w in lacks])
    return able


def _nobody(what: object, lacks: Sequence[str]) -> BadInput:
    return BadInput("a robot for this", str(what), f"what one robot can do; {'; '.join(lacks)}")


def _rooms(problem: Problem, steps: Sequence[Touched]) -> dict[int, Room]:
    """The resources that may be too small for all things that come, and how many fit in."""
    rooms: dict[int, Room] = {}
    for i, resource in enumerate(problem.site.resources):
        at_first = sum(f[0] == "location" and str(v) in resource.places for f, v in problem.state.items())
        now = most = at_first
        for step in steps:
            now += step.lays in resource.places
            most = max(most, now)
            now -= step.lifts in resource.places
        fits = most if resource.things is None else resource.things
        if at_first > fits:
            raise BadInput(f"how many things lie in {resource.name!r} at the beginning", at_first, f"at most {fits}")
        if at_first + sum(step.lays in resource.places for step in steps) > fits:
            rooms[i] = Room(fits, at_first)
    return rooms


def _moved(
    block: Sequence[int], steps: Sequence[Touched], site: Site, rooms: Collection[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Resource -> the step with which a thing comes in, and with which one goes out. What stays in the same one does neither."""
    enters: dict[int, int] = {}
    leaves: dict[int, int] = {}
    for n in block:
        for i in rooms:
            places = site.resources[i].places
            if steps[n].lifts in places:
                leaves[i] = n
            if steps[n].lays in places:
                enters[i] = n
    for i in set(enters) & set(leaves):
        del enters[i], leaves[i]
    return enters, leaves
