"""Who works at a site, and what they share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME

MOST_ROBOTS = 8


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot with one hand. `skills` and `places` it has and reaches, None for all; `speed`: how many times as fast as the
    robot the expected durations are of. Raises BadInput."""

    name: str
    skills: frozenset[str] | None = None
    places: frozenset[str] | None = None
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            raise BadInput("the name of a robot", self.name, "some text")
        if not (math.isfinite(self.speed) and self.speed > 0.0):
            raise BadInput(f"the speed of the robot {self.name!r}", self.speed, "a finite number above 0")

    def can(self, step: Step, places: Iterable[str]) -> bool:
        """Whether it has the skill, and reaches all of `places`, where the step works."""
        return not self.lacks(step, places)

    def lacks(self, step: Step, places: Iterable[str]) -> str:
        """What it lacks for the step, in words, or ""."""
        if self.skills is not None and step.skill not in self.skills:
            return f"{self.name} has no skill {step.skill!r}"
        beyond = [place for place in places if self.places is not None and place not in self.places]
        return f"{self.name} does not reach {', '.join(beyond)}" if beyond else ""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something shared: one place, or several that lie close together (a zone).

    `arms`: how many robots may work there at once. `things`: how many things may lie there at once; None: as many as in the
    plan's own order. Raises BadInput.
    """

    name: str
    places: frozenset[str]
    arms: int = 1
    things: int | None = None

    def __post_init__(self) -> None:
        if not self.places:
            raise BadInput(f"the places of the resource {self.name!r}", "none", "at least one")
        for what, value in (("arms", self.arms), ("things", self.things)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BadInput(f"how many {what} fit into the resource {self.name!r}", value, "a whole number of 1 or more")


@dataclass(frozen=True, slots=True)
class Site:
    """Robots, the first of which has in hand what the state says is held, and resources. Raises BadInput."""

    robots: tuple[Robot, ...]
    resources: tuple[Resource, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.robots) <= MOST_ROBOTS:
            raise BadInput("how many robots there are", len(self.robots), f"1 to {MOST_ROBOTS}")
        for what, names in (("robots", [r.name for r in self.robots]), ("resources", [r.name for r in self.resources])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise BadInput(f"the names of the {what}", twice, "each name once")

    def robot(self, name: str) -> Robot:
        """The robot called `name`. Raises BadInput."""
        for robot in self.robots:
            if robot.name == name:
                return robot
        raise BadInput("a robot of the site", name, [r.name for r in self.robots])

    def resources_at(self, places: Iterable[str]) -> tuple[Resource, ...]:
        """What a robot that works at `places` takes up."""
        wanted = frozenset(places)
        return tuple(resource for resource in self.resources if resource.places & wanted)


def site_of(robots: Sequence[Robot], kinds: Mapping[str, str], resources: Sequence[Resource] = ()) -> Site:
    """A site in a workplace whose places have `kinds`: the declared resources, and every place that none of them is made of
    alone as a resource of its own, for one robot at a time; a station also holds no more things than in the plan's own order.

    Raises BadInput for a robot's or a resource's place that there is not, and for a skill that there is not.
    """
    for what, names in [(f"a place of the robot {r.name!r}", r.places) for r in robots] + [
        (f"a place of the resource {r.name!r}", r.places) for r in resources
    ]:
        for name in sorted(names or ()):
            if name not in kinds:
                raise BadInput(what, name, kinds)
    check_skills(robots, BY_NAME)
    alone = {next(iter(r.places)) for r in resources if len(r.places) == 1}
    own = tuple(Resource(name, frozenset((name,))) for name in kinds if name not in alone)
    return Site(tuple(robots), (*resources, *own))


def check_skills(robots: Iterable[Robot], manifests: Mapping[str, Manifest]) -> None:
    """Raises BadInput for a robot with a skill that there is not."""
    for robot in robots:
        for skill in sorted(robot.skills or ()):
            if skill not in manifests:
                raise BadInput(f"a skill of the robot {robot.name!r}", skill, manifests)


def same_robots(n: int) -> tuple[Robot, ...]:
    """`n` robots that have every skill and reach every place. Raises BadInput."""
    if not 1 <= n <= MOST_ROBOTS:
        raise BadInput("how many robots there are", n, f"1 to {MOST_ROBOTS}")
    return tuple(Robot(f"robot-{i + 1}") for i in range(n))
