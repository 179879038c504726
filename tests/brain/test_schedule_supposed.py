"""A whole job in thought, the file that declares robots, and the order that a goal's "then" and a heap ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers_schedule import KINDS

from moravec.brain.bench import STORE_ALL, bench_workplace
from moravec.brain.goal import REJECT, Clause, Destination, Goal, Selection
from moravec.brain.plan import make_plan
from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.expect import expectations
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.site import Resource, Robot, same_robots, site_of
from moravec.brain.schedule.site_file import site_from
from moravec.brain.schedule.supposed import Whole, lying_on, stage_cuts, supposed_delivery, whole_plan
from moravec.brain.schedule.touched import touched
from moravec.brain.steps import Plan, Step
from moravec.brain.tasks import assign
from moravec.brain.validate import validate
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.manifests import BY_NAME

FILE = """
[robots.left]
places = ["parcel", "station"]
skills = ["look", "open", "pick", "place", "home"]
[robots.right]
places = ["station", "bin", "reject"]
speed = 2
[resources.middle]
places = ["parcel", "station"]
arms = 2
things = 9
"""


def whole(goal: Goal, n: int = 5, seed: int = 0) -> Whole:
    return whole_plan(goal, supposed_delivery(bench_workplace(), n, seed), make_plan)


def problem_of(job: Whole, robots: int) -> Problem:
    kinds = {place.name: place.kind for place in bench_workplace().places}
    expected = expectations(touched(job.plan.steps, job.state, BY_NAME), BY_NAME)
    return Problem(job.plan.steps, job.state, site_of(same_robots(robots), kinds), expected, job.over, job.cuts)


def test_a_whole_job_begins_with_finding_out_and_ends_with_everything_stored() -> None:
    job = whole(STORE_ALL)
    skills = [step.skill for step in job.plan.steps]
    assert skills[:4] == ["look", "look", "open", "look"] and job.cuts == (4,) and job.plan.complete
    assert sum(skills.count(name) for name in ("stow", "discard")) == 5 and skills[-1] == "home"
    assert validate(job.plan, job.state, bench_workplace()).ok
    schedule = arrange(problem_of(job, 2))
    found_out = max(slot.end for slot in schedule.slots if slot.step < 4)
    assert all(slot.start >= found_out - 1e-9 for slot in schedule.slots if slot.step >= 4)
    assert schedule.makespan < schedule.alone


def test_the_same_seed_supposes_the_same_and_another_another() -> None:
    first, again, other = (supposed_delivery(bench_workplace(), 8, seed).snapshot() for seed in (1, 1, 2))
    assert first == again != other


def test_without_a_parcel_nothing_is_supposed() -> None:
    bare: Workplace = replace(bench_workplace(), places=bench_workplace().of_kind("bin"))
    with pytest.raises(BadInput, match="a workplace with a parcel"):
        supposed_delivery(bare, 3)


def test_what_comes_after_then_waits_for_all_before() -> None:
    cans = Selection(categories=("can",))
    goal = Goal((Clause("move", cans, Destination("place", "station")), Clause("move", Selection(rest=True), REJECT, then=True)))
    inventory = supposed_delivery(bench_workplace(), 12, 3)
    names = {item.id for item in inventory.items.values() if item.category == "can"}
    assert 0 < len(names) < 12
    for fluent in (("open", "parcel"), ("seen", "parcel"), ("seen", "shelf")):
        inventory.fluents[fluent] = True
    plan = make_plan(goal, inventory)
    (cut,) = stage_cuts(plan, assign(goal, inventory))
    assert plan.steps[cut].item not in names and {step.item for step in plan.steps[:cut] if step.item} >= names


def test_a_goal_without_then_has_no_cut() -> None:
    inventory = supposed_delivery(bench_workplace(), 6, 0)
    plan = Plan(tuple(Step.of("pick", item=f"item-{i}") for i in range(1, 7)))
    assert stage_cuts(plan, assign(STORE_ALL, inventory)) == []


def test_what_lies_on_another_is_known_by_height_and_ground() -> None:
    inventory = supposed_delivery(bench_workplace(), 3, 0)
    assert lying_on(inventory) == {}
    lower, upper, beside = inventory.items.values()
    inventory.items[upper.id] = replace(upper, position=(lower.position[0] + 0.02, lower.position[1], lower.position[2] + 0.05))
    inventory.items[beside.id] = replace(beside, position=(lower.position[0] + 0.07, lower.position[1], lower.position[2] + 0.05))
    assert lying_on(inventory)[lower.id] == {upper.id}


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_file_declares_robots_by_names_and_kinds_and_zones_beside_the_places() -> None:
    site = site_from(FILE, KINDS)
    assert site.robots == (
        Robot("left", frozenset({"look", "open", "pick", "place", "home"}), frozenset({"parcel", "station"})),
        Robot("right", None, frozenset({"station", "bin_1", "bin_2", "reject"}), 2.0),
    )
    assert site.resources[0] == Resource("middle", frozenset({"parcel", "station"}), 2, 9)
    assert {r.name for r in site.resources[1:]} == set(KINDS) and all(r.arms == 1 for r in site.resources[1:])


def test_a_place_that_a_resource_is_made_of_alone_has_no_other() -> None:
    site = site_from('[robots.a]\n[resources.plate]\nplaces = ["station"]\narms = 2', KINDS)
    assert [r.name for r in site.resources if "station" in r.places] == ["plate"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[robots", "a TOML file"),
        ("", "1 to 8"),
        ("[robot.a]", "did you mean 'robots'"),
        ("robots = 3", "a table of at most"),
        ("[robots]\na = 1", "a table with places, skills, speed"),
        ('[robots.a]\nplace = ["parcel"]', "did you mean 'places'"),
        ('[robots.a]\nplaces = "parcel"', "a list of names"),
        ('[robots.a]\nplaces = ["parcle"]', "did you mean 'parcel'"),
        ('[robots.a]\nskills = ["pik"]', "did you mean 'pick'"),
        ("[robots.a]\nskills = [1]", "a list of names"),
        ("[robots.a]\nspeed = 0", "a finite number above 0"),
        ("[robots.a]\nspeed = nan", "a finite number above 0"),
        ("[robots.a]\nspeed = true", "a number above 0"),
        ("[robots.a]\n[resources.z]", "at least one"),
        ('[robots.a]\n[resources.z]\nplaces = ["bin"]\narms = 0', "a whole number of 1 or more"),
        ('[robots.a]\n[resources.z]\nplaces = ["bin"]\nthings = 0', "a whole number of 1 or more"),
        ('[robots.a]\n[resources.station]\nplaces = ["bin"]', "each name once"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        site_from(text, KINDS)


@pytest.mark.parametrize("n", range(1, 5))
def test_the_whole_job_is_never_below_its_bound(n: int) -> None:
    schedules: list[Any] = [arrange(problem_of(whole(STORE_ALL, 6, seed), n), work=500) for seed in range(3)]
    assert all(s.bound <= s.makespan + 1e-6 and s.gap <= 0.06 for s in schedules)
