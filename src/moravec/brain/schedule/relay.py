"""Where no robot reaches both where a thing is taken and where it goes: a place between, at which it changes robots. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moravec.brain.schedule.site import Robot, Site
from moravec.brain.schedule.touched import Touched, touched
from moravec.brain.steps import Step
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import State

RESTING = ("table", "station", "parcel")  # kinds of places where a thing may be laid down on its way, the likelier first


@dataclass(frozen=True, slots=True)
class Relayed:
    """The plan with what was put in; `cuts` as before, by the new numbers; `added`: the numbers of the new steps."""

    steps: tuple[Step, ...]
    cuts: tuple[int, ...]
    added: tuple[int, ...]


def relayed(
    steps: Sequence[Step], state: State, site: Site, cuts: Sequence[int] = (), manifests: Mapping[str, Manifest] = BY_NAME
) -> Relayed:
    """`steps` with, for each thing that no one robot can bring where it goes, the fewest layings down and takings up by which
    several can. What not even several can is left as it is. Raises BadInput for a plan that cannot be done in its own order."""
    found = touched(steps, state, manifests)
    detours: dict[int, list[Step]] = {}  # after which step what comes in between
    turns = [n for n, step in enumerate(found) if step.takes or step.gives]
    for taken, given in zip(turns, turns[1:], strict=False):
        if found[taken].takes and found[given].gives and found[taken].scope == "things":
            detours[taken] = _detour(found[taken], found[given], state, site)
    out: list[Step] = []
    number: list[int] = []
    added: list[int] = []
    for n, step in enumerate(steps):
        number.append(len(out))
        out.append(step)
        extra = detours.get(n, [])
        added += range(len(out), len(out) + len(extra))
        out += extra
    number.append(len(out))
    return Relayed(tuple(out), tuple(number[cut] for cut in cuts), tuple(added))


def _detour(taken: Touched, given: Touched, state: State, site: Site) -> list[Step]:
    """Where the thing is laid down and taken up again between one robot's taking and another's putting down, in steps."""
    item = str(taken.item)
    rests = sorted(
        (f[1] for f, kind in state.items() if f[0] == "kind" and kind in RESTING and state.get(("open", f[1])) is True),
        key=lambda name: (RESTING.index(str(state["kind", name])), name),
    )
    takers = [robot for robot in site.robots if robot.can(taken.step, taken.places)]
    queue: deque[tuple[Robot, tuple[str, ...]]] = deque((robot, ()) for robot in takers)
    seen = {robot.name for robot, _ in queue}
    while queue:
        robot, way = queue.popleft()
        if robot.can(given.step, given.places):
            steps = ((Step.of("place", item=item, place=rest), Step.of("pick", item=item)) for rest in way)
            return [step for pair in steps for step in pair]
        for rest in rests:
            lay, lift = Step.of("place", item=item, place=rest), Step.of("pick", item=item)
            for other in site.robots if robot.can(lay, (rest,)) else ():
                if other.name not in seen and other.can(lift, (rest,)):
                    seen.add(other.name)
                    queue.append((other, (*way, rest)))
    return []
