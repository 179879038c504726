"""Small symbolic workplaces with several robots, and plans drawn at random that one hand can do in their order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from moravec.brain.schedule.expect import Expected
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.site import Resource, Robot, Site, same_robots, site_of
from moravec.brain.state import HAND, HOLDING, NOTHING, SymbolicState
from moravec.brain.steps import Step
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Fluent, Value, changes, unmet

KINDS = {"parcel": "parcel", "station": "station", "table": "table", "bin_1": "bin", "bin_2": "bin", "reject": "reject"}
SECONDS = {"look": 1.5, "open": 12.0, "pick": 5.0, "inspect": 1.0, "place": 4.0, "stow": 5.5, "discard": 3.0, "home": 3.0}
OPENED = {("open", name): True for name in KINDS}


def start(items: int, where: str = "parcel", **more: Value) -> dict[Fluent, Value]:
    """Every item in one open place, hands empty."""
    state: dict[Fluent, Value] = {HOLDING: NOTHING, **OPENED}
    for name, kind in KINDS.items():
        state["kind", name], state["seen", name] = kind, True
    for i in range(items):
        state["location", f"item-{i + 1}"], state["inspected", f"item-{i + 1}"] = where, False
    return state


def times(steps: Sequence[Step], success: float = 1.0) -> tuple[Expected, ...]:
    return tuple(Expected(SECONDS.get(step.skill, 2.0), success) for step in steps)


def problem(steps: Sequence[Step], state: dict[Fluent, Value], robots: int | Sequence[Robot] = 1, **more: Any) -> Problem:
    """`robots`: how many alike, or the ones there are. `resources` declared beside the places themselves."""
    crew = same_robots(robots) if isinstance(robots, int) else tuple(robots)
    site = site_of(crew, KINDS, more.pop("resources", ()))
    return Problem(tuple(steps), state, site, more.pop("expected", times(steps)), **more)


def errand(item: str, to: str = "bin_1", station: str = "station") -> list[Step]:
    """What is done with one thing of a delivery: five steps."""
    look = [Step.of("pick", item=item), Step.of("place", item=item, place=station), Step.of("inspect", item=item)]
    return [*look, Step.of("pick", item=item), Step.of("stow", item=item, place=to)]


def delivery(items: int) -> list[Step]:
    """The plan of a whole delivery, in turn."""
    steps = [step for i in range(items) for step in errand(f"item-{i + 1}", ("bin_1", "bin_2")[i % 2])]
    return [*steps, Step("home")]


def drawn_plan(rng: random.Random, items: int, length: int) -> tuple[list[Step], dict[Fluent, Value]]:
    """A plan of steps each of which can be done in its turn; it may end with a thing in the hand or begin with one."""
    state = start(items)
    for i in range(items):
        state["location", f"item-{i + 1}"] = rng.choice(list(KINDS)[:3])
    state["open", "parcel"] = rng.random() < 0.7
    if rng.random() < 0.2:
        state["location", "item-1"], state[HOLDING] = HAND, "item-1"
    first, now = dict(state), SymbolicState(state)
    steps: list[Step] = []
    while len(steps) < length:
        choices = [step for step in _all_steps(items) if not unmet(BY_NAME[step.skill].preconditions, step.arguments, now)]
        weights = [0.3 if step.skill in ("look", "home", "ask") else 3.0 if step.skill == "open" else 1.0 for step in choices]
        step = rng.choices(choices, weights)[0]
        now.write(changes(BY_NAME[step.skill].effects, step.arguments, now))
        steps.append(step)
    return steps, first


def _all_steps(items: int) -> list[Step]:
    names = [f"item-{i + 1}" for i in range(items)]
    out = [Step("home"), Step.of("ask", question="Is it?", options="yes|no")]
    out += [Step.of(skill, place=place) for skill in ("look", "open") for place in KINDS]
    out += [Step.of(skill, item=item) for skill in ("pick", "inspect") for item in names]
    return out + [Step.of(s, item=i, place=p) for s in ("place", "stow", "discard") for i in names for p in KINDS]


def drawn_site(rng: random.Random) -> Site:
    """One to four robots, of which the first can do everything, with reach, skills, speeds, zones and room drawn at random."""
    robots = [Robot("first", speed=rng.choice([0.5, 1.0, 2.0]))]
    for i in range(rng.randint(0, 3)):
        skills = None if rng.random() < 0.5 else frozenset(rng.sample(list(BY_NAME), rng.randint(1, len(BY_NAME))))
        places = None if rng.random() < 0.5 else frozenset(rng.sample(list(KINDS), rng.randint(1, len(KINDS))))
        robots.append(Robot(f"other-{i}", skills, places, rng.choice([0.7, 1.0, 1.3])))
    resources = []
    for i in range(rng.randint(0, 2)):
        places = frozenset(rng.sample(list(KINDS), rng.randint(1, 3)))
        if len(places) > 1:
            resources.append(Resource(f"zone-{i}", places, rng.randint(1, 2)))
    if rng.random() < 0.3:
        resources.append(Resource("wide", frozenset({"parcel"}), 2))
    return site_of(robots, KINDS, resources)


def drawn_problem(seed: int, items: int = 3, length: int = 14) -> Problem:
    rng = random.Random(seed)
    steps, state = drawn_plan(rng, rng.randint(1, items), rng.randint(1, length))
    expected = tuple(Expected(rng.choice([0.5, 1.0, 2.5, 4.0, rng.uniform(0.1, 9.0)]), rng.uniform(0.3, 1.0)) for _ in steps)
    over = {"item-1": {"item-2"}} if rng.random() < 0.3 else {}
    cuts = tuple(sorted(rng.sample(range(len(steps) + 1), rng.randint(0, 2)))) if rng.random() < 0.3 and len(steps) > 1 else ()
    return Problem(tuple(steps), state, drawn_site(rng), expected, over, cuts)


def with_robots(given: Problem, n: int) -> Problem:
    """The same work for `n` robots that can do everything."""
    return replace(given, site=replace(given.site, robots=same_robots(n)))
